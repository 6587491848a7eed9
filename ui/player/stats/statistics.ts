/**
 * Everything measured of one stream: the browser's counters, the frame callbacks and the session's
 * own numbers, as intervals of a second and as stage times of single frames.
 */
import type { ControlToViewer, FrameRecord, ViewerStats } from "../../../src/protocol/control.ts";
import { ClockRelation } from "./clock.ts";
import {
  FrameMatcher,
  median,
  medianStages,
  type ShownFrame,
  type StageTimes,
  stageTimes,
} from "./latency.ts";

/** Totals of getStats() that intervals are made of. */
export interface Counters {
  atMs: number;
  framesDecoded: number;
  framesDropped: number;
  bytesReceived: number;
  packetsReceived: number;
  packetsLost: number;
  /** s */
  totalDecodeTime: number;
  /** s */
  jitterBufferDelay: number;
  jitterBufferEmittedCount: number;
  freezeCount: number;
  /** s, RFC 3550 */
  jitter: number;
  /** s */
  candidateRtt?: number;
  audioLevel?: number;
  /** Of the sound; 0 where there is none yet. */
  audioPacketsReceived: number;
  totalAudioEnergy: number;
  decoder?: string;
  codec?: string;
}

export type SessionStats = Extract<ControlToViewer, { type: "stats" }>;

/** One second of the stream, as the page sees it. */
export interface Interval extends ViewerStats {
  /** Pictures shown (frame callbacks), which may be fewer than decoded ones (`fps`). */
  shownFps: number;
  jitterMs: number;
}

export interface TimedStages {
  /** Presentation on the page's clock. */
  atMs: number;
  stages: StageTimes;
}

/** How long single frames are kept for plots and medians. */
const HISTORY_MS = 30000;

/** Reads the counters of an RTCPeerConnection. Keys as in W3C webrtc-stats; absent ones count as 0. */
export async function readCounters(peer: RTCPeerConnection, atMs: number): Promise<Counters> {
  const counters: Counters = {
    atMs,
    framesDecoded: 0,
    framesDropped: 0,
    bytesReceived: 0,
    packetsReceived: 0,
    packetsLost: 0,
    totalDecodeTime: 0,
    jitterBufferDelay: 0,
    jitterBufferEmittedCount: 0,
    freezeCount: 0,
    jitter: 0,
    audioPacketsReceived: 0,
    totalAudioEnergy: 0,
  };
  const codecs = new Map<string, string>();
  let codecId: string | undefined;
  for (const report of (await peer.getStats() as unknown as Map<string, StatsRow>).values()) {
    if (report.type === "inbound-rtp" && report.kind === "video") {
      counters.framesDecoded += report.framesDecoded ?? 0;
      counters.framesDropped += report.framesDropped ?? 0;
      counters.bytesReceived += report.bytesReceived ?? 0;
      counters.packetsReceived += report.packetsReceived ?? 0;
      counters.packetsLost += report.packetsLost ?? 0;
      counters.totalDecodeTime += report.totalDecodeTime ?? 0;
      counters.jitterBufferDelay += report.jitterBufferDelay ?? 0;
      counters.jitterBufferEmittedCount += report.jitterBufferEmittedCount ?? 0;
      counters.freezeCount += report.freezeCount ?? 0;
      counters.jitter = report.jitter ?? 0;
      counters.decoder = report.decoderImplementation;
      codecId = report.codecId;
    } else if (report.type === "inbound-rtp" && report.kind === "audio") {
      counters.audioPacketsReceived += report.packetsReceived ?? 0;
      counters.totalAudioEnergy += report.totalAudioEnergy ?? 0;
      counters.audioLevel = report.audioLevel;
    } else if (report.type === "candidate-pair" && report.nominated) {
      counters.candidateRtt = report.currentRoundTripTime;
    } else if (report.type === "codec" && report.mimeType) {
      codecs.set(report.id, report.mimeType);
    }
  }
  if (codecId) counters.codec = codecs.get(codecId);
  return counters;
}

/** The rows of a stats report that are read, webrtc-stats names. */
interface StatsRow {
  type: string;
  id: string;
  kind?: string;
  framesDecoded?: number;
  framesDropped?: number;
  bytesReceived?: number;
  packetsReceived?: number;
  packetsLost?: number;
  totalDecodeTime?: number;
  jitterBufferDelay?: number;
  jitterBufferEmittedCount?: number;
  freezeCount?: number;
  jitter?: number;
  decoderImplementation?: string;
  codecId?: string;
  audioLevel?: number;
  totalAudioEnergy?: number;
  nominated?: boolean;
  currentRoundTripTime?: number;
  mimeType?: string;
}

