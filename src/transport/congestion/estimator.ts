/**
 * How much a path carries, from when its packets arrive.
 *
 * Delay decides: a rate over the path's capacity builds a standing queue, which is seen within a
 * fifth of a second, long before anything is lost. The rate then falls below what arrives, until
 * the queue is gone. Losses decide where queues are too short to be seen. Where a stream sends less
 * than it may, nothing is learned from its packets: the rate neither falls nor grows by them, and
 * bursts of repeated packets probe for more. README.md of this folder tells the whole.
 *
 * No clock and no socket: time comes as an argument.
 */
import type { PathEstimate } from "../../media/stages.ts";
import type { PacketArrival } from "../rtp/rtcp.ts";
import { ArrivalTracker, type PacketFate } from "./arrivals.ts";
import { LossLevel } from "./loss_level.ts";
import { LossRule } from "./loss_rule.ts";
import { ProbeController } from "./probe.ts";
import { QueueDelay } from "./queue_delay.ts";
import { RateWindow } from "./rate_window.ts";

export interface EstimatorOptions {
  /** bit/s */
  startBitrate: number;
  maxBitrate: number;
  /** The receiver reports each packet's arrival. */
  transportCc: boolean;
}

/** The least that is ever asked of a path, bit/s. */
export const MIN_BITRATE = 300_000;
/** A standing queue above this is congestion, ms. */
const CONGESTED_MS = 20;
/** Below this the rate may grow. */
const CLEAR_MS = 10;
/** A queue that does not shrink for this long although we sent this share is another flow's. */
const FOREIGN_TREND_MS = 500;
const FOREIGN_SHARE = 0.6;
/** What holds packets up for less time, while a stream sends less than it may, is a pause, ms. */
const PAUSE_MS = 300;
/** After this it is tried again whether the queue is ours, ms. */
const FOREIGN_MS = 8_000;
const DELIVERY_WINDOW_MS = 250;
/** What a stream sends that makes less than it may, ms: a second of frames of all sizes. */
const TRIAL_WINDOW_MS = 1000;
/** Growth a second: where the capacity is unknown, and near the last known one. */
const FAST_GROWTH = 0.3;
const SLOW_GROWTH = 0.07;
/** After this the last known capacity counts no more, ms. */
const CAPACITY_MEMORY_MS = 20_000;
/** A stream that sends less than this share of its rate says nothing about the path. */
const APPLICATION_LIMITED = 0.7;
/** One that sends less than this share of it cannot be what overflows the path. */
const SPARE = 0.5;
const SILENCE_MS = 700;
const EMIT_MS = 250;

export class BandwidthEstimator {
  readonly #tracker = new ArrivalTracker();
  readonly #delay = new QueueDelay();
  readonly #losses = new LossRule();
  readonly #level = new LossLevel();
  readonly #delivered = new RateWindow(DELIVERY_WINDOW_MS);
  readonly #sent = new RateWindow(DELIVERY_WINDOW_MS);
  readonly #sentLately = new RateWindow(TRIAL_WINDOW_MS);
  readonly #probes = new ProbeController();
  #rate: number;
  #rttMs = 0;
  #reportedLoss = 0;
  #receiverCap = Infinity;
  #capacity: { bitrate: number; ms: number } | undefined;
  #cutMs = -Infinity;
  /** What the rate was before it was cut to see whether losses fall. */
  #beforeTrial: number | undefined;
  /** The rate to return to when the queue is gone. */
  #drained: number | undefined;
  /** Since the queue is there: what the rate was at first, and the queue lately. */
  #congestion:
    | { ms: number; rate: number; queue: { ms: number; queueMs: number }[] }
    | undefined;
  /** Another flow keeps the queue full: until when the rate stays, and where. */
  #foreign: { untilMs: number; floor: number } | undefined;
  #grownMs: number | undefined;
  #lastReceivedMs = -Infinity;
  #feedbackMs: number | undefined;
  #lastSentMs = -Infinity;
  #emitted = { ms: -Infinity, bitrate: 0 };
  #nowMs = 0;

  constructor(private readonly options: EstimatorOptions) {
    this.#rate = Math.min(options.startBitrate, options.maxBitrate);
  }

