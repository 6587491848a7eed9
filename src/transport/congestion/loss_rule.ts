/** Over this a path is too full, under the second there is room: the classic rule. */
const TOO_MUCH = 0.05;
const LITTLE = 0.02;
const WINDOW_MS = 600;
/** A cut shows in the whole window after this, ms. */
const EFFECT_MS = 1200;
/** Loss between the two limits is put to the test after this, ms. */
const HOLD_MS = 4000;
/** A trial cuts at least this much, or its effect would drown in chance. */
const TRIAL_FACTOR = 0.88;
/** Loss that keeps this share of itself through a cut does not come from the rate. */
const UNMOVED = 0.7;
/** Trials in a row that must fail before loss is taken as the path's own. */
const TRIALS = 2;
const MAX_INHERENT = 0.3;
const MIN_PACKETS = 20;

/** What the losses of the last window ask for. */
export interface LossVerdict {
  /** On the rate. 1: nothing; below: cut; above: what was cut for nothing comes back. */
  factor: number;
  /** There is no sign of congestion in the losses. */
  mayGrow: boolean;
}

/**
 * The classic rule, over 5 % down and under 2 % up, with a memory: loss that stays the same while
 * the rate was cut (a bad radio link) does not come from the rate. It is then taken as the path's
 * own, and only what exceeds it counts.
 */
export class LossRule {
  #window: { ms: number; lost: boolean }[] = [];
  #lostInWindow = 0;
  #inherent = 0;
  /** Since when the excess is not little. */
  #heldMs: number | undefined;
  #trial: { ms: number; loss: number; factor: number; count: number } | undefined;

  add(ms: number, lost: boolean): void {
    this.#window.push({ ms, lost });
    if (lost) this.#lostInWindow++;
  }

  /** 0–1 over the last window. */
  loss(nowMs: number): number {
    this.#forget(nowMs);
    if (this.#window.length === 0) return 0;
    return this.#lostInWindow / this.#window.length;
  }

  /** True where the losses show no congestion. */
  mayGrow(nowMs: number): boolean {
    return this.loss(nowMs) - this.#inherent < LITTLE;
  }

  /** Judges the last window; call with each feedback. */
  verdict(nowMs: number): LossVerdict {
    const loss = this.loss(nowMs);
    const excess = loss - this.#inherent;
    const none = { factor: 1, mayGrow: excess < LITTLE };
    if (this.#window.length < MIN_PACKETS) return none;
    if (this.#trial && nowMs - this.#trial.ms < EFFECT_MS) return { factor: 1, mayGrow: false };
    // The path got better.
    if (loss < this.#inherent) this.#inherent += (loss - this.#inherent) * 0.02;
    if (this.#trial && loss < UNMOVED * this.#trial.loss) this.#trial = undefined;
    if (excess < LITTLE) {
      this.#heldMs = this.#trial = undefined;
      return none;
    }
    this.#heldMs ??= nowMs;
    const { factor: cut, count } = this.#trial ?? { factor: 1, count: 0 };
    if (count >= TRIALS) {
      this.#inherent = Math.min(MAX_INHERENT, (loss + this.#trial!.loss) / 2);
      this.#heldMs = this.#trial = undefined;
      return { factor: 1 / cut, mayGrow: true };
    }
    const due = excess > TOO_MUCH || count > 0 || nowMs - this.#heldMs > HOLD_MS;
    if (!due) return none;
    const factor = Math.min(TRIAL_FACTOR, 1 - loss / 2);
    this.#trial = { ms: nowMs, loss, factor: cut * factor, count: count + 1 };
    return { factor, mayGrow: false };
  }

  #forget(nowMs: number): void {
    let count = 0;
    while (count < this.#window.length && this.#window[count].ms < nowMs - WINDOW_MS) {
      if (this.#window[count++].lost) this.#lostInWindow--;
    }
    if (count > 0) this.#window.splice(0, count);
  }
}
