import type { PacketFate } from "./arrivals.ts";

/** A probe asks for this multiple of the rate over this time. */
const FACTOR = 2;
const DURATION_MS = 15;
/** What is sent within this time of a burst's start stands in the queue behind it, ms. */
const DISTURBED_MS = 2 * DURATION_MS;
const MIN_BYTES = 12_000;
/** Cheap routers hold about a hundred packets. */
const MAX_BYTES = 75_000;
const MIN_INTERVAL_MS = 400;
const MAX_INTERVAL_MS = 30_000;
/** A probe that is not answered by then failed. */
const TIMEOUT_MS = 1000;

interface Running {
  first: number;
  count: number;
  startedMs: number;
  fates: Map<number, PacketFate>;
}

/**
 * When to probe and what a probe showed: a burst's packets leave together, and how far apart they
 * arrive tells what the narrowest link carries.
 */
export class ProbeController {
  #running: Running | undefined;
  #intervalMs = MIN_INTERVAL_MS;
  #nextMs = -Infinity;
  #startedMs = -Infinity;

  /** Bytes to send as a burst now; 0: not now. `clear`: the path shows no congestion. */
  request(rate: number, clear: boolean, nowMs: number): number {
    if (this.#running && nowMs - this.#running.startedMs > TIMEOUT_MS) this.failed(nowMs);
    if (this.#running || !clear || nowMs < this.#nextMs) return 0;
    this.#startedMs = nowMs;
    this.#nextMs = nowMs + this.#intervalMs;
    const bytes = FACTOR * rate / 8000 * DURATION_MS;
    return Math.round(Math.min(MAX_BYTES, Math.max(MIN_BYTES, bytes)));
  }

  /** Packets `first` up to `first + count` are the burst. */
  sent(first: number, count: number): void {
    this.#running = { first, count, startedMs: this.#startedMs, fates: new Map() };
  }

  /**
   * bit/s at which the running probe arrived, once all of it is known. `loss`: the path's own share.
   */
  learn(fates: PacketFate[], loss: number, nowMs: number): number | undefined {
    const running = this.#running;
    if (!running) return undefined;
    for (const fate of fates) {
      if (fate.sequence >= running.first && fate.sequence < running.first + running.count) {
        running.fates.set(fate.sequence, fate);
      }
    }
    if (running.fates.size < running.count) return undefined;
    this.#running = undefined;
    const arrived = [...running.fates.values()].filter((fate) => fate.receivedMs !== undefined);
    // The burst did not fit through.
    if (arrived.length < (0.9 - 1.5 * loss) * running.count) {
      this.failed(nowMs);
      return undefined;
    }
    const times = arrived.map((fate) => fate.receivedMs!);
    const spreadMs = Math.max(...times) - Math.min(...times);
    const bytes = arrived.reduce((sum, fate) => sum + fate.bytes, 0) * (1 - 1 / arrived.length);
    // Feedback counts in quarters of a millisecond.
    return bytes * 8000 / Math.max(0.5, spreadMs);
  }

  /** A packet that was sent then may have been lost to the last burst. */
  disturbed(sentMs: number): boolean {
    return sentMs >= this.#startedMs && sentMs < this.#startedMs + DISTURBED_MS;
  }

  succeeded(nowMs: number): void {
    this.#intervalMs = MIN_INTERVAL_MS;
    this.#nextMs = nowMs + MIN_INTERVAL_MS / 2;
  }

  /** There is reason to believe that the path carries more than before. */
  soon(nowMs: number): void {
    this.#intervalMs = MIN_INTERVAL_MS;
    this.#nextMs = nowMs;
  }

  failed(nowMs: number): void {
    this.#running = undefined;
    this.#intervalMs = Math.min(MAX_INTERVAL_MS, Math.max(2000, this.#intervalMs * 2));
    this.#nextMs = nowMs + this.#intervalMs;
  }
}
