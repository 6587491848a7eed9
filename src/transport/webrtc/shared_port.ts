import type { RemoteInfo, Socket } from "node:dgram";
import { Buffer } from "node:buffer";
import { HandOver, MAX_HAND_OVER } from "../../protocol/udp.ts";
import { JsonLines } from "../../system/json_lines.ts";
import { logger } from "../../system/log.ts";
import { familyOf } from "../../system/udp/address.ts";
import { handOverSocket, sessionTag } from "../../system/udp/hand_over.ts";
import { openSharedSocket } from "../../system/udp/shared_socket.ts";
import { hasStunIntegrity, isStun, stunClass } from "../../system/udp/stun.ts";
import { enlargeSendQueue } from "./send_queue.ts";
import { type PortUser, ViewerAddresses, type ViewerPort } from "./viewer_port.ts";

const log = logger("transport.udp");
/** Where a viewer has given addresses that do not answer: sockets kept open for it. */
const MAX_UNPROVEN = 64;
/**
 * An address that nothing came from but answers gives its socket back so long after the last check,
 * ms. Where a viewer is after all, its own check comes by the agent.
 */
const UNPROVEN_MS = 2_000;
/** Without an answer of its viewer for so long, an address may be somebody else's by now, ms. */
const STALE_MS = 10_000;
const SWEEP_MS = 1_000;
const MAX_LINE = 2 * MAX_HAND_OVER;

/** A socket connected to one remote address; there is at most one for each. */
interface RemoteSocket {
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  /** Who is there, as far as is known. */
  user: PortUser;
  /** When something came from a viewer of this session that is known to be there; ms. */
  provenMs: number | undefined;
  usedMs: number;
  /** undefined while it is being opened. */
  open: { socket: Socket; descriptor: number } | undefined;
  readonly opening: Promise<void>;
  closed: boolean;
  hasLongQueue: boolean;
}

export interface SharedPortOptions {
  port: number;
  sessionId: string;
  /** Where the port's owner hands datagrams over. */
  runDir: string;
  ipv6: boolean;
}

/**
 * The UDP port that all sessions of a node share.
 *
 * This session has a connected socket for each remote address of its viewers; what comes from there
 * the kernel brings directly. The node's agent owns the socket that gets the rest, which are
 * connectivity checks from addresses nobody knows yet, and hands each to the session that its
 * username fragment names. Only after the check's MESSAGE-INTEGRITY is found right, a socket is
 * opened. So sessions play on while the agent is away.
 */
export class SharedPort implements ViewerPort {
  readonly port: number;
  readonly tag: string;
  readonly #viewers = new ViewerAddresses();
  readonly #attached = new Set<PortUser>();
  readonly #sockets = new Map<string, RemoteSocket>();
  /** Addresses that turned out to be somebody else's: not connected to at a viewer's word again. */
  readonly #foreign = new Map<PortUser, Set<string>>();
  readonly #listener: Deno.UnixListener;
  readonly #links = new Set<JsonLines>();
  readonly #sweep: ReturnType<typeof setInterval>;
  #closed = false;

