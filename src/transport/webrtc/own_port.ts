import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { Buffer } from "node:buffer";
import { logger } from "../../system/log.ts";

import { familyOf } from "../../system/udp/address.ts";
import { findUdpSocket } from "../../system/udp/socket_fd.ts";
import { enlargeSendQueue } from "./send_queue.ts";
import { type PortUser, ViewerAddresses, type ViewerPort } from "./viewer_port.ts";

const log = logger("transport.udp");

/** A UDP port of this session alone, for IPv4 and, where the machine has it, IPv6. */
export class OwnPort implements ViewerPort {
  readonly tag = "";
  readonly #sockets = new Map<4 | 6, Socket>();
  readonly #viewers = new ViewerAddresses();
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
  static async open(range: [number, number] | undefined, ipv6: boolean): Promise<OwnPort> {
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
        return new OwnPort(bound, sockets);
      } catch (error) {
        reason = error;
      }
    }
    throw new Error(
      range
        ? `expected a free UDP port from ${first} to ${last}, all are taken: widen ice.udp_ports`
        : "expected to bind a UDP port",
      { cause: reason },
    );
  }

  descriptor(address: string): number | undefined {
    if (this.#closed) return undefined;
    const family = familyOf(address);
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

  attach(user: PortUser): void {
    this.#viewers.attach(user);
  }

  detach(user: PortUser): void {
    this.#viewers.detach(user);
  }

  send(_user: PortUser, data: Uint8Array, address: string, port: number): void {
    if (this.#closed) return;
    this.#sockets.get(familyOf(address))?.send(data, port, address, () => {});
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#viewers.clear();
    await Promise.all(
      [...this.#sockets.values()].map((socket) =>
        new Promise<void>((resolve) => socket.close(() => resolve()))
      ),
    );
  }

  #receive(data: Buffer, family: 4 | 6, from: RemoteInfo): void {
    const address = from.address.split("%")[0];
    this.#viewers.find(data, address, from.port)?.receive(data, family, address, from.port);
  }
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
