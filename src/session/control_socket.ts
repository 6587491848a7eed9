import { FromSession, ToSession } from "../protocol/node.ts";
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
  #agent: Deno.UnixConn | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** Listens at `path`, which must not exist yet. */
  constructor(readonly path: string) {
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#accept();
  }

  /** Sends to the present agent; without one the message is dropped, a new agent asks for the state. */
  send(message: FromSession): void {
    const agent = this.#agent;
    if (!agent) return;
    const bytes = new TextEncoder().encode(JSON.stringify(message) + "\n");
    this.#writing = this.#writing.then(async () => {
      for (let sent = 0; sent < bytes.length;) sent += await agent.write(bytes.subarray(sent));
    }).catch(() => this.#drop(agent));
  }

  /** Sends what is queued, then closes. */
  async close(): Promise<void> {
    await this.#writing;
    this.#listener.close();
    if (this.#agent) this.#drop(this.#agent);
  }

  async #accept(): Promise<void> {
    try {
      for await (const agent of this.#listener) {
        if (this.#agent) this.#drop(this.#agent);
        this.#agent = agent;
        this.#read(agent);
        this.onAgent(true);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) log.error("control socket", { error });
    }
  }

  async #read(agent: Deno.UnixConn): Promise<void> {
    let pending = "";
    try {
      for await (const chunk of agent.readable.pipeThrough(new TextDecoderStream())) {
        pending += chunk;
        const lines = pending.split("\n");
        pending = lines.pop()!;
        if (pending.length > MAX_LINE) {
          throw new Error(`expected lines up to ${MAX_LINE} characters`);
        }
        for (const line of lines) this.#message(line);
      }
    } catch (error) {
      if (this.#agent === agent) log.warn("agent dropped", { error });
    }
    this.#drop(agent);
  }

  #message(line: string): void {
    const parsed = ToSession.safeParse(JSON.parse(line));
    if (parsed.success) this.onMessage(parsed.data);
    else log.warn("message of the agent refused", { error: parsed.error.message });
  }

  #drop(agent: Deno.UnixConn): void {
    try {
      agent.close();
    } catch {
      // Closed already, by the other end or by an earlier error.
    }
    if (this.#agent !== agent) return;
    this.#agent = undefined;
    this.onAgent(false);
  }
}
