import type { RemoteInfo, Socket } from "node:dgram";
import type { Buffer } from "node:buffer";
import { MAX_HAND_OVER } from "../protocol/udp.ts";
import { logger } from "../system/log.ts";
import {
  admitBindingRequests,
  admitNothing,
  openListener,
  type SharedSocket,
} from "../system/udp/shared_socket.ts";

const log = logger("node.udp");
/** Datagrams read in each slice of time; the kernel drops the rest. A viewer's page sends a dozen. */
const SLICE_MS = 100;
const SLICE_DATAGRAMS = 200;

/** Connectivity checks from addresses that no session has a socket for. */
export type CheckHandler = (data: Buffer, address: string, port: number) => void;

/**
 * The sockets of a shared UDP port that get what no session's connected socket takes.
 *
 * Anybody who reaches the machine can write to them. The kernel lets STUN binding requests through
 * and drops all else unread; of those, a bounded number a second is looked at.
 */
export class UdpListener {
  readonly #sockets: SharedSocket[] = [];
  #taken = 0;
  #slice: ReturnType<typeof setTimeout> | undefined;
  #flooded = false;
  #closed = false;

  private constructor(readonly port: number, private readonly onCheck: CheckHandler) {}

  /** Listens on all addresses, IPv6 where there is any. Throws where the port is taken. */
  static async open(port: number, onCheck: CheckHandler): Promise<UdpListener> {
    const listener = new UdpListener(port, onCheck);
    listener.#add(await openListener(port, 4));
    try {
      listener.#add(await openListener(port, 6));
    } catch (error) {
      log.info("no IPv6 on the UDP port", { port, error });
    }
    return listener;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#slice);
    await Promise.all(this.#sockets.map(({ socket }) => closeSocket(socket)));
  }

  #add(opened: SharedSocket): void {
    admitBindingRequests(opened.descriptor, MAX_HAND_OVER);
    opened.socket.on("message", (data: Buffer, from: RemoteInfo) => this.#receive(data, from));
    opened.socket.on("error", (error: Error) => log.debug("socket error", { error }));
    this.#sockets.push(opened);
  }

  #receive(data: Buffer, from: RemoteInfo): void {
    // Before the filter was there, and what waited when a flood was cut off.
    if (this.#closed || data.length > MAX_HAND_OVER) return;
    this.#slice ??= setTimeout(() => this.#nextSlice(), SLICE_MS);
    if (++this.#taken > SLICE_DATAGRAMS) {
      if (!this.#flooded) this.#shut();
      return;
    }
    this.onCheck(data, from.address.split("%")[0], from.port);
  }

  #shut(): void {
    this.#flooded = true;
    log.debug("more checks from unknown addresses than are looked at", { port: this.port });
    for (const { descriptor } of this.#sockets) admitNothing(descriptor);
  }

  #nextSlice(): void {
    this.#slice = undefined;
    this.#taken = 0;
    if (!this.#flooded) return;
    this.#flooded = false;
    for (const { descriptor } of this.#sockets) admitBindingRequests(descriptor, MAX_HAND_OVER);
  }
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
