/** The standing queue is the least delay of this long, ms: spikes and a frame's own burst pass. */
const STANDING_MS = 120;
/** The path's base delay is the least of one to two of these, ms; old enough for clock drift. */
const BASE_EPOCH_MS = 20_000;

/**
 * How long packets wait in queues on the path: their one-way delay over the least seen lately.
 *
 * Sender and receiver have different clocks; only the difference to the least counts, so the
 * offset cancels. Taking the least of a short time ignores jitter and the queue that a frame makes
 * for itself, and leaves the queue that stays: the one that too high a rate builds.
 */
export class QueueDelay {
  #recent: { sentMs: number; delayMs: number }[] = [];
  #base = Infinity;
  #previousBase = Infinity;
  #epochMs: number | undefined;

  add(sentMs: number, receivedMs: number): void {
    const delayMs = receivedMs - sentMs;
    this.#epochMs ??= sentMs;
    if (sentMs - this.#epochMs > BASE_EPOCH_MS) {
      this.#epochMs = sentMs;
      this.#previousBase = this.#base;
      this.#base = delayMs;
    }
    this.#base = Math.min(this.#base, delayMs);
    // Monotonic: an entry that is older and larger than a newer one can never be the least again.
    while (this.#recent.length > 0 && this.#recent[this.#recent.length - 1].delayMs >= delayMs) {
      this.#recent.pop();
    }
    this.#recent.push({ sentMs, delayMs });
    while (this.#recent.length > 1 && this.#recent[0].sentMs < sentMs - STANDING_MS) {
      this.#recent.shift();
    }
  }

  /** The standing queue, ms; 0 before anything arrived. */
  get standingMs(): number {
    if (this.#recent.length === 0) return 0;
    return this.#recent[0].delayMs - Math.min(this.#base, this.#previousBase);
  }

  /** The path changed (another network): old delays mean nothing. */
  reset(): void {
    this.#recent = [];
    this.#base = this.#previousBase = Infinity;
    this.#epochMs = undefined;
  }
}
