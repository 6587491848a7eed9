/** Time constants of the two means, ms. */
const FAST_MS = 500;
const SLOW_MS = 5000;
/** The fast mean counts from so many losses on: fewer are chance. */
const FAST_LOSSES = 3;

/** Counts that fade with time. */
class FadingMean {
  #packets = 0;
  #lost = 0;
  #ms: number | undefined;

  constructor(private readonly timeConstantMs: number) {}

  add(ms: number, lost: boolean): void {
    this.#fade(ms);
    this.#packets++;
    if (lost) this.#lost++;
  }

  get lost(): number {
    return this.#lost;
  }

  get value(): number {
    return this.#packets < 1 ? 0 : this.#lost / this.#packets;
  }

  #fade(ms: number): void {
    const passed = Math.max(0, ms - (this.#ms ?? ms));
    this.#ms = ms;
    if (passed === 0) return;
    const left = Math.exp(-passed / this.timeConstantMs);
    this.#packets *= left;
    this.#lost *= left;
  }
}

/** How much a path loses, for what has to be ready before the next loss: quick to rise, slow to fall. */
export class LossLevel {
  readonly #fast = new FadingMean(FAST_MS);
  readonly #slow = new FadingMean(SLOW_MS);

  add(ms: number, lost: boolean): void {
    this.#fast.add(ms, lost);
    this.#slow.add(ms, lost);
  }

  /** 0–1 */
  get value(): number {
    const fast = this.#fast.lost >= FAST_LOSSES ? this.#fast.value : 0;
    return Math.max(fast, this.#slow.value);
  }
}
