import type { VideoLoad } from "../media/stages.ts";

/** Collects encode times and sums them up about once a second. */
export class LoadMeter {
  #since: number;
  #times: number[] = [];

  constructor(now: number) {
    this.#since = now;
  }

  /** When the next report is due. */
  get next(): number {
    return this.#since + 1000;
  }

  /** A picture took `encodeMs`. */
  add(encodeMs: number): void {
    this.#times.push(encodeMs);
  }

  /** Sums up what came since the last report, for a stream of `fps`. */
  report(now: number, fps: number): VideoLoad {
    const times = this.#times.sort((a, b) => a - b);
    const encodeMs = times[times.length >> 1] ?? 0;
    const load = {
      fps: times.length * 1000 / Math.max(1, now - this.#since),
      encodeMs,
      load: encodeMs * fps / 1000,
    };
    this.restart(now);
    return load;
  }

  /** Forgets what came; after a pause. */
  restart(now: number): void {
    this.#since = now;
    this.#times = [];
  }
}
