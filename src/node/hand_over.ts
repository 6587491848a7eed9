import type { HandOver } from "../protocol/udp.ts";
import { JsonLines } from "../system/json_lines.ts";

/** First datagrams that one session is handed in a second; a page that connects sends a dozen. */
const PER_SECOND = 100;
/** Unwritten ones; a session that does not read gets no more. */
const MAX_WAITING = 32;

/**
 * The way to one session for first datagrams. Connects when there is one, and drops what is too much
 * or cannot be written: connectivity checks are repeated.
 */
export class HandOverLink {
  #lines: Promise<JsonLines | undefined> | undefined;
  #waiting = 0;
  #credit = PER_SECOND;
  #creditMs = performance.now();
  #closed = false;

  /** `path`: the session's Unix socket. */
  constructor(readonly path: string) {}

  async send(message: HandOver): Promise<void> {
    if (this.#closed || this.#waiting >= MAX_WAITING || !this.#takeCredit()) return;
    this.#waiting++;
    try {
      const lines = await (this.#lines ??= this.#connect());
      lines?.send(message);
      await lines?.flush();
    } finally {
      this.#waiting--;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    (await this.#lines)?.close();
  }

  async #connect(): Promise<JsonLines | undefined> {
    try {
      const lines = new JsonLines(await Deno.connect({ transport: "unix", path: this.path }), 1);
      if (this.#closed) lines.close();
      // The session says nothing; this ends when it does.
      lines.read(() => {}).catch(() => {}).finally(() => {
        lines.close();
        this.#lines = undefined;
      });
      return lines;
    } catch {
      // Not there yet, or not any more. The next datagram tries again.
      this.#lines = undefined;
      return undefined;
    }
  }

  #takeCredit(): boolean {
    const nowMs = performance.now();
    const earned = (nowMs - this.#creditMs) / 1000 * PER_SECOND;
    this.#credit = Math.min(PER_SECOND, this.#credit + earned);
    this.#creditMs = nowMs;
    if (this.#credit < 1) return false;
    this.#credit--;
    return true;
  }
}
