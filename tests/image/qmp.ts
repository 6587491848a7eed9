/** QEMU's machine protocol (QMP): JSON lines on a Unix socket. */
export class Qmp {
  #pending = "";

  private constructor(
    private readonly connection: Deno.Conn,
    private readonly reader: ReadableStreamDefaultReader<string>,
  ) {}

  /** Connects as soon as QEMU listens. Throws where it does not within ten seconds. */
  static async connect(path: string): Promise<Qmp> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      try {
        const connection = await Deno.connect({ transport: "unix", path });
        const reader = connection.readable.pipeThrough(new TextDecoderStream()).getReader();
        const qmp = new Qmp(connection, reader);
        await qmp.#line();
        await qmp.execute("qmp_capabilities");
        return qmp;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Runs a command and gives what it returns. Throws with QEMU's words where it fails. */
  async execute(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    const line = JSON.stringify({ execute: command, arguments: args }) + "\n";
    await this.connection.write(new TextEncoder().encode(line));
    for (;;) {
      const answer = JSON.parse(await this.#line());
      if ("error" in answer) throw new Error(`QEMU refused ${command}: ${answer.error.desc}`);
      // Events come in between.
      if ("return" in answer) return answer.return;
    }
  }

  close(): void {
    try {
      this.connection.close();
    } catch {
      // QEMU has closed it.
    }
  }

  async #line(): Promise<string> {
    while (!this.#pending.includes("\n")) {
      const { value, done } = await this.reader.read();
      if (done) throw new Error("QEMU has closed its monitor");
      this.#pending += value;
    }
    const at = this.#pending.indexOf("\n");
    const line = this.#pending.slice(0, at);
    this.#pending = this.#pending.slice(at + 1);
    return line;
  }
}
