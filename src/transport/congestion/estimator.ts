import type { PathEstimate } from "../../media/stages.ts";
import type { PacketArrival } from "../rtp/rtcp.ts";

export interface EstimatorOptions {
  /** bit/s */
  startBitrate: number;
  maxBitrate: number;
  /** The receiver reports each packet's arrival. */
  transportCc: boolean;
}

/** The least that is ever asked of a path, bit/s. */
export const MIN_BITRATE = 300_000;

/** What a path carries, by the classic loss rule: over 5 % down, under 2 % up. */
export class BandwidthEstimator {
  #bitrate: number;
  #loss = 0;
  #rttMs = 0;
  #cap = Infinity;
  #changed = false;

  constructor(private readonly options: EstimatorOptions) {
    this.#bitrate = Math.min(options.startBitrate, options.maxBitrate);
  }

  get estimate(): PathEstimate {
    return { bitrate: this.#bitrate, loss: this.#loss, rttMs: this.#rttMs, queueMs: 0 };
  }

  sent(_transportSequence: number, _bytes: number, _nowMs: number): void {}
  arrived(_arrivals: PacketArrival[], _nowMs: number): void {}
  probed(_first: number, _count: number, _nowMs: number): void {}
  probe(_nowMs: number): number {
    return 0;
  }
  tick(_nowMs: number): void {}
  roundTrip(ms: number): void {
    this.#rttMs = ms;
    this.#changed = true;
  }
  limited(bitrate: number): void {
    this.#cap = bitrate;
  }
  reported(fractionLost: number, _nowMs: number): void {
    this.#loss = fractionLost;
    if (fractionLost > 0.05) this.#bitrate *= 1 - fractionLost / 2;
    else if (fractionLost < 0.02) this.#bitrate *= 1.05;
    this.#bitrate = Math.max(
      MIN_BITRATE,
      Math.min(this.#bitrate, this.options.maxBitrate, this.#cap),
    );
    this.#changed = true;
  }
  takeChange(): PathEstimate | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    return this.estimate;
  }
}
