/** Pauses between refreshes after the picture stopped moving, ms; the last one repeats. */
const PAUSES = [100, 50, 50, 50, 100, 200, 400, 1000, 2000];

/**
 * When to encode an unchanged picture again.
 *
 * A picture in motion gets few bits; soon after it stopped, a few more encodings bring it to full
 * quality. After that one in two seconds keeps the stream alive, which costs almost nothing.
 */
export class RefreshSchedule {
  #next = 0;
  #step = 0;

  /** A new picture was encoded. */
  moved(now: number): void {
    this.#step = 0;
    this.#next = now + PAUSES[0];
  }

  /** The last picture was encoded again. */
  refreshed(now: number): void {
    this.#step = Math.min(this.#step + 1, PAUSES.length - 1);
    this.#next = now + PAUSES[this.#step];
  }

  /** When the next refresh is due. */
  get next(): number {
    return this.#next;
  }
}
