import { FromSession, type ToSession } from "../protocol/node.ts";
import { JsonLines } from "../system/json_lines.ts";
import { logger } from "../system/log.ts";

const log = logger("node");
const MAX_LINE = 1_048_576;

/** The agent's connection to one session process, over the session's `control.sock`. */
export class SessionLink {
  onMessage: (message: FromSession) => void = () => {};
  /** The session process is gone, or another agent took it over. Called once. */
  onClose: () => void = () => {};
  readonly #lines: JsonLines;

  constructor(connection: Deno.UnixConn) {
    this.#lines = new JsonLines(connection, MAX_LINE);
  }

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
    try {
      await this.#lines.read((value) => {
        const parsed = FromSession.safeParse(value);
        if (parsed.success) this.onMessage(parsed.data);
        else log.error("message of a session refused", { error: parsed.error.message });
      });
    } catch (error) {
      log.warn("connection to a session broke", { error });
    }
    this.close();
    this.onClose();
  }

  send(message: ToSession): void {
    this.#lines.send(message);
  }

  close(): void {
    this.#lines.close();
  }
}
