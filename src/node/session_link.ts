import { FromSession, type ToSession } from "../protocol/node.ts";
import { logger } from "../system/log.ts";

const log = logger("node");

/** The agent's connection to one session process, over the session's `control.sock`. */
export class SessionLink {
  onMessage: (message: FromSession) => void = () => {};
  /** The session process is gone, or replaced this agent. Called once. */
  onClose: () => void = () => {};
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(readonly connection: Deno.UnixConn) {}

  /** Connects to the socket, waiting up to `timeoutMs` for the process to make it. */
  static async connect(path: string, timeoutMs: number): Promise<SessionLink> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      try {
        return new SessionLink(await Deno.connect({ transport: "unix", path }));
      } catch (error) {
        if (Date.now() >= deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  /** Starts to deliver messages; set the handlers first. */
  async read(): Promise<void> {
    let pending = "";
    try {
      for await (const chunk of this.connection.readable.pipeThrough(new TextDecoderStream())) {
        pending += chunk;
        const lines = pending.split("\n");
        pending = lines.pop()!;
        for (const line of lines) {
          const parsed = FromSession.safeParse(JSON.parse(line));
          if (parsed.success) this.onMessage(parsed.data);
          else log.error("message of a session refused", { error: parsed.error.message });
        }
      }
    } catch (error) {
      if (!this.#closed) log.warn("connection to a session broke", { error });
    }
    this.close();
    this.onClose();
  }

  send(message: ToSession): void {
    const bytes = new TextEncoder().encode(JSON.stringify(message) + "\n");
    this.#writing = this.#writing.then(async () => {
      for (let sent = 0; sent < bytes.length;) {
        sent += await this.connection.write(bytes.subarray(sent));
      }
    }).catch((error) => {
      if (!this.#closed) log.warn("a session cannot be written to", { error });
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.connection.close();
    } catch {
      // The stream closed it already.
    }
  }
}
