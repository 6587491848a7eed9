import type { Server } from "node:http";
import type { Socket } from "node:net";
import { addressGroup } from "./addresses.ts";

/** Open connections to one port, of all devices together. A page of a player has about three. */
const MAX_CONNECTIONS = 2048;
/** Of these, so many of one device. */
const MAX_OF_ADDRESS = 256;

/**
 * The open connections of one server, and their limits: who opens them without end takes the places of
 * one device and nobody else's. Those beyond are closed without a word, before TLS costs anything.
 */
export class Connections {
  readonly #open = new Set<Socket>();
  readonly #ofAddress = new Map<string, number>();

  constructor(server: Server) {
    server.on("connection", (socket: Socket) => this.#take(socket));
    // A TLS socket takes the place of the plain one, which counts as closed from then on.
    server.on("secureConnection", (socket: Socket) => this.#add(socket));
  }

  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #take(socket: Socket): void {
    const ofAddress = this.#ofAddress.get(addressGroup(socket.remoteAddress ?? "")) ?? 0;
    if (this.#open.size >= MAX_CONNECTIONS || ofAddress >= MAX_OF_ADDRESS) socket.destroy();
    else this.#add(socket);
  }

  #add(socket: Socket): void {
    // Kept here: a closed socket has no address any more.
    const address = addressGroup(socket.remoteAddress ?? "");
    this.#open.add(socket);
    this.#ofAddress.set(address, (this.#ofAddress.get(address) ?? 0) + 1);
    socket.on("close", () => {
      this.#open.delete(socket);
      const left = this.#ofAddress.get(address)! - 1;
      if (left > 0) this.#ofAddress.set(address, left);
      else this.#ofAddress.delete(address);
    });
  }
}
