/** Over this a path is too full, under the second there is room (as in RFC 3550's senders and GCC). */
const TOO_MUCH = 0.05;
const LITTLE = 0.02;
const WINDOW_MS = 600;
/** A cut shows in the reports after about this, ms. */
const EFFECT_MS = 1200;
const MIN_PACKETS = 20;

/** What the losses of the last window ask for: a factor on the rate. */
export interface LossVerdict {
  /** 1: nothing; below: cut; above: what was cut for nothing comes back. */
  factor: number;
  /** There is no sign of congestion in the losses. */
  mayGrow: boolean;
}

/**
 * The classic rule, over 5 % down and under 2 % up, with a memory: loss that stays the same after
 * the rate was cut (a bad radio link) does not come from the rate. It is then taken as the path's
 * own, and only what exceeds it counts.
 */
export class LossRule {
  #window: { ms: number; lost: boolean }[] = [];
  #inherent = 0;
  #verdictMs = -Infinity;
  #cut: { ms: number; loss: number; factor: number; count: number } | undefined;

  add(ms: number, lost: boolean): void {
    this.#window.push({ ms, lost });
  }

  /** 0–1 over the last window. */
  loss(nowMs: number): number {
    this.#forget(nowMs);
    if (this.#window.length === 0) return 0;
    return this.#window.filter(({ lost }) => lost).length / this.#window.length;
  }

  /** The path's own loss, 0–1. */
  get inherent(): number {
    return this.#inherent;
  }

  /** True where the losses show no congestion. */
  mayGrow(nowMs: number): boolean {
    return this.loss(nowMs) - this.#inherent < LITTLE;
  }

  /** Judges the last window; call with each feedback. */
  verdict(nowMs: number): LossVerdict {
    const loss = this.loss(nowMs);
    const excess = loss - this.#inherent;
    const mayGrow = excess < LITTLE;
    if (this.#window.length < MIN_PACKETS || nowMs - this.#verdictMs < WINDOW_MS) {
      return { factor: 1, mayGrow };
    }
    if (this.#cut && nowMs - this.#cut.ms < EFFECT_MS) return { factor: 1, mayGrow };
    this.#verdictMs = nowMs;
    // The path got better.
    if (loss < this.#inherent) this.#inherent += (loss - this.#inherent) * 0.1;
    if (excess <= TOO_MUCH) {
      if (mayGrow) this.#cut = undefined;
      return { factor: 1, mayGrow };
    }
    const previous = this.#cut;
    if (previous && previous.count >= 2 && loss > 0.75 * previous.loss) {
      this.#inherent = Math.min(0.3, loss);
      this.#cut = undefined;
      return { factor: 1 / previous.factor, mayGrow: true };
    }
    const factor = 1 - loss / 2;
    this.#cut = {
      ms: nowMs,
      loss: previous?.loss ?? loss,
      factor: factor * (previous?.factor ?? 1),
      count: (previous?.count ?? 0) + 1,
    };
    return { factor, mayGrow: false };
  }

  #forget(nowMs: number): void {
    let count = 0;
    while (count < this.#window.length && this.#window[count].ms < nowMs - WINDOW_MS) count++;
    if (count > 0) this.#window.splice(0, count);
  }
}
