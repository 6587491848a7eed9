import type { FrameTimings } from "./encoded.ts";

/** What is known of a picture besides its pixels. */
export interface FrameMeta extends Pick<FrameTimings, "inputMs" | "commitMs" | "capturedMs"> {
  /** Pixels; even numbers, because chroma is subsampled 2×2. */
  width: number;
  height: number;
  /** A player waits for it: it may exceed the stream's rate. */
  urgent?: boolean;
}

/** A slot's three I420 planes, BT.601 limited range, tightly packed. */
export interface I420Planes {
  y: Uint8Array<SharedArrayBuffer>;
  u: Uint8Array<SharedArrayBuffer>;
  v: Uint8Array<SharedArrayBuffer>;
  /** Bytes between rows. */
  yStride: number;
  uvStride: number;
}

/** A picture the reader holds until its next {@linkcode FrameReader.take}. */
export interface CapturedFrame extends I420Planes, FrameMeta {
  /** Counts published pictures from 1. */
  sequence: number;
}

const SLOTS = 3;
// Int32 words at the head of the buffer.
const PUBLISHED = 0;
const MIDDLE = 1;
const HEAD_WORDS = 4;
/** Set in MIDDLE while the slot there has not been read yet. */
const FRESH = 4;
// Float64 words of each slot's record.
const META_WORDS = 8;
const META_OFFSET = HEAD_WORDS * 4;
const PIXELS_OFFSET = META_OFFSET + SLOTS * META_WORDS * 8;

/**
 * A triple buffer of pictures in shared memory, from one capture thread to one encoder thread.
 *
 * The latest picture wins: publishing never waits and never queues, and an unread picture is
 * replaced. Three slots suffice because writer and reader own one each and swap with the middle.
 */
export class FrameRing {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly #meta: Float64Array<SharedArrayBuffer>;
  readonly #slotBytes: number;

  /** Wraps a buffer that {@linkcode FrameRing.allocate} made, in whichever thread it was sent to. */
  constructor(readonly buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer, 0, HEAD_WORDS);
    this.#meta = new Float64Array(buffer, META_OFFSET, SLOTS * META_WORDS);
    this.#slotBytes = (buffer.byteLength - PIXELS_OFFSET) / SLOTS;
  }

  /**
   * Room for pictures up to `maxWidth` × `maxHeight` pixels. Pages are only touched as they are
   * used, so room for 3840×2160 costs no memory while the stream is 1280×720.
   */
  static allocate(maxWidth: number, maxHeight: number): FrameRing {
    const slot = Math.ceil(maxWidth * maxHeight * 1.5 / 4096) * 4096;
    const buffer = new SharedArrayBuffer(PIXELS_OFFSET + SLOTS * slot);
    const ring = new FrameRing(buffer);
    ring.words[MIDDLE] = 1;
    return ring;
  }

  /** Published pictures so far. */
  get published(): number {
    return Atomics.load(this.words, PUBLISHED);
  }

  /** True where a picture of this size fits. */
  fits(width: number, height: number): boolean {
    return width * height * 1.5 <= this.#slotBytes;
  }

  planes(slot: number, width: number, height: number): I420Planes {
    if (width % 2 || height % 2 || width <= 0 || height <= 0 || !this.fits(width, height)) {
      throw new RangeError(
        `expected an even picture size of at most ${this.#slotBytes} bytes, got ${width}×${height}`,
      );
    }
    const start = PIXELS_OFFSET + slot * this.#slotBytes;
    const luma = width * height;
    return {
      y: new Uint8Array(this.buffer, start, luma),
      u: new Uint8Array(this.buffer, start + luma, luma / 4),
      v: new Uint8Array(this.buffer, start + luma * 1.25, luma / 4),
      yStride: width,
      uvStride: width / 2,
    };
  }

  writeMeta(slot: number, meta: FrameMeta, sequence: number): void {
    const { width, height, inputMs, commitMs, capturedMs, urgent } = meta;
    this.#meta.set(
      [width, height, inputMs, commitMs, capturedMs, sequence, Number(urgent ?? false)],
      slot * META_WORDS,
    );
  }

  readMeta(slot: number): FrameMeta & { sequence: number } {
    const [width, height, inputMs, commitMs, capturedMs, sequence, urgent] = this.#meta.subarray(
      slot * META_WORDS,
      slot * META_WORDS + META_WORDS,
    );
    return { width, height, inputMs, commitMs, capturedMs, sequence, urgent: urgent !== 0 };
  }

  /** Puts `slot` in the middle and returns the slot that was there. */
  swap(slot: number, fresh: boolean): number {
    return Atomics.exchange(this.words, MIDDLE, slot | (fresh ? FRESH : 0)) & 3;
  }

  get fresh(): boolean {
    return (Atomics.load(this.words, MIDDLE) & FRESH) !== 0;
  }
}

/** The capture side of a {@linkcode FrameRing}. One per ring. */
export class FrameWriter {
  #slot = 0;
  #sequence = 0;
  constructor(readonly ring: FrameRing) {}

  /** The planes to convert the next picture into. Throws RangeError where the size is odd or too large. */
  planes(width: number, height: number): I420Planes {
    return this.ring.planes(this.#slot, width, height);
  }

  /** Makes the picture written into {@linkcode planes} the newest one and wakes the reader. */
  publish(meta: FrameMeta): void {
    this.ring.writeMeta(this.#slot, meta, ++this.#sequence);
    this.#slot = this.ring.swap(this.#slot, true);
    Atomics.add(this.ring.words, PUBLISHED, 1);
    Atomics.notify(this.ring.words, PUBLISHED);
  }
}

/** The encoder side of a {@linkcode FrameRing}. One per ring. */
export class FrameReader {
  #slot = 2;
  constructor(readonly ring: FrameRing) {}

  /** The newest picture if it has not been taken yet. It stays valid until the next call. */
  take(): CapturedFrame | undefined {
    if (!this.ring.fresh) return undefined;
    this.#slot = this.ring.swap(this.#slot, false);
    return this.current();
  }

  /** The picture that was taken last, to encode it again. */
  current(): CapturedFrame {
    const meta = this.ring.readMeta(this.#slot);
    return { ...meta, ...this.ring.planes(this.#slot, meta.width, meta.height) };
  }

  /** Blocks this thread until a fresh picture is there or `timeoutMs` passed. True where one is there. */
  waitSync(timeoutMs: number): boolean {
    const seen = this.ring.published;
    if (this.ring.fresh) return true;
    Atomics.wait(this.ring.words, PUBLISHED, seen, timeoutMs);
    return this.ring.fresh;
  }

  /** Like {@linkcode waitSync}, without blocking; messages to this thread are still delivered. */
  async wait(timeoutMs: number): Promise<boolean> {
    const seen = this.ring.published;
    if (this.ring.fresh) return true;
    const waiting = Atomics.waitAsync(this.ring.words, PUBLISHED, seen, timeoutMs);
    if (waiting.async) await waiting.value;
    return this.ring.fresh;
  }

  /** Ends a {@linkcode wait} of this reader early, for a command that came meanwhile. */
  wake(): void {
    Atomics.notify(this.ring.words, PUBLISHED);
  }
}