  private constructor(
    private readonly options: SharedPortOptions,
    private readonly families: Set<4 | 6>,
  ) {
    this.port = options.port;
    this.tag = sessionTag(options.sessionId);
    const path = handOverSocket(options.runDir, options.port);
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#accept();
    this.#sweep = setInterval(() => this.#closeUnused(), SWEEP_MS);
    Deno.unrefTimer(this.#sweep as unknown as number);
  }

  /** Throws where the port cannot be shared here. */
  static async open(options: SharedPortOptions): Promise<SharedPort> {
    const families = new Set<4 | 6>();
    await tryConnected(options.port, 4);
    families.add(4);
    if (options.ipv6) {
      await tryConnected(options.port, 6).then(
        () => families.add(6),
        (error) => log.info("no IPv6 on the shared port", { error }),
      );
    }
    return new SharedPort(options, families);
  }

  has(family: 4 | 6): boolean {
    return this.families.has(family);
  }

  attach(user: PortUser): void {
    this.#viewers.attach(user);
    this.#attached.add(user);
  }

  detach(user: PortUser): void {
    this.#viewers.detach(user);
    this.#attached.delete(user);
    this.#foreign.delete(user);
    for (const remote of this.#sockets.values()) {
      if (remote.user === user) this.#close(remote);
    }
  }

  send(user: PortUser, data: Uint8Array, address: string, port: number): void {
    const remote = this.#sockets.get(keyOf(address, port)) ?? this.#reach(user, address, port);
    if (!remote) return;
    remote.usedMs = performance.now();
    const write = () => remote.open?.socket.send(data, port, address, () => {});
    if (remote.open) write();
    else remote.opening.then(write);
  }

  descriptor(address: string, port: number): number | undefined {
    const remote = this.#sockets.get(keyOf(address, port));
    if (!remote?.open) return undefined;
    if (!remote.hasLongQueue) enlargeSendQueue(remote.open.descriptor);
    remote.hasLongQueue = true;
    return remote.open.descriptor;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#sweep);
    this.#viewers.clear();
    this.#listener.close();
    await Deno.remove(handOverSocket(this.options.runDir, this.port)).catch(() => {});
    for (const link of this.#links) link.close();
    const opening = [...this.#sockets.values()].map((remote) => remote.opening);
    for (const remote of this.#sockets.values()) this.#close(remote);
    await Promise.all(opening);
  }

  /** Opens a socket to an address that a viewer, or the house's configuration, gave. */
  #reach(user: PortUser, address: string, port: number): RemoteSocket | undefined {
    if (this.#foreign.get(user)?.has(keyOf(address, port))) return undefined;
    let unproven = 0;
    for (const remote of this.#sockets.values()) {
      if (remote.user === user && remote.provenMs === undefined) unproven++;
    }
    return unproven < MAX_UNPROVEN ? this.#open(user, address, port) : undefined;
  }

  #open(user: PortUser, address: string, port: number): RemoteSocket | undefined {
    const family = familyOf(address);
    if (this.#closed || !this.#attached.has(user) || !this.families.has(family)) return undefined;
    const opened = openSharedSocket(this.port, family, { address, port });
    const remote: RemoteSocket = {
      family,
      address,
      port,
      user,
      provenMs: undefined,
      usedMs: performance.now(),
      open: undefined,
      closed: false,
      hasLongQueue: false,
      opening: opened.then((open) => {
        const { socket } = open;
        socket.on("error", (error: Error) => log.debug("socket error", { error }));
        if (remote.closed) return void socket.close();
        remote.open = open;
        socket.on("message", (data: Buffer, from) => this.#receive(remote, data, from));
      }, (error) => {
        log.debug("no socket to this address", { address, port, error });
        this.#close(remote);
      }),
    };
    this.#sockets.set(keyOf(address, port), remote);
    return remote;
  }

  #receive(remote: RemoteSocket, data: Buffer, from: RemoteInfo): void {
    if (remote.closed) return;
    const { address, port } = remote;
    // Came before the socket was connected. Whoever sent it repeats it, and the agent gets it then.
    if (from.port !== port || from.address.split("%")[0] !== address) return;
    const user = this.#viewers.find(data, address, port);
    const isAnswer = isStun(data) && stunClass(data) !== "request";
    if (user) {
      // Whoever gets a check can answer it; a request takes the viewer's password.
      if (!isAnswer) {
        remote.user = user;
        remote.provenMs = performance.now();
      }
      user.receive(data, remote.family, address, port);
      // Other sessions ask the same STUN server from the same port; one at a time is answered.
      if (isAnswer && !hasStunIntegrity(data)) this.#close(remote);
      return;
    }
    if (isAnswer) return;
    // Another session's viewer is, or is now, at this address; the agent finds it once the socket
    // is gone. One that answers keeps its socket: anybody can forge a datagram.
    const { provenMs } = remote;
    if (provenMs !== undefined && performance.now() - provenMs < STALE_MS) return;
    const foreign = this.#foreign.get(remote.user) ?? new Set();
    foreign.add(keyOf(address, port));
    this.#foreign.set(remote.user, foreign);
    this.#close(remote);
  }

  /** A check from an address that has no socket yet, from the port's owner. */
  async #handedOver({ address, port, datagram }: HandOver): Promise<void> {
    const data = Buffer.from(datagram, "base64");
    if (!isStun(data) || stunClass(data) !== "request") return;
    const user = this.#viewers.find(data, address, port);
    if (!user) return;
    const known = this.#sockets.get(keyOf(address, port));
    const remote = known ?? this.#open(user, address, port);
    if (!remote) return;
    await remote.opening;
    if (remote.closed) return;
    remote.user = user;
    remote.provenMs = performance.now();
    user.receive(data, remote.family, address, port);
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        const link = new JsonLines(connection, MAX_LINE);
        this.#links.add(link);
        this.#serve(link);
      }
    } catch (error) {
      log.error("the socket for first datagrams", { error });
    }
  }

  async #serve(link: JsonLines): Promise<void> {
    try {
      await link.read((value) => {
        this.#handedOver(HandOver.parse(value)).catch((error) =>
          log.warn("a first datagram was left out", { error })
        );
      });
    } catch (error) {
      log.warn("the link to the port's owner broke", { error });
    }
    link.close();
    this.#links.delete(link);
  }

  #closeUnused(): void {
    const nowMs = performance.now();
    for (const remote of this.#sockets.values()) {
      if (remote.provenMs === undefined && nowMs - remote.usedMs > UNPROVEN_MS) {
        this.#close(remote);
      }
    }
  }

  #close(remote: RemoteSocket): void {
    if (remote.closed) return;
    remote.closed = true;
    remote.open?.socket.close();
    remote.open = undefined;
    const key = keyOf(remote.address, remote.port);
    if (this.#sockets.get(key) === remote) this.#sockets.delete(key);
  }
}

const keyOf = (address: string, port: number) => `${address} ${port}`;

/** Connected to the discard port of loopback, which takes part in nothing. */
async function tryConnected(port: number, family: 4 | 6): Promise<void> {
  const address = family === 4 ? "127.0.0.1" : "::1";
  const { socket } = await openSharedSocket(port, family, { address, port: 9 });
  await new Promise<void>((resolve) => socket.close(() => resolve()));
}
