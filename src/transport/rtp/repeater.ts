import type { PathEstimate } from "../../media/stages.ts";
import { SentHistory } from "./history.ts";
import type { RtpPacket } from "./packet.ts";

/** Repeats may take this share of the estimate, so that they do not feed a congested path. */
const REPEAT_SHARE = 0.5;
/** Of what is not used of it, this much is kept, ms and bytes; the larger holds. */
const KEPT_MS = 200;
const KEPT_BYTES = 30_000;
/** What a packet has besides its payload, bytes. */
const OVERHEAD = 40;

/** The stream that repeats go to (RFC 4588). */
export interface RtxStream {
  ssrc: number;
  payloadType: number;
  nextTransportSequence: () => number;
}

/** Answers requests for lost packets from what was sent lately. No clock and no socket. */
export class Repeater {
  readonly #history = new SentHistory();
  // Half of the sequence numbers away from the first wrap, as RFC 3711 section 3.3.1 advises.
  #sequence = crypto.getRandomValues(new Uint16Array(1))[0] & 0x7fff;
  #budget = 0;
  #refilledMs: number | undefined;

  /** Without an RTX stream repeats are the packets themselves. */
  constructor(private readonly rtx: RtxStream | undefined) {}

  /** A packet left; they come in order. */
  sent(packet: RtpPacket, nowMs: number): void {
    this.#history.add(packet, nowMs);
  }

  /**
   * The packets that answer a request (NACK): those still held, each at most once a round trip.
   *
   * @param twice each goes out two times; without an RTX stream this is not possible
   */
  answer(
    sequences: number[],
    estimate: PathEstimate,
    twice: boolean,
    nowMs: number,
  ): RtpPacket[] {
    this.#refill(estimate.bitrate, nowMs);
    const gap = Math.max(10, estimate.rttMs * 0.9);
    const packets: RtpPacket[] = [];
    for (const sequence of sequences) {
      if (this.#budget <= 0) break;
      const packet = this.#history.take(sequence, nowMs, gap);
      if (!packet) continue;
      this.#budget -= packet.payload.length;
      packets.push(this.rtx ? this.#asRtx(packet, this.rtx) : packet);
    }
    // The second ones last, so that one short burst of losses does not take both.
    if (twice && this.rtx) packets.push(...packets.map((packet) => this.#again(packet, this.rtx!)));
    return packets;
  }

  /** The newest packet so often that it makes `bytes`: a burst that harms nobody. Needs RTX. */
  probe(bytes: number): RtpPacket[] {
    const newest = this.#history.newest;
    if (!newest || !this.rtx) return [];
    const packets: RtpPacket[] = [];
    for (let sent = 0; sent < bytes; sent += newest.payload.length + OVERHEAD) {
      packets.push(this.#asRtx(newest, this.rtx));
    }
    return packets;
  }

  #refill(bitrate: number, nowMs: number): void {
    const perMs = bitrate / 8000 * REPEAT_SHARE;
    const passed = nowMs - (this.#refilledMs ?? nowMs - KEPT_MS);
    this.#refilledMs = nowMs;
    this.#budget = Math.min(Math.max(perMs * KEPT_MS, KEPT_BYTES), this.#budget + passed * perMs);
  }

  /** The packet with its original sequence number before the payload (RFC 4588 section 4). */
  #asRtx(packet: RtpPacket, rtx: RtxStream): RtpPacket {
    const payload = new Uint8Array(packet.payload.length + 2);
    const original = packet.extendedSequence & 0xffff;
    payload[0] = original >> 8;
    payload[1] = original & 255;
    payload.set(packet.payload, 2);
    return this.#again({ ...packet, payload }, rtx);
  }

  /** The same under the next numbers of the RTX stream. */
  #again(packet: RtpPacket, rtx: RtxStream): RtpPacket {
    return {
      ...packet,
      payloadType: rtx.payloadType,
      ssrc: rtx.ssrc,
      extendedSequence: this.#sequence++,
      transportSequence: rtx.nextTransportSequence(),
    };
  }
}
