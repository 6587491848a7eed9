import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { Buffer } from "node:buffer";
import { libc, SOL_SOCKET } from "../../../ffi/libc.ts";
import { SO_SNDBUF } from "../../../ffi/udp.ts";
import { logger } from "../../system/log.ts";
import { findUdpSocket } from "./socket_fd.ts";

const log = logger("transport.udp");

/** A viewer's end on the shared sockets. */
export interface MuxPeer {
  /** Local ICE username fragment: what connectivity checks for this viewer are addressed to. */
  readonly usernameFragment: string;
  /** True where the STUN request carries a valid MESSAGE-INTEGRITY for this viewer. */
  authenticates(request: Buffer): boolean;
  /** True where this viewer waits for the STUN response with this transaction id (hex). */
  awaits(transactionId: string): boolean;
  receive(datagram: Buffer, family: 4 | 6, address: string, port: number): void;
}

const STUN_USERNAME = 0x0006;
/**
 * Addresses one viewer may check from in the life of its connection. A page has a handful, and a few
 * more as it changes networks; each one costs memory here and in ICE, also a forged one.
 */
const MAX_ADDRESSES = 128;

/** The local half of the USERNAME attribute of a STUN request (RFC 8445 section 7.2.2). */
export function stunLocalFragment(message: Uint8Array): string | undefined {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  for (let at = 20; at + 4 <= message.length;) {
    const length = view.getUint16(at + 2);
    if (at + 4 + length > message.length) return undefined;
    if (view.getUint16(at) === STUN_USERNAME) {
      const name = new TextDecoder().decode(message.subarray(at + 4, at + 4 + length));
      const colon = name.indexOf(":");
      return colon < 0 ? undefined : name.slice(0, colon);
    }
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return undefined;
}

const isStun = (bytes: Uint8Array) =>
  bytes.length >= 20 && bytes[0] < 4 && bytes[4] === 0x21 && bytes[5] === 0x12 &&
  bytes[6] === 0xa4 && bytes[7] === 0x42;

/**
 * One UDP port for all viewers of a session, for IPv4 and, where the machine has it, IPv6.
 *
 * Connectivity checks are told apart by their username fragment and admitted only when they carry
 * that viewer's MESSAGE-INTEGRITY; DTLS and SRTP by the source address such a check came from.
 * Anything else is dropped unread.
 */
export class UdpMux {
  readonly #sockets = new Map<4 | 6, Socket>();
  readonly #peers = new Map<string, MuxPeer>();
  readonly #byAddress = new Map<string, MuxPeer>();
  readonly #addresses = new Map<MuxPeer, number>();
  readonly #descriptors = new Map<4 | 6, number>();
  #closed = false;

  private constructor(readonly port: number, sockets: [4 | 6, Socket][]) {
    for (const [family, socket] of sockets) {
      this.#sockets.set(family, socket);
      socket.on("message", (data: Buffer, from: RemoteInfo) => this.#receive(data, family, from));
      // ICMP errors of one viewer's path surface here; the path is judged by what comes back on it.
      socket.on("error", (error: Error) => log.debug("socket error", { error }));
    }
  }

  /**
   * Binds the first free port of `range` (inclusive), or any. Throws where none is free.
   * `ipv6`: also bind the same port on IPv6, where that works.
   */
  static async open(range: [number, number] | undefined, ipv6: boolean): Promise<UdpMux> {
    const [first, last] = range ?? [0, 0];
    let reason: unknown;
    for (let port = first; port <= last; port++) {
      try {
        const ipv4 = await bind(4, port);
        const bound = ipv4.address().port;
        const sockets: [4 | 6, Socket][] = [[4, ipv4]];
        if (ipv6) {
          const socket = await bind(6, bound).catch(() => undefined);
          if (socket) sockets.push([6, socket]);
        }
        return new UdpMux(bound, sockets);
      } catch (error) {
        reason = error;
      }
    }
    throw new Error(
      range
        ? `expected a free UDP port from ${first} to ${last}, all are taken: widen udpPorts`
        : "expected to bind a UDP port",
      { cause: reason },
    );
  }

  /** Descriptor of the socket of a family, for sends beside the runtime. */
  descriptor(family: 4 | 6): number | undefined {
    if (this.#closed) return undefined;
    let descriptor = this.#descriptors.get(family);
    if (descriptor === undefined) {
      descriptor = findUdpSocket(this.port, family);
      if (descriptor !== undefined) {
        this.#descriptors.set(family, descriptor);
        enlargeSendQueue(descriptor);
      }
    }
    return descriptor;
  }

  has(family: 4 | 6): boolean {
    return this.#sockets.has(family);
  }

  attach(peer: MuxPeer): void {
    this.#peers.set(peer.usernameFragment, peer);
  }

  detach(peer: MuxPeer): void {
    this.#peers.delete(peer.usernameFragment);
    this.#addresses.delete(peer);
    for (const [address, owner] of this.#byAddress) {
      if (owner === peer) this.#byAddress.delete(address);
    }
  }

  /** Sends one datagram; failures are the network's and count as loss. */
  send(data: Uint8Array, address: string, port: number): void {
    if (this.#closed) return;
    const socket = this.#sockets.get(address.includes(":") ? 6 : 4);
    socket?.send(data, port, address, () => {});
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#peers.clear();
    this.#byAddress.clear();
    this.#addresses.clear();
    await Promise.all(
      [...this.#sockets.values()].map((socket) =>
        new Promise<void>((resolve) => socket.close(() => resolve()))
      ),
    );
  }

  #receive(data: Buffer, family: 4 | 6, from: RemoteInfo): void {
    const address = from.address.split("%")[0];
    const key = `${address} ${from.port}`;
    if (!isStun(data)) {
      this.#byAddress.get(key)?.receive(data, family, address, from.port);
      return;
    }
    const messageClass = (data[0] & 1) << 1 | data[1] >> 4 & 1;
    if (messageClass === 0) {
      const fragment = stunLocalFragment(data);
      const peer = fragment === undefined ? undefined : this.#peers.get(fragment);
      if (!peer?.authenticates(data)) return;
      if (this.#byAddress.get(key) !== peer) {
        const known = this.#addresses.get(peer) ?? 0;
        if (known >= MAX_ADDRESSES) return;
        this.#addresses.set(peer, known + 1);
        this.#byAddress.set(key, peer);
      }
      peer.receive(data, family, address, from.port);
    } else if (messageClass >= 2) {
      const transactionId = data.toString("hex", 8, 20);
      for (const peer of this.#peers.values()) {
        if (!peer.awaits(transactionId)) continue;
        peer.receive(data, family, address, from.port);
        return;
      }
    }
  }
}

/** A large frame leaves in few bursts; the kernel's default holds 200 KB. */
function enlargeSendQueue(descriptor: number): void {
  const bytes = new Uint8Array(new Int32Array([4 << 20]).buffer);
  libc.setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, bytes, 4);
}

function bind(family: 4 | 6, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(
      family === 4 ? { type: "udp4" } : { type: "udp6", ipv6Only: true },
    );
    const failed = (error: Error) => {
      socket.close();
      reject(error);
    };
    socket.once("error", failed);
    socket.bind({ port, address: family === 4 ? "0.0.0.0" : "::" }, () => {
      socket.off("error", failed);
      resolve(socket);
    });
  });
}
