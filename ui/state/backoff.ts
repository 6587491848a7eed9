/**
 * Waiting times for reconnecting: short at first, doubling up to a ceiling, and a little random so
 * that the screens of a house do not all come back in the same instant.
 */
export class Backoff {
  #attempts = 0;
  constructor(
    readonly firstMs = 250,
    readonly ceilingMs = 5000,
    readonly random: () => number = Math.random,
  ) {}

  get attempts(): number {
    return this.#attempts;
  }

  /** ms to wait before the next attempt: 75–100 % of the doubling step. */
  next(): number {
    const step = Math.min(this.ceilingMs, this.firstMs * 2 ** this.#attempts++);
    return step * (0.75 + 0.25 * this.random());
  }

  /** After a success. */
  reset(): void {
    this.#attempts = 0;
  }
}
