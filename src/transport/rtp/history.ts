import type { RtpPacket } from "./packet.ts";

/** How long a sent packet can be asked for again, ms. */
export const HISTORY_MS = 2000;
/** Packets kept at most: 2 s of 8,000 packets a second (75 Mbit/s). */
const CAPACITY = 16384;

interface Sent {
  packet: RtpPacket;
  sentMs: number;
  repeatedMs: number;
}

/** What was sent lately on one SSRC, to answer NACKs (RFC 4585 section 6.2.1). */
export class SentHistory {
  readonly #slots: (Sent | undefined)[] = new Array(CAPACITY);
  #oldest = 0;
  #next = 0;

  /** Packets come with consecutive sequence numbers. */
  add(packet: RtpPacket, nowMs: number): void {
    const sequence = packet.extendedSequence;
    if (this.#next === this.#oldest) this.#oldest = sequence;
    this.#slots[sequence % CAPACITY] = { packet, sentMs: nowMs, repeatedMs: -Infinity };
    this.#next = sequence + 1;
    this.#oldest = Math.max(this.#oldest, this.#next - CAPACITY);
    this.#forget(nowMs - HISTORY_MS);
  }

  /**
   * The packet with this 16-bit sequence number, if it is still held and was not repeated within
   * `minimumGapMs` (a receiver asks again each round trip; one answer in flight is enough).
   */
  take(sequence: number, nowMs: number, minimumGapMs: number): RtpPacket | undefined {
    this.#forget(nowMs - HISTORY_MS);
    const behind = (this.#next - 1 - sequence) & 0xffff;
    const extended = this.#next - 1 - behind;
    if (extended < this.#oldest) return undefined;
    const sent = this.#slots[extended % CAPACITY];
    if (!sent || nowMs - sent.repeatedMs < minimumGapMs) return undefined;
    sent.repeatedMs = nowMs;
    return sent.packet;
  }

  /** The newest packet, for probes that carry something useful. */
  get newest(): RtpPacket | undefined {
    if (this.#next === this.#oldest) return undefined;
    return this.#slots[(this.#next - 1) % CAPACITY]?.packet;
  }

  /** Packets held. */
  get size(): number {
    return this.#next - this.#oldest;
  }

  #forget(beforeMs: number): void {
    while (this.#oldest < this.#next) {
      const sent = this.#slots[this.#oldest % CAPACITY];
      if (sent && sent.sentMs >= beforeMs) return;
      // Frees the payload.
      this.#slots[this.#oldest % CAPACITY] = undefined;
      this.#oldest++;
    }
  }
}
