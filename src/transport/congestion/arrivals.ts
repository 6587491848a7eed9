import type { PacketArrival } from "../rtp/rtcp.ts";

/** A sent packet whose fate is known. */
export interface PacketFate {
  /** Transport-wide sequence number without wrap. */
  sequence: number;
  sentMs: number;
  bytes: number;
  /** On the receiver's clock; undefined: lost. */
  receivedMs: number | undefined;
}

interface Pending {
  sequence: number;
  sentMs: number;
  bytes: number;
  lost: boolean;
}

/** As many packets as can be on their way: 4 s at 80 Mbit/s. */
const CAPACITY = 32768;
/** The feedback's reference time wraps: 24 bits of 64 ms. */
const WRAP_MS = 2 ** 24 * 64;

/** Matches transport-wide feedback with what was sent. */
export class ArrivalTracker {
  readonly #slots: (Pending | undefined)[] = new Array(CAPACITY);
  #next = 0;
  #receiverWraps = 0;
  #lastReceivedMs: number | undefined;

  /** Returns the number without wrap. Numbers come consecutively, modulo 65,536. */
  sent(transportSequence: number, bytes: number, sentMs: number): number {
    const sequence = this.#next + ((transportSequence - this.#next) & 0xffff);
    this.#slots[sequence % CAPACITY] = { sequence, sentMs, bytes, lost: false };
    this.#next = sequence + 1;
    return sequence;
  }

  /** The next number without wrap. */
  get next(): number {
    return this.#next;
  }

  /** Fates that were not known before, in sending order. Unknown numbers are left out. */
  arrived(arrivals: PacketArrival[]): PacketFate[] {
    const fates: PacketFate[] = [];
    for (const { transportSequence, receivedMs } of arrivals) {
      const behind = (this.#next - 1 - transportSequence) & 0xffff;
      const sequence = this.#next - 1 - behind;
      const pending = sequence < 0 ? undefined : this.#slots[sequence % CAPACITY];
      if (pending?.sequence !== sequence) continue;
      // What was reported lost may still come in: it is reported again then.
      if (receivedMs === undefined && pending.lost) continue;
      pending.lost = true;
      if (receivedMs !== undefined) this.#slots[sequence % CAPACITY] = undefined;
      fates.push({
        sequence,
        sentMs: pending.sentMs,
        bytes: pending.bytes,
        receivedMs: receivedMs === undefined ? undefined : this.#unwrap(receivedMs),
      });
    }
    return fates;
  }

  #unwrap(receivedMs: number): number {
    const last = this.#lastReceivedMs ?? receivedMs;
    if (receivedMs - last < -WRAP_MS / 2) this.#receiverWraps++;
    else if (receivedMs - last > WRAP_MS / 2) this.#receiverWraps--;
    this.#lastReceivedMs = receivedMs;
    return receivedMs + this.#receiverWraps * WRAP_MS;
  }
}
