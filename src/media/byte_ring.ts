const WRITE = 0;
const READ = 1;
const HEAD_BYTES = 8;

/**
 * A queue of small byte records in shared memory, from one thread to another.
 *
 * A thread that blocks in epoll cannot receive `postMessage`; it reads this ring instead when its
 * eventfd fires. Waking the reader is the caller's business.
 */
export class ByteRing {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;

  /** Wraps a buffer made by {@linkcode ByteRing.allocate}. */
  constructor(readonly buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer, 0, 2);
    this.#bytes = new Uint8Array(buffer, HEAD_BYTES);
  }

  /** `capacity` in bytes, a power of two; each record takes its length plus 4. */
  static allocate(capacity = 65536): ByteRing {
    if (capacity < 64 || (capacity & (capacity - 1)) !== 0) {
      throw new RangeError(
        `expected a capacity that is a power of two from 64 on, got ${capacity}`,
      );
    }
    return new ByteRing(new SharedArrayBuffer(HEAD_BYTES + capacity));
  }

  /** Appends a record; false where there is no room, and then nothing is written. */
  push(record: Uint8Array): boolean {
    const capacity = this.#bytes.length;
    const write = this.#words[WRITE];
    const used = (write - Atomics.load(this.#words, READ)) >>> 0;
    if (used + record.length + 4 > capacity) return false;
    this.#copyIn(write, new Uint8Array(new Uint32Array([record.length]).buffer));
    this.#copyIn(write + 4, record);
    Atomics.store(this.#words, WRITE, (write + 4 + record.length) | 0);
    return true;
  }

  /** Takes the oldest record, or undefined where the ring is empty. */
  shift(): Uint8Array<ArrayBuffer> | undefined {
    const read = this.#words[READ];
    if (Atomics.load(this.#words, WRITE) === read) return undefined;
    const length = new Uint32Array(this.#copyOut(read, 4).buffer)[0];
    const record = this.#copyOut(read + 4, length);
    Atomics.store(this.#words, READ, (read + 4 + length) | 0);
    return record;
  }

  #copyIn(position: number, data: Uint8Array): void {
    const mask = this.#bytes.length - 1;
    const start = position & mask;
    const head = Math.min(data.length, this.#bytes.length - start);
    this.#bytes.set(data.subarray(0, head), start);
    this.#bytes.set(data.subarray(head), 0);
  }

  #copyOut(position: number, length: number): Uint8Array<ArrayBuffer> {
    const start = position & (this.#bytes.length - 1);
    const head = Math.min(length, this.#bytes.length - start);
    const out = new Uint8Array(length);
    out.set(this.#bytes.subarray(start, start + head));
    out.set(this.#bytes.subarray(0, length - head), head);
    return out;
  }
}
