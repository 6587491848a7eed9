/** One IDR at most in this time, however many viewers lose pictures. */
const COOLDOWN_MS = 250;

/**
 * Merges the viewers' wishes for an IDR: each viewer has a cooldown of its own, but sixteen of them
 * together could make every fourth picture an IDR, which costs all of them bandwidth.
 */
export class IdrGate {
  #lastMs = -Infinity;
  #waiting = false;

  /**
   * Somebody needs an IDR at `nowMs`. Returns how long to wait until it is made, 0 for at once, or
   * undefined where one is on its way already. Call {@linkcode made} when it is made.
   */
  ask(nowMs: number): number | undefined {
    if (this.#waiting) return undefined;
    this.#waiting = true;
    return Math.max(0, this.#lastMs + COOLDOWN_MS - nowMs);
  }

  made(nowMs: number): void {
    this.#lastMs = nowMs;
    this.#waiting = false;
  }
}
