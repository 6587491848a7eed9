import { monotonicMs } from "../../media/clock.ts";
import type { EncodedAudio, EncodedFrame } from "../../media/encoded.ts";
import type { PathEstimate } from "../../media/stages.ts";
import { BandwidthEstimator } from "../congestion/estimator.ts";
import { FrameProtector } from "../fec/frame_protector.ts";
import { videoShare } from "../fec/protection.ts";
import { type PacketizedFrame, packetizeH264 } from "../rtp/h264.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { FramePacer } from "../rtp/pacer.ts";
import { type AudioBlock, writeRed } from "../rtp/red.ts";
import { Repeater } from "../rtp/repeater.ts";
import { compactNtp, readRtcp, type RtcpMessage, writeSenderReport } from "../rtp/rtcp.ts";
import { FLEXFEC_PAYLOAD_TYPE } from "./fec_offer.ts";
import type { Negotiated } from "./negotiated.ts";
import type { PacketPath } from "./packet_path.ts";
import { PAYLOAD_TYPE } from "./peer.ts";

/** One IDR answers all requests within this time, ms. */
const IDR_COOLDOWN_MS = 250;
/**
 * A viewer whose path cannot follow gets a new IDR at most this often, ms: each one is an IDR for
 * all viewers of the session.
 */
const BEHIND_COOLDOWN_MS = 1500;
/** It is asked for when this little still waits, ms. */
const CAUGHT_UP_MS = 50;
/** Repeats are sent twice from this loss on, where there is room: a lost one costs 100 ms more. */
const DOUBLE_REPEAT_LOSS = 0.03;
/** What a frame may take of the path is reckoned at this rate. */
const FRAME_RATE = 60;
/** What a parity packet is longer than what it protects, bytes. */
const PARITY_HEADERS = 100;
/** Audio is sent twice while the path loses more than this. */
const REDUNDANT_AUDIO_LOSS = 0.01;
const SENDER_REPORT_MS = 500;
const TICK_MS = 50;
/** With no picture sent for so long, little happens that could not wait for the slower tick. */
const STILL_MS = 500;
const STILL_TICK_MS = 250;

/** A frame of this session, packetised once for all viewers. */
interface OutgoingFrame extends PacketizedFrame {
  rtpTimestamp: number;
}

const packetized = new WeakMap<EncodedFrame, OutgoingFrame>();

function packetizeOnce(frame: EncodedFrame): OutgoingFrame {
  let outgoing = packetized.get(frame);
  if (!outgoing) {
    outgoing = { ...packetizeH264(frame.data), rtpTimestamp: frame.rtpTimestamp >>> 0 };
    packetized.set(frame, outgoing);
  }
  return outgoing;
}

export interface MediaSenderOptions {
  path: PacketPath;
  negotiated: Negotiated;
  ssrc: { video: number; rtx: number; parity: number; audio: number };
  cname: string;
  startBitrate: number;
  maxBitrate: number;
  sendRtcp: (packet: Uint8Array) => void;
}

/** All media to one viewer: numbers, paces, repeats and accounts its packets. */
export class MediaSender {
  onIdrNeeded: () => void = () => {};
  onEstimate: (estimate: PathEstimate) => void = () => {};
  onSent: (rtpTimestamp: number, sentMs: number, bytes: number) => void = () => {};

  readonly #repeater: Repeater;
  readonly #pacer: FramePacer<OutgoingFrame>;
  readonly #estimator: BandwidthEstimator;
  readonly #protector: FrameProtector | undefined;
  // Half of the sequence numbers away from the first wrap, as RFC 3711 section 3.3.1 advises.
  #videoSequence = randomSequence();
  #audioSequence = randomSequence();
  #transportSequence = 0;
  /** The packets of the frame that is leaving, and their bytes on the wire. */
  #framePackets: RtpPacket[] = [];
  #frameBytes = 0;
  #waitingForKeyFrame = true;
  /** Frames were dropped since the path cannot follow. */
  #behind = false;
  /** The viewer reported picture loss that no request for an IDR has answered yet. */
  #pictureLost = false;
  #idrAskedMs = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ticker: ReturnType<typeof setTimeout>;
  #previousAudio: AudioBlock | undefined;
  #audioAnchor: { rtpTimestamp: number; ms: number } | undefined;
  /** When the last packets of a picture left. */
  #sentMs = -Infinity;
  #videoCount = { packets: 0, octets: 0 };
  #audioCount = { packets: 0, octets: 0 };
  #reportedMs = -Infinity;
  #closed = false;

