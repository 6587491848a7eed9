import type { Buffer } from "node:buffer";
import { isStun, stunClass, stunLocalFragment } from "../../system/udp/stun.ts";

/** A viewer's end on a port. */
export interface PortUser {
  /** Local ICE username fragment: what connectivity checks for this viewer are addressed to. */
  readonly usernameFragment: string;
  /** True where the STUN request carries a valid MESSAGE-INTEGRITY for this viewer. */
  authenticates(request: Buffer): boolean;
  /** True where this viewer waits for the STUN response with this transaction id (hex). */
  awaits(transactionId: string): boolean;
  receive(datagram: Buffer, family: 4 | 6, address: string, port: number): void;
}

/** The UDP port of a session, for all of its viewers. */
export interface ViewerPort {
  readonly port: number;
  /** What the viewers' username fragments must begin with. */
  readonly tag: string;
  /** True where the port is open for an address family. */
  has(family: 4 | 6): boolean;
  attach(user: PortUser): void;
  detach(user: PortUser): void;
  /** Sends one datagram of a viewer; failures are the network's and count as loss. */
  send(user: PortUser, data: Uint8Array, address: string, port: number): void;
  /** Descriptor of the socket that sends there, for sends beside the runtime; ask before each use. */
  descriptor(address: string, port: number): number | undefined;
  close(): Promise<void>;
}

/**
 * Addresses one viewer may check from in the life of its connection. A page has a handful, and a few
 * more as it changes networks; each one costs memory here and in ICE, also a forged one.
 */
const MAX_ADDRESSES = 128;

/**
 * Finds the viewer a datagram is for.
 *
 * Connectivity checks are told apart by their username fragment and admitted only when they carry
 * that viewer's MESSAGE-INTEGRITY; DTLS and SRTP by the source address such a check came from.
 * Anything else is nobody's.
 */
export class ViewerAddresses {
  readonly #users = new Map<string, PortUser>();
  readonly #byAddress = new Map<string, PortUser>();
  readonly #counts = new Map<PortUser, number>();

  attach(user: PortUser): void {
    this.#users.set(user.usernameFragment, user);
  }

  detach(user: PortUser): void {
    this.#users.delete(user.usernameFragment);
    this.#counts.delete(user);
    for (const [address, owner] of this.#byAddress) {
      if (owner === user) this.#byAddress.delete(address);
    }
  }

  clear(): void {
    this.#users.clear();
    this.#byAddress.clear();
    this.#counts.clear();
  }

  find(data: Buffer, address: string, port: number): PortUser | undefined {
    const key = `${address} ${port}`;
    if (!isStun(data)) return this.#byAddress.get(key);
    switch (stunClass(data)) {
      case "request": {
        const fragment = stunLocalFragment(data);
        const user = fragment === undefined ? undefined : this.#users.get(fragment);
        if (!user?.authenticates(data)) return undefined;
        return this.#byAddress.get(key) === user || this.#remember(key, user) ? user : undefined;
      }
      case "response": {
        const transactionId = data.toString("hex", 8, 20);
        for (const user of this.#users.values()) if (user.awaits(transactionId)) return user;
      }
    }
    return undefined;
  }

  #remember(key: string, user: PortUser): boolean {
    const known = this.#counts.get(user) ?? 0;
    if (known >= MAX_ADDRESSES) return false;
    this.#counts.set(user, known + 1);
    this.#byAddress.set(key, user);
    return true;
  }
}
