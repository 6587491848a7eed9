/** A network path in simulated time, seeded: a queue with a rate, delay, jitter and loss. */
import { BandwidthEstimator } from "../../src/transport/congestion/estimator.ts";
import { FramePacer } from "../../src/transport/rtp/pacer.ts";
import type { PacketArrival } from "../../src/transport/rtp/rtcp.ts";

/** mulberry32: small and good enough to draw losses. */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let value = Math.imul(seed ^ seed >>> 15, 1 | seed);
    value = value + Math.imul(value ^ value >>> 7, 61 | value) ^ value;
    return ((value ^ value >>> 14) >>> 0) / 2 ** 32;
  };
}

export interface PathOptions {
  seed?: number;
  /** bit/s at a time (ms). */
  capacity: (ms: number) => number;
  /** One way, ms. */
  delayMs?: number;
  /** What the bottleneck's queue holds, ms of the capacity. */
  queueMs?: number;
  /** Share of packets lost at random. */
  loss?: number;
  /** Uniform extra delay up to this, ms; packets keep their order. */
  jitterMs?: number;
  /** A greedy window-based flow that backs off on loss runs in this time. */
  competing?: [number, number];
  /** What the source makes at most, bit/s; without it fills the estimate. */
  sourceBitrate?: number;
  startBitrate?: number;
  maxBitrate?: number;
  fps?: number;
}

export interface PathSample {
  ms: number;
  estimate: number;
  /** Time a packet would now wait at the bottleneck, ms. */
  queueMs: number;
  /** What arrived in the last sample's time, bit/s. */
  arrived: number;
  /** Share of the packets sent in that time that were lost. */
  lost: number;
}

const PACKET = 1230;
const SAMPLE_MS = 100;
const FEEDBACK_MS = 50;

