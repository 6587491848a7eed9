import type { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { logger } from "../system/log.ts";
import { handOverPorts, handOverSocket, sessionTag, TAG_LENGTH } from "../system/udp/hand_over.ts";
import { stunLocalFragment } from "../system/udp/stun.ts";
import { HandOverLink } from "./hand_over.ts";
import { UdpListener } from "./udp_listener.ts";

const log = logger("node.udp");
/** Where no port is configured. */
const DEFAULT_UDP_PORT = 8444;
const RETRY_MS = 10_000;

/**
 * The UDP port that the configuration wants all sessions of a node to share; 0: each its own.
 * Who opened a range for sessions in the firewall gets no other port unasked.
 */
export function wantedUdpPort({ ice }: Pick<Config, "ice">): number {
  return ice.udp_port ?? (ice.udp_ports ? 0 : DEFAULT_UDP_PORT);
}

/**
 * The node's side of the UDP port that its sessions share: brings the first datagrams of each new
 * remote address to the session they are for. No picture and no sound comes by here.
 *
 * Keeps nothing that a restart would lose: the session is named by the datagram
 * ({@linkcode sessionTag}), and sessions that were started on another port still have theirs served.
 */
export class UdpPorts {
  readonly #listeners = new Map<number, Promise<UdpListener>>();
  readonly #sessions = new Map<string, string>();
  readonly #links = new Map<string, HandOverLink>();
  #port: number | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #complained = false;
  #closed = false;

  /** `runRoot`: holds the run directory of each session. */
  constructor(readonly runRoot: string) {}

  /** What new sessions use; undefined: a port of their own each. */
  get port(): number | undefined {
    return this.#port;
  }

  /**
   * Takes the port that new sessions will share. While another has it, sessions get ports of their
   * own, and it is tried again.
   */
  async open(port: number): Promise<void> {
    if (port === 0) return;
    const error = await this.#listen(port);
    if (this.#closed) return;
    if (!error) {
      this.#port = port;
      return;
    }
    if (!this.#complained) {
      log.warn("the UDP port is taken: until it is free, games have ports of their own", {
        port,
        error,
      });
    }
    this.#complained = true;
    this.#retry = setTimeout(() => this.open(port), RETRY_MS);
  }

  /** Finds the viewers of a session from now on. */
  async add(sessionId: string): Promise<void> {
    const tag = sessionTag(sessionId);
    if (this.#sessions.has(tag)) return;
    this.#sessions.set(tag, sessionId);
    // It may be one of an agent with another configuration.
    for (const port of handOverPorts(join(this.runRoot, sessionId))) {
      const error = await this.#listen(port);
      if (error) log.warn("a session's UDP port is taken", { session: sessionId, port, error });
    }
  }

  remove(sessionId: string): void {
    this.#sessions.delete(sessionTag(sessionId));
    for (const [path, link] of this.#links) {
      if (!path.startsWith(join(this.runRoot, sessionId) + "/")) continue;
      this.#links.delete(path);
      link.close();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#port = undefined;
    clearTimeout(this.#retry);
    await Promise.allSettled(
      [...this.#listeners.values()].map(async (opening) => (await opening).close()),
    );
    this.#listeners.clear();
    await Promise.all([...this.#links.values()].map((link) => link.close()));
    this.#links.clear();
  }

  /** Listens on a port, once. Returns why not. */
  #listen(port: number): Promise<Error | undefined> {
    let opening = this.#listeners.get(port);
    if (!opening) {
      opening = UdpListener.open(
        port,
        (data, address, from) => this.#check(port, data, address, from),
      );
      this.#listeners.set(port, opening);
    }
    return opening.then(() => undefined, (error) => {
      this.#listeners.delete(port);
      return error;
    });
  }

  #check(port: number, data: Buffer, address: string, from: number): void {
    const tag = stunLocalFragment(data)?.slice(0, TAG_LENGTH);
    const sessionId = tag === undefined ? undefined : this.#sessions.get(tag);
    if (sessionId === undefined) return;
    const path = handOverSocket(join(this.runRoot, sessionId), port);
    let link = this.#links.get(path);
    if (!link) this.#links.set(path, link = new HandOverLink(path));
    link.send({ address, port: from, datagram: data.toString("base64") });
  }
}