/** What happened between two readings. */
export function intervalBetween(
  before: Counters,
  after: Counters,
  shown: ShownFrame[],
  rttMs: number | undefined,
): Interval {
  const seconds = Math.max(0.001, (after.atMs - before.atMs) / 1000);
  // A new link starts counting at 0 again.
  const delta = (key: keyof Counters) =>
    Math.max(0, (after[key] as number) - (before[key] as number));
  const decoded = delta("framesDecoded");
  const lost = delta("packetsLost");
  const received = delta("packetsReceived");
  const emitted = delta("jitterBufferEmittedCount");
  return {
    fps: decoded / seconds,
    shownFps: shown.length / seconds,
    bitrateMbps: delta("bytesReceived") * 8 / 1e6 / seconds,
    loss: lost + received > 0 ? lost / (lost + received) : 0,
    rttMs: rttMs ?? (after.candidateRtt ?? 0) * 1000,
    jitterBufferMs: emitted > 0 ? delta("jitterBufferDelay") * 1000 / emitted : 0,
    decodeMs: decoded > 0 ? delta("totalDecodeTime") * 1000 / decoded : 0,
    presentMs: Math.max(
      0,
      median(shown.map((frame) => frame.expectedDisplayMs - frame.presentationMs)) ?? 0,
    ),
    droppedFrames: delta("framesDropped"),
    jitterMs: after.jitter * 1000,
  };
}

export class Statistics {
  readonly clock = new ClockRelation();
  interval: Interval | undefined;
  counters: Counters | undefined;
  session: SessionStats | undefined;
  /** Frames with known stages, oldest first. */
  frames: TimedStages[] = [];
  shownTotal = 0;
  #matcher = new FrameMatcher();
  #shownSince: ShownFrame[] = [];
  #lastInputMs = 0;

  /** A frame callback. */
  frameShown(now: number, metadata: VideoFrameCallbackMetadata): void {
    this.shownTotal++;
    const shown: ShownFrame = {
      rtpTimestamp: metadata.rtpTimestamp ?? -1,
      receiveMs: metadata.receiveTime,
      processingMs: metadata.processingDuration === undefined
        ? undefined
        : metadata.processingDuration * 1000,
      presentationMs: metadata.presentationTime ?? now,
      expectedDisplayMs: metadata.expectedDisplayTime ?? now,
    };
    this.#shownSince.push(shown);
    if (this.#shownSince.length > 300) this.#shownSince.shift();
    if (shown.rtpTimestamp >= 0) this.#match(this.#matcher.shown(shown));
  }

  /** The session's records of frames it sent. */
  framesSent(records: FrameRecord[]): void {
    for (const record of records) this.#match(this.#matcher.record(this.#withOwnInput(record)));
  }

  /** The record without an input that an earlier picture already answered. */
  #withOwnInput(record: FrameRecord): FrameRecord {
    const [rtpTimestamp, inputMs, ...rest] = record;
    if (inputMs !== this.#lastInputMs) {
      this.#lastInputMs = inputMs;
      return record;
    }
    return [rtpTimestamp, 0, ...rest] as FrameRecord;
  }

  #match(match: { record: FrameRecord; shown: ShownFrame } | undefined): void {
    if (!match) return;
    const atMs = match.shown.presentationMs;
    this.frames.push({ atMs, stages: stageTimes(match.record, match.shown, this.clock) });
    const oldest = atMs - HISTORY_MS;
    while (this.frames.length > 0 && this.frames[0].atMs < oldest) this.frames.shift();
  }

  /** Reads the browser's counters; call once a second. */
  async sample(peer: RTCPeerConnection, now: number): Promise<Interval | undefined> {
    const after = await readCounters(peer, now);
    const before = this.counters;
    this.counters = after;
    const shown = this.#shownSince;
    this.#shownSince = [];
    if (before) this.interval = intervalBetween(before, after, shown, this.clock.rttMs);
    return this.interval;
  }

  /** Medians over the last `ms`. */
  stages(now: number, ms: number): StageTimes {
    return medianStages(
      this.frames.filter((frame) => frame.atMs > now - ms).map((frame) => frame.stages),
    );
  }

  /** A new link: other counters, maybe another clock. */
  restart(): void {
    this.counters = undefined;
    this.interval = undefined;
    this.clock.clear();
    this.#matcher = new FrameMatcher();
    this.#shownSince = [];
  }
}
