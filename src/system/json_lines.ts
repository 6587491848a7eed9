/** JSON lines over a stream socket: how the node agent and its session processes talk. */

/** A line longer than the limit came; the connection should be closed. */
export class LineTooLong extends Error {
  override name = "LineTooLong";
}

/**
 * One end of a connection that carries a JSON value a line.
 *
 * Reads by plain `read` calls: a stream's cancel would wait for the next bytes of the other end.
 */
export class JsonLines {
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  /** `maxLine`: longest accepted line, in characters. */
  constructor(readonly connection: Deno.Conn, readonly maxLine: number) {}

  /**
   * Calls `onValue` with each value, until the other end closes or this one does.
   *
   * @throws SyntaxError where a line is not JSON, {@linkcode LineTooLong}, and what `onValue` throws
   */
  async read(onValue: (value: unknown) => void): Promise<void> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(16384);
    let pending = "";
    for (;;) {
      let length: number | null;
      try {
        length = await this.connection.read(buffer);
      } catch (error) {
        if (this.#closed) return;
        throw error;
      }
      if (length === null) return;
      pending += decoder.decode(buffer.subarray(0, length), { stream: true });
      const lines = pending.split("\n");
      pending = lines.pop()!;
      if (pending.length > this.maxLine) {
        throw new LineTooLong(`expected lines of at most ${this.maxLine} characters`);
      }
      for (const line of lines) onValue(JSON.parse(line));
    }
  }

  /** Queues a value. A connection that broke closes itself, and its `read` returns or throws. */
  send(value: unknown): void {
    if (this.#closed) return;
    const bytes = new TextEncoder().encode(JSON.stringify(value) + "\n");
    this.#writing = this.#writing.then(async () => {
      for (let sent = 0; sent < bytes.length && !this.#closed;) {
        sent += await this.connection.write(bytes.subarray(sent));
      }
    }).catch(() => this.close());
  }

  /** Resolves when everything queued so far is written. */
  flush(): Promise<void> {
    return this.#writing;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.connection.close();
  }
}
