/**
 * Holds pictures to a rate without locking a regular source one picture late.
 *
 * A source whose clock runs a little fast would, if each early picture waited for its time, end up
 * with every picture waiting. So a picture may come up to one interval early; when that credit is
 * used up, the early picture waits for a newer one to replace it, at most until its own time.
 * (The generic cell rate algorithm, ITU-T I.371, with a tolerance of one interval.)
 */
export class FrameLimiter {
  #due = 0;
  #interval: number;

  /** @param fps pictures a second that pass at most */
  constructor(fps: number) {
    this.#interval = 1000 / fps;
  }

  setRate(fps: number): void {
    this.#interval = 1000 / fps;
  }

  /** The frame interval, ms. */
  get interval(): number {
    return this.#interval;
  }

  /** True where a picture that arrives now may pass at once. */
  allows(now: number): boolean {
    return now >= this.#due - this.#interval;
  }

  /** When a picture that was not allowed passes, if none newer came. */
  get due(): number {
    return this.#due;
  }

  /** Counts a picture that passes now. */
  pass(now: number): void {
    this.#due = Math.max(now, this.#due) + this.#interval;
  }
}
