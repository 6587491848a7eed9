/**
 * Memory that a client shares by a descriptor, read without trusting it.
 *
 * A client that shrinks a mapped file kills the reader by SIGBUS. So a file is mapped only once it
 * carries F_SEAL_SHRINK, which this side adds itself (memfd_create(2), "File sealing"); any other
 * file is read by pread(2), where a missing byte is an error like any other.
 */
import {
  F_ADD_SEALS,
  F_GET_SEALS,
  F_SEAL_SHRINK,
  libc,
  MAP_SHARED,
  PROT_READ,
} from "../../../ffi/libc.ts";
import { BufferError } from "./buffer.ts";
import type { Client } from "./client.ts";

const SEEK_END = 2;
const MAP_FAILED = 0xffffffffffffffffn;
/** DMA_BUF_IOCTL_SYNC of <linux/dma-buf.h>: _IOW('b', 0, u64). */
const DMA_BUF_IOCTL_SYNC = 0x40086200n;
const DMA_BUF_SYNC_READ = 1;
const DMA_BUF_SYNC_END = 4;

export class SharedMemory {
  #users = 1;
  #size: number;
  #mapped: { pointer: Deno.PointerObject; bytes: Uint8Array<ArrayBuffer> } | undefined;
  readonly #sealed: boolean;
  readonly #dmabuf: boolean;
  readonly #syncArgument = new Uint8Array(8);

  /**
   * Takes over `fd` in every case. Throws LimitError where the client holds too much already and
   * {@linkcode BufferError} where the file is shorter than `size` bytes.
   */
  constructor(readonly client: Client, readonly fd: number, size: number) {
    try {
      client.hold(size, 1);
    } catch (error) {
      libc.close(fd);
      throw error;
    }
    this.#size = size;
    this.#dmabuf = this.#sync(DMA_BUF_SYNC_READ);
    if (this.#dmabuf) this.#sync(DMA_BUF_SYNC_READ | DMA_BUF_SYNC_END);
    this.#sealed = this.#dmabuf || sealAgainstShrinking(fd);
    try {
      this.#checkLength(size);
    } catch (error) {
      this.drop();
      throw error;
    }
  }

  get size(): number {
    return this.#size;
  }

  retain(): void {
    this.#users++;
  }

  drop(): void {
    if (--this.#users > 0) return;
    this.#unmap();
    libc.close(this.fd);
    this.client.hold(-this.#size, -1);
  }

  /** Follows a client that made its file longer. Throws like the constructor. */
  grow(size: number): void {
    this.#checkLength(size);
    this.client.hold(size - this.#size, 0);
    this.#size = size;
    // Views made before stay with the old mapping; they are made anew for every frame.
    this.#unmap();
  }

  /** `length` bytes from `offset`, mapped where that is safe. Valid until the next call or drop. */
  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    if (!this.#sealed) return this.#pread(offset, length);
    this.#mapped ??= this.#map();
    if (this.#dmabuf) this.#sync(DMA_BUF_SYNC_READ);
    return this.#mapped.bytes.subarray(offset, offset + length);
  }

  /** Ends a read: a GPU's memory may leave the CPU's caches again. */
  readDone(): void {
    if (this.#dmabuf) this.#sync(DMA_BUF_SYNC_READ | DMA_BUF_SYNC_END);
  }

  #sync(flags: number): boolean {
    this.#syncArgument[0] = flags;
    return libc.ioctl(this.fd, DMA_BUF_IOCTL_SYNC, this.#syncArgument) === 0;
  }

  #checkLength(size: number): void {
    const length = Number(libc.lseek(this.fd, 0n, SEEK_END));
    if (length < size) throw new BufferError(`expected a file of ${size} bytes, got ${length}`);
  }

  #map() {
    const pointer = libc.mmap(null, BigInt(this.#size), PROT_READ, MAP_SHARED, this.fd, 0n);
    if (!pointer || Deno.UnsafePointer.value(pointer) === MAP_FAILED) {
      throw new BufferError(`${this.#size} bytes cannot be mapped`);
    }
    const buffer = Deno.UnsafePointerView.getArrayBuffer(pointer, this.#size);
    return { pointer, bytes: new Uint8Array(buffer) };
  }

  #unmap(): void {
    if (this.#mapped) libc.munmap(this.#mapped.pointer, BigInt(this.#mapped.bytes.length));
    this.#mapped = undefined;
  }

  #pread(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = scratch(length);
    for (let done = 0; done < length;) {
      const rest = bytes.subarray(done, length);
      const count = Number(libc.pread(this.fd, rest, BigInt(rest.length), BigInt(offset + done)));
      if (count <= 0) {
        throw new BufferError(`the file ends ${length - done} bytes before the picture does`);
      }
      done += count;
    }
    return bytes.subarray(0, length);
  }
}

function sealAgainstShrinking(fd: number): boolean {
  libc.fcntl(fd, F_ADD_SEALS, BigInt(F_SEAL_SHRINK));
  const seals = libc.fcntl(fd, F_GET_SEALS, 0n);
  return seals >= 0 && (seals & F_SEAL_SHRINK) !== 0;
}

let scratchBytes = new Uint8Array(0);

/** One buffer for all reads by pread, because each is used up before the next begins. */
function scratch(length: number): Uint8Array<ArrayBuffer> {
  if (scratchBytes.length < length) {
    scratchBytes = new Uint8Array(length);
  }
  return scratchBytes;
}