  get estimate(): PathEstimate {
    const { transportCc } = this.options;
    return {
      bitrate: this.#rate,
      loss: transportCc ? this.#losses.loss(this.#nowMs) : this.#reportedLoss,
      rttMs: this.#rttMs,
      queueMs: Math.max(0, this.#delay.standingMs),
    };
  }

  /** How much the path loses, 0–1, for what has to be ready before the next loss. */
  get lossLevel(): number {
    return this.options.transportCc ? this.#level.value : this.#reportedLoss;
  }

  /** The stream sends far less than the path carries. */
  get hasRoom(): boolean {
    return this.#sentLately.rate(this.#nowMs) < SPARE * this.#rate;
  }

  /** A packet left. `bytes`: on the wire. */
  sent(transportSequence: number, bytes: number, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#tracker.sent(transportSequence, bytes, nowMs);
    this.#sent.add(nowMs, bytes);
    this.#sentLately.add(nowMs, bytes);
    this.#lastSentMs = nowMs;
  }

  /** Transport-wide feedback came in. */
  arrived(arrivals: PacketArrival[], nowMs: number): void {
    this.#nowMs = nowMs;
    const fates = this.#tracker.arrived(arrivals);
    if (fates.length === 0) return;
    this.#feedbackMs = nowMs;
    for (const fate of fates) this.#learn(fate, nowMs);
    const found = this.#probes.learn(fates, this.#losses.inherent, nowMs);
    if (found !== undefined) this.#probed(found, nowMs);
    this.#decide(nowMs);
  }

  /** Round trip from a receiver report, ms. */
  roundTrip(ms: number): void {
    this.#rttMs = this.#rttMs === 0 ? ms : this.#rttMs + (ms - this.#rttMs) * 0.3;
  }

  /** A receiver report's loss, 0–1: decides where there is no transport-wide feedback. */
  reported(fractionLost: number, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#reportedLoss = fractionLost;
    if (this.options.transportCc) return;
    if (fractionLost > 0.05) this.#set(this.#rate * (1 - fractionLost / 2));
    else if (fractionLost < 0.02) this.#set(this.#rate * 1.05);
  }

  /** The receiver's own estimate (REMB), bit/s: holds where there is no transport-wide feedback. */
  limited(bitrate: number): void {
    if (this.options.transportCc) return;
    this.#receiverCap = Math.max(MIN_BITRATE, bitrate);
    this.#set(this.#rate);
  }

  /** Bytes to send now as a probe; 0: none. Answer with {@linkcode probed}. */
  probe(nowMs: number): number {
    if (!this.options.transportCc || this.#rate >= this.options.maxBitrate) return 0;
    const clear = this.#clear && this.#losses.mayGrow(nowMs);
    return this.#probes.request(this.#rate, clear && this.#feedbackMs !== undefined, nowMs);
  }

  /** The `count` last sent packets are the probe. */
  probed(count: number): void {
    this.#probes.sent(this.#tracker.next - count, count);
  }

  /** Call about 20 times a second. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    const silentMs = nowMs - (this.#feedbackMs ?? nowMs);
    const sending = nowMs - this.#lastSentMs < 100;
    // Nobody hears us: whatever the path carries now, it is less than that.
    if (sending && silentMs > SILENCE_MS + this.#rttMs && nowMs - this.#cutMs > SILENCE_MS) {
      this.#cutMs = nowMs;
      this.#set(this.#rate * 0.7);
    }
  }

  /** The viewer came back, perhaps on another network. */
  reset(): void {
    this.#delay.reset();
    this.#capacity =
      this.#drained =
      this.#congestion =
      this.#foreign =
      this.#beforeTrial =
        undefined;
    this.#losses.reset();
    this.#feedbackMs = undefined;
    this.#set(Math.min(this.#rate, this.options.startBitrate));
  }

  /** The estimate, where it changed enough or long enough ago. */
  takeChange(): PathEstimate | undefined {
    const due = this.#nowMs - this.#emitted.ms >= EMIT_MS;
    const moved = Math.abs(this.#rate - this.#emitted.bitrate) > 0.03 * this.#emitted.bitrate;
    if (!due && !moved) return undefined;
    this.#emitted = { ms: this.#nowMs, bitrate: this.#rate };
    return this.estimate;
  }

  #learn(fate: PacketFate, nowMs: number): void {
    const lost = fate.receivedMs === undefined;
    // A burst that overflows a queue says nothing of the path at other times.
    if (!lost || !this.#probes.disturbed(fate.sentMs)) {
      this.#losses.add(nowMs, fate.sentMs, lost, this.#rttMs);
      this.#level.add(nowMs, lost);
    }
    if (fate.receivedMs === undefined) return;
    this.#delay.add(fate.sentMs, fate.receivedMs);
    this.#lastReceivedMs = Math.max(this.#lastReceivedMs, fate.receivedMs);
    this.#delivered.add(this.#lastReceivedMs, fate.bytes);
  }

  get #clear(): boolean {
    return this.#delay.standingMs < CLEAR_MS;
  }

  #decide(nowMs: number): void {
    const queueMs = this.#delay.standingMs;
    const mayGrow = this.#weighLosses(nowMs);
    if (queueMs > CONGESTED_MS) {
      this.#congested(queueMs, nowMs);
    } else if (this.#clear) {
      this.#congestion = this.#foreign = undefined;
      if (this.#drained !== undefined) {
        this.#set(Math.max(this.#rate, this.#drained));
        this.#drained = undefined;
      }
      if (mayGrow) this.#grow(nowMs);
    }
    this.#grownMs = nowMs;
  }