/** Runs estimator and pacer over a path for `durationMs` and returns ten samples a second. */
export function simulatePath(options: PathOptions, durationMs: number): PathSample[] {
  const {
    delayMs = 10,
    queueMs = 300,
    loss = 0,
    jitterMs = 0,
    startBitrate = 10e6,
    maxBitrate = 50e6,
    fps = 60,
  } = options;
  const random = seeded(options.seed ?? 1);
  const estimator = new BandwidthEstimator({ startBitrate, maxBitrate, transportCc: true });
  const pacer = new FramePacer<{ payloads: Uint8Array[]; bytes: number; keyFrame: boolean }>(
    startBitrate,
  );
  /** When the bottleneck is free, ms. */
  let freeMs = 0;
  let sequence = 0;
  let lastArrivalMs = 0;
  let arrivedBytes = 0;
  let sentPackets = 0;
  let lostPackets = 0;
  const onTheWay: { sequence: number; atMs: number; bytes: number }[] = [];
  const received = new Map<number, number>();
  let reportedTo = 0;
  const feedback: { atMs: number; arrivals: PacketArrival[] }[] = [];
  const rival = { window: 10, inFlight: [] as number[], cutMs: -Infinity };
  const samples: PathSample[] = [];

  /** Through the bottleneck; undefined where the queue is full. */
  const enqueue = (bytes: number, nowMs: number): number | undefined => {
    const waiting = Math.max(0, freeMs - nowMs);
    if (waiting > queueMs) return undefined;
    freeMs = nowMs + waiting + bytes * 8000 / options.capacity(nowMs);
    return freeMs;
  };
  const send = (bytes: number, nowMs: number) => {
    const number = sequence++;
    estimator.sent(number & 0xffff, bytes, nowMs);
    const leaves = enqueue(bytes, nowMs);
    sentPackets++;
    if (leaves === undefined || random() < loss) {
      lostPackets++;
      return;
    }
    const atMs = Math.max(lastArrivalMs, leaves + delayMs + random() * jitterMs);
    lastArrivalMs = atMs;
    onTheWay.push({ sequence: number, atMs, bytes });
  };
  const compete = (nowMs: number) => {
    const [from, to] = options.competing ?? [0, 0];
    rival.inFlight = rival.inFlight.filter((atMs) => {
      if (atMs > nowMs) return true;
      rival.window += 1 / rival.window;
      return false;
    });
    if (nowMs < from || nowMs >= to) return;
    while (rival.inFlight.length < rival.window) {
      const leaves = enqueue(PACKET, nowMs);
      if (leaves !== undefined) rival.inFlight.push(leaves + 2 * delayMs);
      else {
        if (nowMs - rival.cutMs > 2 * delayMs + queueMs) {
          rival.window = Math.max(2, rival.window / 2);
        }
        rival.cutMs = nowMs;
        break;
      }
    }
  };

  let nextFrameMs = 0;
  for (let nowMs = 0; nowMs < durationMs; nowMs++) {
    compete(nowMs);
    if (nowMs >= nextFrameMs) {
      nextFrameMs += 1000 / fps;
      const bitrate = Math.min(
        estimator.estimate.bitrate * 0.95,
        options.sourceBitrate ?? Infinity,
      );
      const bytes = Math.max(200, bitrate / 8 / fps * (0.8 + 0.4 * random()));
      const payloads = Array.from(
        { length: Math.ceil(bytes / 1188) },
        (_, i) => new Uint8Array(Math.min(1188, Math.ceil(bytes - i * 1188))),
      );
      pacer.push({ payloads, bytes: Math.ceil(bytes), keyFrame: false });
    }
    for (const { frame, from, to } of pacer.take(nowMs)) {
      for (let i = from; i < to; i++) send(frame.payloads[i].length + 42, nowMs);
    }
    while (onTheWay.length > 0 && onTheWay[0].atMs <= nowMs) {
      const packet = onTheWay.shift()!;
      received.set(packet.sequence, packet.atMs);
      arrivedBytes += packet.bytes;
    }
    if (nowMs % FEEDBACK_MS === 0 && received.size > 0) {
      const highest = Math.max(...received.keys());
      const arrivals: PacketArrival[] = [];
      for (let number = reportedTo; number <= highest; number++) {
        const atMs = received.get(number);
        arrivals.push({
          transportSequence: number & 0xffff,
          // The receiver's clock is another one, and counts quarters.
          receivedMs: atMs === undefined ? undefined : Math.round((atMs + 5e6) * 4) / 4,
        });
      }
      reportedTo = Math.max(reportedTo, highest + 1);
      received.clear();
      feedback.push({ atMs: nowMs + delayMs, arrivals });
    }
    while (feedback.length > 0 && feedback[0].atMs <= nowMs) {
      estimator.arrived(feedback.shift()!.arrivals, nowMs);
      estimator.roundTrip(2 * delayMs);
    }
    if (nowMs % 50 === 0) {
      estimator.tick(nowMs);
      const bytes = estimator.probe(nowMs);
      if (bytes > 0) {
        const count = Math.ceil(bytes / PACKET);
        for (let i = 0; i < count; i++) send(PACKET, nowMs);
        pacer.charge(bytes);
        estimator.probed(count);
      }
    }
    pacer.target = estimator.estimate.bitrate;
    if (nowMs % SAMPLE_MS === 0) {
      samples.push({
        ms: nowMs,
        estimate: estimator.estimate.bitrate,
        queueMs: Math.max(0, freeMs - nowMs),
        arrived: arrivedBytes * 8000 / SAMPLE_MS,
        lost: lostPackets / Math.max(1, sentPackets),
      });
      arrivedBytes = sentPackets = lostPackets = 0;
    }
  }
  return samples;
}

/** Mean of a value over samples from `fromMs` up to `toMs`. */
export function mean(
  samples: PathSample[],
  of: (sample: PathSample) => number,
  fromMs: number,
  toMs = Infinity,
): number {
  const chosen = samples.filter(({ ms }) => ms >= fromMs && ms < toMs).map(of);
  return chosen.reduce((sum, value) => sum + value, 0) / chosen.length;
}

/** The value below which `share` of the samples lie. */
export function quantile(
  samples: PathSample[],
  of: (sample: PathSample) => number,
  share: number,
  fromMs: number,
  toMs = Infinity,
): number {
  const chosen = samples.filter(({ ms }) => ms >= fromMs && ms < toMs).map(of)
    .sort((a, b) => a - b);
  return chosen[Math.min(chosen.length - 1, Math.floor(share * chosen.length))];
}