  constructor(private readonly options: MediaSenderOptions) {
    const { startBitrate, maxBitrate, negotiated } = options;
    this.#estimator = new BandwidthEstimator({
      startBitrate,
      maxBitrate,
      transportCc: negotiated.transportCc,
    });
    this.#repeater = new Repeater(
      negotiated.rtx
        ? {
          ssrc: options.ssrc.rtx,
          payloadType: PAYLOAD_TYPE.rtx,
          nextTransportSequence: () => this.#nextTransportSequence(),
        }
        : undefined,
    );
    if (negotiated.flexfec) {
      this.#protector = new FrameProtector({
        ssrc: options.ssrc.parity,
        payloadType: FLEXFEC_PAYLOAD_TYPE,
        ids: negotiated.video,
      });
    }
    this.#pacer = new FramePacer(startBitrate);
    this.#ticker = setTimeout(() => this.#tick(), TICK_MS);
  }

  get pathKind(): "plain" | "fast" {
    return this.options.path.kind;
  }

  /** The bitrate is what is left for video beside its parity. */
  get estimate(): PathEstimate {
    const { estimate } = this.#estimator;
    return { ...estimate, bitrate: estimate.bitrate * this.#videoShare };
  }

  get #videoShare(): number {
    const { estimate, lossLevel } = this.#estimator;
    return this.#protector ? videoShare(estimate.bitrate, lossLevel, FRAME_RATE) : 1;
  }

  sendVideo(frame: EncodedFrame): void {
    if (this.#closed) return;
    const nowMs = monotonicMs();
    if (this.#waitingForKeyFrame && !frame.keyFrame) {
      if (!this.#behind) this.#askForIdr(nowMs);
      else if (this.#pacer.queueMs < CAUGHT_UP_MS) this.#askForIdr(nowMs, BEHIND_COOLDOWN_MS);
      return;
    }
    const outgoing = packetizeOnce(frame);
    if (outgoing.payloads.length === 0) return;
    const dropped = this.#pacer.push(outgoing);
    if (dropped.includes(outgoing)) {
      this.#waitingForKeyFrame = this.#behind = true;
    } else if (frame.keyFrame) {
      this.#waitingForKeyFrame = this.#behind = this.#pictureLost = false;
    }
    this.#pump();
  }

  sendAudio(packet: EncodedAudio): void {
    if (this.#closed) return;
    const { path, negotiated, ssrc } = this.options;
    const nowMs = monotonicMs();
    const surround = negotiated.surround ? packet.surround : undefined;
    const block: AudioBlock = {
      payloadType: surround ? PAYLOAD_TYPE.multiopus : PAYLOAD_TYPE.opus,
      timestamp: packet.rtpTimestamp >>> 0,
      data: surround ?? packet.data,
    };
    const redundant = negotiated.red && this.#estimator.estimate.loss > REDUNDANT_AUDIO_LOSS;
    const outgoing: RtpPacket = {
      payloadType: redundant ? PAYLOAD_TYPE.red : block.payloadType,
      marker: this.#previousAudio === undefined,
      extendedSequence: this.#audioSequence++,
      timestamp: block.timestamp,
      ssrc: ssrc.audio,
      transportSequence: this.#nextTransportSequence(),
      level: packet.level,
      video: false,
      payload: redundant ? writeRed(block, this.#previousAudio) : block.data,
    };
    this.#previousAudio = block;
    this.#audioAnchor = { rtpTimestamp: block.timestamp, ms: nowMs };
    this.#audioCount.packets++;
    this.#audioCount.octets += outgoing.payload.length;
    const bytes = path.send([outgoing]);
    if (negotiated.audio.transportCc) {
      this.#estimator.sent(outgoing.transportSequence, bytes, nowMs);
    }
  }

  /** A decrypted RTCP packet from the viewer. */
  receiveRtcp(packet: Uint8Array): void {
    if (this.#closed) return;
    const nowMs = monotonicMs();
    for (const message of readRtcp(packet)) this.#handle(message, nowMs);
    this.#applyEstimate();
  }

  /** Asks the encoder for an IDR: the viewer joined or came back. */
  restart(): void {
    this.#waitingForKeyFrame = true;
    this.#behind = false;
    this.#idrAskedMs = -Infinity;
    this.#estimator.reset();
    this.#askForIdr(monotonicMs());
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#ticker);
    this.options.path.close();
  }

  #handle(message: RtcpMessage, nowMs: number): void {
    const { ssrc } = this.options;
    switch (message.type) {
      case "picture-loss":
        if (message.ssrc === ssrc.video) {
          // What comes within the cooldown is answered after it, if no key frame came meanwhile.
          this.#pictureLost = true;
          this.#askForIdr(nowMs);
        }
        return;
      case "nack":
        if (message.ssrc === ssrc.video) this.#repeat(message.sequences, nowMs);
        return;
      case "transport-cc":
        this.#estimator.arrived(message.arrivals, nowMs);
        return;
      case "report": {
        const { lastSenderReport, delaySinceLast } = message;
        if (lastSenderReport !== 0) {
          const passed = (compactNtp(Date.now()) - lastSenderReport - delaySinceLast) >>> 0;
          // A clock step between the two would give nonsense.
          if (passed < 0x80000000) this.#estimator.roundTrip(passed / 65.536);
        }
        if (message.ssrc === ssrc.video) this.#estimator.reported(message.fractionLost, nowMs);
        return;
      }
      case "remb":
        this.#estimator.limited(message.bitrate);
    }
  }

  #askForIdr(nowMs: number, cooldownMs = IDR_COOLDOWN_MS): void {
    if (nowMs - this.#idrAskedMs < cooldownMs) return;
    this.#pictureLost = false;
    this.#idrAskedMs = nowMs;
    this.onIdrNeeded();
  }

  #nextTransportSequence(): number {
    const sequence = this.#transportSequence;
    this.#transportSequence = (sequence + 1) & 0xffff;
    return sequence;
  }

  /** Sends what the pacer lets go and comes back when it lets go more. */
  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#closed) return;
    for (const { frame, from, to } of this.#pacer.take(monotonicMs())) {
      this.#sendPart(frame, from, to);
    }
    const wait = this.#pacer.waitMs(monotonicMs());
    if (wait !== undefined) this.#timer = setTimeout(() => this.#pump(), Math.max(1, wait));
  }

  #sendPart(frame: OutgoingFrame, from: number, to: number): void {
    const { ssrc } = this.options;
    const last = frame.payloads.length - 1;
    const packets: RtpPacket[] = [];
    for (let i = from; i < to; i++) {
      packets.push({
        payloadType: PAYLOAD_TYPE.h264,
        marker: i === last,
        extendedSequence: this.#videoSequence++,
        timestamp: frame.rtpTimestamp,
        ssrc: ssrc.video,
        transportSequence: this.#nextTransportSequence(),
        video: true,
        payload: frame.payloads[i],
      });
    }
    const nowMs = this.#sentMs = monotonicMs();
    const bytes = this.#transmit(packets, nowMs);
    for (const packet of packets) {
      this.#repeater.sent(packet, nowMs);
      this.#videoCount.octets += packet.payload.length;
    }
    this.#videoCount.packets += packets.length;
    if (from === 0) {
      this.#frameBytes = 0;
      this.#framePackets = [];
    }
    this.#frameBytes += bytes;
    this.#framePackets.push(...packets);
    if (to === frame.payloads.length) {
      this.#protect(nowMs);
      this.onSent(frame.rtpTimestamp, monotonicMs(), this.#frameBytes);
    }
  }

  /** Sends the parity of the frame that just left. */
  #protect(nowMs: number): void {
    const { estimate, lossLevel } = this.#estimator;
    if (!this.#protector || lossLevel === 0) return;
    const frameBytes = this.#frameBytes;
    // As much as the encoder left room for, or more where it makes less than it may. One small packet
    // for a small one always: it costs little, and its loss as much as any.
    const planned = frameBytes * (1 / this.#videoShare - 1) + PARITY_HEADERS;
    const spare = estimate.bitrate / 8 / FRAME_RATE - frameBytes;
    const parity = this.#protector.protect(
      this.#framePackets,
      lossLevel,
      Math.max(planned, spare),
      () => this.#nextTransportSequence(),
    );
    if (parity.length > 0) this.#pacer.charge(this.#transmit(parity, nowMs));
  }

  #transmit(packets: RtpPacket[], nowMs: number): number {
    const bytes = this.options.path.send(packets);
    const overhead = packets.length === 0
      ? 0
      : (bytes - packets.reduce((sum, packet) => sum + packet.payload.length, 0)) / packets.length;
    for (const packet of packets) {
      this.#estimator.sent(packet.transportSequence, packet.payload.length + overhead, nowMs);
    }
    return bytes;
  }

  #repeat(sequences: number[], nowMs: number): void {
    const { estimate, hasRoom, lossLevel } = this.#estimator;
    const twice = hasRoom && lossLevel >= DOUBLE_REPEAT_LOSS;
    const packets = this.#repeater.answer(sequences, estimate, twice, nowMs);
    if (packets.length === 0) return;
    if (this.options.negotiated.rtx) this.#pacer.charge(this.#transmit(packets, nowMs));
    // Without RTX a repeat must equal the first sending to the last byte, also in its transport-wide
    // number: the same nonce with different data would give the authentication key away.
    else this.#pacer.charge(this.options.path.send(packets));
  }

  #tick(): void {
    const nowMs = monotonicMs();
    if (this.#pictureLost) this.#askForIdr(nowMs);
    this.#estimator.tick(nowMs);
    this.#applyEstimate();
    if (this.options.negotiated.rtx) this.#probe(this.#estimator.probe(nowMs), nowMs);
    if (nowMs - this.#reportedMs >= SENDER_REPORT_MS) this.#report(nowMs);
    const still = nowMs - this.#sentMs > STILL_MS;
    this.#ticker = setTimeout(() => this.#tick(), still ? STILL_TICK_MS : TICK_MS);
  }

  #probe(bytes: number, nowMs: number): void {
    const packets = this.#repeater.probe(bytes);
    if (packets.length === 0) return;
    this.#pacer.charge(this.#transmit(packets, nowMs));
    this.#estimator.probed(packets.length);
  }

  #applyEstimate(): void {
    this.#pacer.target = this.#estimator.estimate.bitrate;
    const changed = this.#estimator.takeChange();
    if (changed) this.onEstimate(this.estimate);
  }

  #report(nowMs: number): void {
    this.#reportedMs = nowMs;
    const { ssrc, cname, sendRtcp } = this.options;
    const wallMs = Date.now();
    if (this.#videoCount.packets > 0) {
      // Frames carry their capture time on the 90 kHz clock, so the clock itself is the relation.
      const rtpTimestamp = Math.floor(nowMs * 90) % 2 ** 32;
      sendRtcp(writeSenderReport({
        ssrc: ssrc.video,
        cname,
        wallMs,
        rtpTimestamp,
        ...this.#videoCount,
      }));
    }
    if (this.#audioAnchor) {
      const { rtpTimestamp, ms } = this.#audioAnchor;
      sendRtcp(writeSenderReport({
        ssrc: ssrc.audio,
        cname,
        wallMs,
        rtpTimestamp: (rtpTimestamp + Math.round((nowMs - ms) * 48)) >>> 0,
        ...this.#audioCount,
      }));
    }
  }
}

function randomSequence(): number {
  return crypto.getRandomValues(new Uint16Array(1))[0] & 0x7fff;
}