  /** Returns whether the losses allow growth. */
  #weighLosses(nowMs: number): boolean {
    const sent = this.#sentLately.spanMs > 0.9 * TRIAL_WINDOW_MS
      ? this.#sentLately.rate(nowMs)
      : Infinity;
    const spare = sent < SPARE * this.#rate;
    const { action, factor, mayGrow } = this.#losses.verdict(nowMs, spare);
    if (action === "cut") {
      this.#beforeTrial = this.#rate;
      // A stream that sends less than it may would not notice a cut of what it may.
      this.#set(Math.min(this.#rate, sent) * factor);
    } else if (action === "restore") {
      this.#set(Math.max(this.#rate, this.#beforeTrial ?? 0));
      this.#beforeTrial = undefined;
    } else if (action === "congestion") {
      this.#beforeTrial = undefined;
      this.#capacity = { bitrate: this.#delivered.rate(this.#lastReceivedMs), ms: nowMs };
      // Where the stream does not fill its rate, it may have been a short disturbance only.
      if (spare) this.#probes.soon(nowMs);
      else this.#probes.failed(nowMs);
    }
    return mayGrow;
  }

  #congested(queueMs: number, nowMs: number): void {
    // The queue tells more than the trial would.
    this.#beforeTrial = undefined;
    this.#congestion ??= { ms: nowMs, rate: this.#rate, queue: [] };
    const { ms, rate, queue } = this.#congestion;
    queue.push({ ms: nowMs, queueMs });
    while (queue.length > 1 && queue[1].ms <= nowMs - FOREIGN_TREND_MS) queue.shift();
    // A cut shows one round trip and one window later.
    if (nowMs - this.#cutMs < 150 + this.#rttMs) return;
    // We went far below what we had, and the queue does not shrink: another flow holds it. Giving
    // way further would leave us nothing, so from here on the rate falls slowly.
    const stays = nowMs - queue[0].ms >= FOREIGN_TREND_MS && queueMs > queue[0].queueMs - 10;
    const less = Math.max(this.#rate, this.#sent.rate(nowMs)) < FOREIGN_SHARE * rate;
    if (stays && nowMs - ms > 800 && less) {
      this.#foreign = { untilMs: nowMs + FOREIGN_MS, floor: FOREIGN_SHARE * rate };
      this.#congestion = undefined;
    }
    if (this.#foreign && nowMs < this.#foreign.untilMs) {
      this.#set(Math.max(this.#rate, this.#foreign.floor));
      return;
    }
    this.#foreign = undefined;
    this.#cutMs = nowMs;
    this.#probes.failed(nowMs);
    const delivered = this.#delivered.rate(this.#lastReceivedMs);
    const sent = this.#sent.rate(nowMs);
    // A machine or a radio that pauses holds packets up too: only a queue that stays is the path's.
    const lasts = nowMs - ms >= PAUSE_MS;
    if (sent > APPLICATION_LIMITED * this.#rate || (lasts && delivered < 0.85 * sent)) {
      // The path is full of our packets: what arrives is its capacity.
      this.#capacity = { bitrate: delivered, ms: nowMs };
      this.#drained = 0.92 * delivered;
      const excess = Math.min(0.35, Math.max(0, queueMs - CONGESTED_MS) / 400);
      this.#set(Math.min(this.#rate, delivered * (0.85 - excess)));
    } else {
      this.#set(Math.min(this.#rate * 0.85, Math.max(this.#rate * 0.5, 1.5 * sent)));
    }
  }

  #grow(nowMs: number): void {
    const passed = Math.min(0.25, (nowMs - (this.#grownMs ?? nowMs)) / 1000);
    if (this.#sent.rate(nowMs) < APPLICATION_LIMITED * this.#rate) return;
    if (this.#capacity && nowMs - this.#capacity.ms > CAPACITY_MEMORY_MS) {
      this.#capacity = undefined;
    }
    const known = this.#capacity?.bitrate;
    if (known !== undefined && this.#rate > 1.15 * known) {
      // More than the path carried before, and no queue: it has grown.
      this.#capacity = undefined;
      this.#probes.soon(nowMs);
    }
    const near = known !== undefined && this.#rate > 0.85 * known;
    this.#set(this.#rate * (1 + (near ? SLOW_GROWTH : FAST_GROWTH) * passed));
  }

  /** A probe arrived at `bitrate`. */
  #probed(bitrate: number, nowMs: number): void {
    const proven = Math.min(2 * this.#rate, 0.85 * bitrate);
    if (proven > 1.05 * this.#rate && this.#clear) {
      this.#set(proven);
      this.#probes.succeeded(nowMs);
    } else {
      this.#probes.failed(nowMs);
    }
  }

  #set(bitrate: number): void {
    this.#rate = Math.max(
      MIN_BITRATE,
      Math.min(bitrate, this.options.maxBitrate, this.#receiverCap),
    );
  }
}
