/** Excess over this is put to the test at once, over the second after a while. */
const TOO_MUCH = 0.05;
const LITTLE = 0.02;
const HOLD_MS = 4000;
/**
 * Losses are judged over this time, and over up to the second one where it has few packets: of a
 * hundred packets, chance alone makes 2 % of 5 % and 9 % too.
 */
const WINDOW_MS = 600;
const LONG_WINDOW_MS = 2000;
const ENOUGH_PACKETS = 200;
const MIN_PACKETS = 20;
/** An excess is one when it is this many standard deviations over what chance makes. */
const SIGNIFICANCE = 2.5;
/** A trial cuts at least and at most to this. */
const TRIAL_FACTOR = 0.88;
const LEAST_FACTOR = 0.6;
/** Besides the round trip: how long the queues on the way need to show the cut, ms. */
const EFFECT_MS = 150;
/** A trial ends when this many packets would have been lost had nothing changed. */
const TRIAL_LOSSES = 10;
/** A trial that sees too few packets ends without a verdict, ms. */
const TRIAL_MS = 8000;
const MAX_INHERENT = 0.3;
/** More than this is no bad radio link, whatever the stream sends. */
const MAX_UNTRIED = 0.25;

/** What the losses ask for. */
export interface LossVerdict {
  /**
   * `cut`: lower the rate to `factor` of what is sent, to see whether losses fall. `restore`: they
   * did not, what was cut comes back. `congestion`: they did.
   */
  action: "none" | "cut" | "restore" | "congestion";
  factor: number;
  /** There is no sign of congestion in the losses. */
  mayGrow: boolean;
}

interface Trial {
  ms: number;
  /** Loss before, what congestion would leave of it, and the least that is not congestion. */
  loss: number;
  ifCongestion: number;
  unmoved: number;
  packets: number;
  lost: number;
}

/**
 * Whose fault losses are. Over 5 % more than usual they are put to the test: the rate is cut by
 * more than they say it is too high. If they were congestion, they end; if they stay, they are the
 * path's own (a bad radio link), the cut is taken back, and from then on only what exceeds them
 * counts. A stream that sends far less than the path carries is not cut for what cannot be its doing.
 */
export class LossRule {
  #window: { ms: number; lost: boolean }[] = [];
  #lostInWindow = 0;
  #inherent = 0;
  /** Since when the excess is not little. */
  #heldMs: number | undefined;
  #trial: Trial | undefined;

  /** The fate of a packet that was sent at `sentMs` and is known at `ms`. */
  add(ms: number, sentMs: number, lost: boolean, rttMs: number): void {
    this.#window.push({ ms, lost });
    if (lost) this.#lostInWindow++;
    if (this.#trial && sentMs > this.#trial.ms + EFFECT_MS && ms > this.#trial.ms + rttMs) {
      this.#trial.packets++;
      if (lost) this.#trial.lost++;
    }
  }

  /** 0–1 over the last window. */
  loss(nowMs: number): number {
    this.#forget(nowMs);
    return this.#window.length === 0 ? 0 : this.#lostInWindow / this.#window.length;
  }

  /** The path's own loss, 0–1. */
  get inherent(): number {
    return this.#inherent;
  }

  /** True where the losses show no congestion. */
  mayGrow(nowMs: number): boolean {
    return !this.#trial && this.loss(nowMs) - this.#inherent < LITTLE;
  }

  /** Another path: nothing is known of it. */
  reset(): void {
    this.#window = [];
    this.#lostInWindow = this.#inherent = 0;
    this.#heldMs = this.#trial = undefined;
  }

  /**
   * Judges; call with each feedback.
   *
   * @param spare the stream sends far less than the path was found to carry: no trial is needed
   */
  verdict(nowMs: number, spare: boolean): LossVerdict {
    const loss = this.loss(nowMs);
    if (this.#trial) return this.#judge(this.#trial, nowMs);
    const mayGrow = this.mayGrow(nowMs);
    const none: LossVerdict = { action: "none", factor: 1, mayGrow };
    const packets = this.#window.length;
    if (packets < MIN_PACKETS) return none;
    // The path got better.
    if (loss < this.#inherent) this.#inherent += (loss - this.#inherent) * 0.02;
    const excess = loss - this.#inherent;
    if (excess < LITTLE) this.#heldMs = undefined;
    else this.#heldMs ??= nowMs;
    if (!this.#isSignificant(excess, packets)) return none;
    if (excess < TOO_MUCH && nowMs - (this.#heldMs ?? nowMs) < HOLD_MS) return none;
    this.#heldMs = undefined;
    if (spare && loss < MAX_UNTRIED) {
      this.#inherent = loss;
      return { ...none, mayGrow: true };
    }
    const factor = Math.max(LEAST_FACTOR, Math.min(TRIAL_FACTOR, 1 - 1.2 * excess));
    // What overflows at the full rate is mostly gone at the lower one.
    const ifCongestion = Math.max(this.#inherent, 1 - (1 - loss) / factor);
    this.#trial = {
      ms: nowMs,
      loss,
      ifCongestion,
      unmoved: (loss + ifCongestion) / 2,
      packets: 0,
      lost: 0,
    };
    return { action: "cut", factor, mayGrow: false };
  }

  #isSignificant(excess: number, packets: number): boolean {
    const chance = Math.sqrt(packets * Math.max(0.01, this.#inherent));
    return excess * packets > SIGNIFICANCE * chance + 1;
  }

  #judge(trial: Trial, nowMs: number): LossVerdict {
    const { packets, lost, loss, ifCongestion, unmoved } = trial;
    const seen = packets * loss >= TRIAL_LOSSES;
    if (!seen && nowMs - trial.ms < TRIAL_MS) return { action: "none", factor: 1, mayGrow: false };
    this.#trial = undefined;
    // What came before would look like a new excess.
    this.#window = [];
    this.#lostInWindow = 0;
    if (!seen) return { action: "restore", factor: 1, mayGrow: false };
    const after = lost / packets;
    if (after < unmoved) {
      // The cut was deep enough for all of the excess: what is left of it is not from the rate.
      if (ifCongestion <= this.#inherent) this.#inherent = Math.max(this.#inherent, after);
      return { action: "congestion", factor: 1, mayGrow: false };
    }
    this.#inherent = Math.min(MAX_INHERENT, after);
    return { action: "restore", factor: 1, mayGrow: true };
  }

  #forget(nowMs: number): void {
    let count = 0;
    const window = this.#window;
    while (count < window.length && window[count].ms < nowMs - WINDOW_MS) {
      const few = window.length - count <= ENOUGH_PACKETS;
      if (few && window[count].ms >= nowMs - LONG_WINDOW_MS) break;
      if (window[count++].lost) this.#lostInWindow--;
    }
    if (count > 0) window.splice(0, count);
  }
}
