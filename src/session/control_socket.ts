import { FromSession, ToSession } from "../protocol/node.ts";
import { JsonLines } from "../system/json_lines.ts";
import { logger } from "../system/log.ts";

const log = logger("session");
/** The longest line accepted from an agent; an SDP answer is the largest message. */
const MAX_LINE = 262_144;

/**
 * The session's end of `<runDir>/control.sock`: JSON lines, one agent at a time.
 *
 * A new agent replaces the one before, because after a restart of the house the old connection may
 * not have been seen to close yet.
 */
export class ControlSocket {
  /** A message of the agent. */
  onMessage: (message: ToSession) => void = () => {};
  /** An agent came (true) or the last one went (false). */
  onAgent: (present: boolean) => void = () => {};
  readonly #listener: Deno.UnixListener;
  #agent: JsonLines | undefined;

  /** Listens at `path`, which must not exist yet. */
  constructor(readonly path: string) {
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#accept();
  }

  /** Sends to the present agent; without one the message is dropped, a new agent asks for the state. */
  send(message: FromSession): void {
    this.#agent?.send(message);
  }

  /** Sends what is queued, then closes. */
  async close(): Promise<void> {
    await this.#agent?.flush();
    this.#listener.close();
    if (this.#agent) this.#drop(this.#agent);
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        if (this.#agent) this.#drop(this.#agent);
        this.#agent = new JsonLines(connection, MAX_LINE);
        this.#serve(this.#agent);
        this.onAgent(true);
      }
    } catch (error) {
      log.error("control socket", { error });
    }
  }

  async #serve(agent: JsonLines): Promise<void> {
    try {
      await agent.read((value) => {
        const parsed = ToSession.safeParse(value);
        if (parsed.success) this.onMessage(parsed.data);
        else log.warn("message of the agent refused", { error: parsed.error.message });
      });
    } catch (error) {
      log.warn("agent dropped", { error });
    }
    this.#drop(agent);
  }

  #drop(agent: JsonLines): void {
    agent.close();
    if (this.#agent !== agent) return;
    this.#agent = undefined;
    this.onAgent(false);
  }
}
