/**
 * Limits captures to a rate without making a regular source late: the generic cell rate algorithm
 * (ITU-T I.371). A capture may come up to half an interval early, so that jitter of a source at
 * exactly the limit passes undelayed, while the average stays at the limit.
 */
export class CapturePacing {
  #intervalMs: number;
  /** When the next capture is due at the exact rate. */
  #dueMs = -Infinity;

  constructor(fps: number) {
    this.#intervalMs = 1000 / fps;
  }

  setRate(fps: number): void {
    this.#intervalMs = 1000 / fps;
    this.#dueMs = -Infinity;
  }

  /** Milliseconds until the next capture is allowed; 0: now. */
  delay(nowMs: number): number {
    return Math.max(0, this.#dueMs - this.#intervalMs / 2 - nowMs);
  }

  /** A capture was made. */
  captured(nowMs: number): void {
    this.#dueMs = Math.max(this.#dueMs, nowMs) + this.#intervalMs;
  }
}
