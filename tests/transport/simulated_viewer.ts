/**
 * A stream over a lossy path and a viewer as Chromium is one, in simulated time, seeded: it asks for
 * a missing packet at once and again after 100 ms, repairs by parity, decodes in order and shows the
 * newest picture at each refresh of a 60 Hz screen.
 */
import { FrameProtector } from "../../src/transport/fec/frame_protector.ts";
import {
  MAX_HEADER_BYTES,
  type RtpPacket,
  writeRtpHeader,
} from "../../src/transport/rtp/packet.ts";
import { Repeater } from "../../src/transport/rtp/repeater.ts";
import { FlexFecReceiver } from "./flexfec_receiver.ts";
import { seeded } from "./simulated_path.ts";

export interface LossyStream {
  seed: number;
  /** Share of packets lost, in both directions. */
  loss: number;
  packetsPerFrame: number;
  parity: boolean;
  seconds: number;
}

export interface Watched {
  /** Different pictures shown a second. */
  fps: number;
  /** Share of the time in which a picture stood for over 167 ms, as webrtc-stats counts freezes. */
  frozen: number;
}

const ONE_WAY_MS = 10;
const ASK_AGAIN_MS = 100;
const IDS = { playoutDelay: 5, transportCc: 4, audioLevel: 0 };
const [VIDEO, RTX, PARITY] = [1, 2, 3];
const FRAME_MS = 1000 / 60;

/** What the receiver counts a packet as: the transport-wide number is 0. */
function wire(packet: RtpPacket): Uint8Array {
  const bytes = new Uint8Array(MAX_HEADER_BYTES + packet.payload.length);
  const header = writeRtpHeader(bytes, 0, { ...packet, transportSequence: 0 }, IDS);
  bytes.set(packet.payload, header);
  return bytes.subarray(0, header + packet.payload.length);
}

export function watchStream(options: LossyStream): Watched {
  const { loss, packetsPerFrame, seconds } = options;
  const random = seeded(options.seed);
  const protector = new FrameProtector({ ssrc: PARITY, payloadType: 49, ids: IDS });
  const repeater = new Repeater({ ssrc: RTX, payloadType: 103, nextTransportSequence: () => 0 });
  const estimate = { bitrate: 20e6, loss, rttMs: 2 * ONE_WAY_MS, queueMs: 0 };
  const receiver = new FlexFecReceiver(VIDEO);
  const events: { ms: number; run: (ms: number) => void }[] = [];
  const later = (ms: number, run: (ms: number) => void) => {
    if (random() >= loss) events.push({ ms: ms + ONE_WAY_MS, run });
  };
  const askedMs = new Map<number, number>();
  let newest = -1;
  let sent = 0;
  let decoded = 0;
  const arrived = (sequence: number) => {
    for (let i = newest + 1; i < sequence; i++) askedMs.set(i, -Infinity);
    newest = Math.max(newest, sequence);
  };
  const send = (packet: RtpPacket, nowMs: number) =>
    later(nowMs, () => {
      if (packet.ssrc === PARITY) return receiver.parity(packet.payload);
      if (packet.ssrc === VIDEO) arrived(packet.extendedSequence);
      const original = packet.ssrc === VIDEO
        ? packet
        : { ...held[packet.payload[0] << 8 | packet.payload[1]] };
      receiver.media(wire(original));
    });
  const held: RtpPacket[] = [];

  const sendFrame = (frame: number, nowMs: number) => {
    const packets = Array.from({ length: packetsPerFrame }, (_, i): RtpPacket => ({
      payloadType: 102,
      marker: i === packetsPerFrame - 1,
      extendedSequence: sent++,
      timestamp: frame,
      ssrc: VIDEO,
      transportSequence: 0,
      video: true,
      payload: Uint8Array.of(frame, i),
    }));
    for (const packet of packets) {
      held.push(packet);
      repeater.sent(packet, nowMs);
      send(packet, nowMs);
    }
    if (!options.parity) return;
    for (const packet of protector.protect(packets, loss, 1e6, () => 0)) send(packet, nowMs);
  };
  const ask = (nowMs: number) => {
    const wanted: number[] = [];
    for (const [sequence, ms] of askedMs) {
      if (receiver.packets.has(sequence)) askedMs.delete(sequence);
      else if (nowMs - ms >= ASK_AGAIN_MS) {
        askedMs.set(sequence, nowMs);
        wanted.push(sequence);
      }
    }
    if (wanted.length === 0) return;
    later(nowMs, (ms) => {
      const twice = loss >= 0.03;
      for (const packet of repeater.answer(wanted, estimate, twice, ms)) send(packet, ms);
    });
  };

  const shownMs: number[] = [];
  let shown = 0;
  let frames = 0;
  for (let nowMs = 0; nowMs < seconds * 1000; nowMs++) {
    if (nowMs >= frames * FRAME_MS) sendFrame(frames++, nowMs);
    const due = events.filter((event) => event.ms <= nowMs);
    for (const event of due) {
      events.splice(events.indexOf(event), 1);
      event.run(nowMs);
    }
    ask(nowMs);
    const complete = (frame: number) => {
      for (let i = 0; i < packetsPerFrame; i++) {
        if (!receiver.packets.has(frame * packetsPerFrame + i)) return false;
      }
      return true;
    };
    while (decoded < frames && complete(decoded)) decoded++;
    // Half a frame after pictures come, so that the two rhythms do not beat.
    const refresh = Math.floor((nowMs + FRAME_MS / 2) / FRAME_MS) >
      Math.floor((nowMs - 1 + FRAME_MS / 2) / FRAME_MS);
    if (refresh && decoded > shown) {
      shown = decoded;
      shownMs.push(nowMs);
    }
  }
  const gaps = shownMs.slice(1).map((ms, i) => ms - shownMs[i]);
  const frozenMs = gaps.filter((gap) => gap > 167).reduce((sum, gap) => sum + gap - FRAME_MS, 0);
  return { fps: shownMs.length / seconds, frozen: frozenMs / (seconds * 1000) };
}
