/** Bytes over a sliding time window, as bit/s. */
export class RateWindow {
  #events: { ms: number; bytes: number }[] = [];
  #bytes = 0;
  #head = 0;

  constructor(readonly windowMs: number) {}

  add(ms: number, bytes: number): void {
    this.#events.push({ ms, bytes });
    this.#bytes += bytes;
    this.#forget(ms);
  }

  /** bit/s over the window that ends at `ms`. */
  rate(ms: number): number {
    this.#forget(ms);
    return this.#bytes * 8000 / this.windowMs;
  }

  /** ms covered: less than the window shortly after the start. */
  get spanMs(): number {
    const count = this.#events.length;
    return count === 0 ? 0 : this.#events[count - 1].ms - this.#events[this.#head].ms;
  }

  #forget(ms: number): void {
    while (
      this.#head < this.#events.length && this.#events[this.#head].ms <= ms - this.windowMs
    ) {
      this.#bytes -= this.#events[this.#head++].bytes;
    }
    if (this.#head > 512) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
  }
}
