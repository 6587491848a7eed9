/**
 * Spreads a frame's packets over a part of the frame interval, so that a large frame does not
 * overflow a small queue on the way, and bounds what waits for a slow path.
 *
 * No clock and no socket: time comes as an argument, packets leave by {@linkcode FramePacer.take}.
 */

export interface PacerSettings {
  /** A frame of average size leaves within this share of its interval. */
  share: number;
  /** Bytes that may leave at once after a pause; a frame up to this size is not delayed at all. */
  burstBytes: number;
  /** Burst as time of the target rate, ms; the larger of the two holds. */
  burstMs: number;
  /** Frames that would wait longer than this are dropped, ms. */
  maxQueueMs: number;
  /** Over a longer time no more than this multiple of the target leaves. */
  sustained: number;
  /** What may leave faster, as time of the target rate, ms: a key frame among small frames. */
  reserveMs: number;
}

export const DEFAULT_PACING: PacerSettings = {
  share: 0.25,
  burstBytes: 20000,
  burstMs: 5,
  maxQueueMs: 250,
  sustained: 1.2,
  reserveMs: 250,
};

export interface PacedFrame {
  payloads: Uint8Array[];
  bytes: number;
  keyFrame: boolean;
}

/** Packets `from` up to, not including, `to` of a frame. */
export interface PacedBatch<Frame> {
  frame: Frame;
  from: number;
  to: number;
}

interface Queued<Frame> {
  frame: Frame;
  next: number;
  bytesLeft: number;
}

/** The sending queue of one viewer. */
export class FramePacer<Frame extends PacedFrame> {
  #queue: Queued<Frame>[] = [];
  #queuedBytes = 0;
  #budget: number;
  #reserve: number;
  #refilledMs: number | undefined;
  #target: number;

  /** `target`: bit/s that the path carries. */
  constructor(target: number, readonly settings: PacerSettings = DEFAULT_PACING) {
    this.#target = target;
    this.#budget = this.burst;
    this.#reserve = this.#fullReserve;
  }

  set target(bitsPerSecond: number) {
    this.#target = bitsPerSecond;
  }

  get burst(): number {
    const { burstBytes, burstMs } = this.settings;
    return Math.max(burstBytes, this.#target / 8000 * burstMs);
  }

  /** bit/s at which queued packets leave now. */
  get rate(): number {
    const { share, sustained } = this.settings;
    return this.#reserve > 0 ? this.#target / share : this.#target * sustained;
  }

  get #fullReserve(): number {
    return Math.max(this.settings.burstBytes, this.#target / 8000 * this.settings.reserveMs);
  }

  /** How long the queue takes at the rate the path carries, ms. */
  get queueMs(): number {
    return this.#queuedBytes * 8000 / this.#target;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /**
   * Queues a frame. Returns the frames that were given up instead: none; this one, where the path
   * is too far behind; or, for a key frame, those it makes needless.
   */
  push(frame: Frame): Frame[] {
    if (this.queueMs <= this.settings.maxQueueMs) {
      this.#append(frame);
      return [];
    }
    if (!frame.keyFrame) return [frame];
    // A started frame is finished: the decoder could not tell a half one from loss.
    const started = this.#queue.filter((queued) => queued.next > 0);
    const dropped = this.#queue.filter((queued) => queued.next === 0).map(({ frame }) => frame);
    this.#queue = started;
    this.#queuedBytes = started.reduce((sum, queued) => sum + queued.bytesLeft, 0);
    this.#append(frame);
    return dropped;
  }

  #append(frame: Frame): void {
    this.#queue.push({ frame, next: 0, bytesLeft: frame.bytes });
    this.#queuedBytes += frame.bytes;
  }

  /** Packets that may leave now, in order. */
  take(nowMs: number): PacedBatch<Frame>[] {
    this.#refill(nowMs);
    const batches: PacedBatch<Frame>[] = [];
    while (this.#queue.length > 0 && this.#budget > 0) {
      const queued = this.#queue[0];
      const { frame } = queued;
      const from = queued.next;
      while (queued.next < frame.payloads.length && this.#budget > 0) {
        const bytes = frame.payloads[queued.next++].length;
        this.charge(bytes);
        queued.bytesLeft -= bytes;
        this.#queuedBytes -= bytes;
      }
      batches.push({ frame, from, to: queued.next });
      if (queued.next === frame.payloads.length) this.#queue.shift();
    }
    return batches;
  }

  /** Packets that were sent beside the queue (repeats, probes) count too. */
  charge(bytes: number): void {
    this.#budget -= bytes;
    this.#reserve -= bytes;
  }

  /** ms from `nowMs` until {@linkcode take} has something; undefined where nothing waits. */
  waitMs(nowMs: number): number | undefined {
    if (this.#queue.length === 0) return undefined;
    this.#refill(nowMs);
    return this.#budget > 0 ? 0 : (1 - this.#budget) * 8000 / this.rate;
  }

  #refill(nowMs: number): void {
    const passed = nowMs - (this.#refilledMs ?? nowMs);
    this.#refilledMs = nowMs;
    this.#budget = Math.min(this.burst, this.#budget + passed * this.rate / 8000);
    const sustained = this.#target * this.settings.sustained;
    this.#reserve = Math.min(this.#fullReserve, this.#reserve + passed * sustained / 8000);
  }
}
