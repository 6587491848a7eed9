/** Something that QEMU tells unasked, such as `RESET` or `WATCHDOG`. */
export interface QmpEvent {
  event: string;
  data?: Record<string, unknown>;
}

type Answer = PromiseWithResolvers<unknown> & { command: string };

/** QEMU's machine protocol (QMP): JSON lines on a Unix socket. */
export class Qmp {
  /** All that happened since the connection was made. */
  readonly events: QmpEvent[] = [];
  /** Called with each. */
  onEvent: (event: QmpEvent) => void = () => {};
  /** Commands without an answer, the oldest first. */
  readonly #waiting: Answer[] = [];
  #ended = false;

  private constructor(private readonly connection: Deno.Conn) {}

  /** Connects as soon as QEMU listens. Throws where it does not within ten seconds. */
  static async connect(path: string): Promise<Qmp> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      try {
        const connection = await Deno.connect({ transport: "unix", path });
        const qmp = new Qmp(connection);
        qmp.#read().catch(() => {}).then(() => qmp.#end());
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
    if (this.#ended) throw new Error("QEMU has closed its monitor");
    const answer = { ...Promise.withResolvers<unknown>(), command };
    this.#waiting.push(answer);
    const line = JSON.stringify({ execute: command, arguments: args }) + "\n";
    await this.connection.write(new TextEncoder().encode(line));
    return await answer.promise;
  }

  close(): void {
    try {
      this.connection.close();
    } catch {
      // QEMU has closed it.
    }
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.connection.readable.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#take(JSON.parse(line));
    }
  }

  #take(message: Record<string, unknown>): void {
    if (typeof message.event === "string") {
      const event = { event: message.event, data: message.data as QmpEvent["data"] };
      this.events.push(event);
      this.onEvent(event);
    } else if ("return" in message) this.#waiting.shift()?.resolve(message.return);
    else if ("error" in message) {
      const answer = this.#waiting.shift();
      const { desc } = message.error as { desc: string };
      answer?.reject(new Error(`QEMU refused ${answer.command}: ${desc}`));
    }
  }

  #end(): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new Error("QEMU has closed its monitor"));
    }
  }
}
