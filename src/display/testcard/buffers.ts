import {
  cstring,
  errno,
  errnoText,
  F_ADD_SEALS,
  F_SEAL_SHRINK,
  libc,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  PROT_READ,
  PROT_WRITE,
} from "../../../ffi/libc.ts";
import { type WlBufferProxy, WlShmFormat, type WlShmProxy } from "../wayland/generated/wayland.ts";
import type { Painted } from "./card.ts";

const COUNT = 3;

/** One picture that the compositor can read. */
export interface Buffer {
  readonly proxy: WlBufferProxy;
  readonly pixels: Uint32Array;
  /** The compositor may be reading it. */
  busy: boolean;
  /** What it shows; undefined: nothing yet. */
  painted: Painted | undefined;
}

/** Three pictures of one size in shared memory: one shown, one waiting, one to paint. */
export class Buffers {
  readonly #buffers: Buffer[];
  readonly #memory: Deno.PointerObject;
  readonly #length: number;

  /** `onRelease` is called when one is free again. Throws where there is no memory. */
  constructor(shm: WlShmProxy, width: number, height: number, onRelease: () => void) {
    const size = width * height * 4;
    this.#length = size * COUNT;
    const fd = libc.memfd_create(cstring("gamelan-testcard"), MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || libc.ftruncate(fd, BigInt(this.#length)) < 0) {
      throw new Error(`expected ${this.#length} bytes of memory: ${errnoText(errno())}`);
    }
    libc.fcntl(fd, F_ADD_SEALS, BigInt(F_SEAL_SHRINK));
    const length = BigInt(this.#length);
    const memory = libc.mmap(null, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0n);
    if (!memory || Deno.UnsafePointer.value(memory) === 0xffffffffffffffffn) {
      throw new Error(`expected to map ${this.#length} bytes: ${errnoText(errno())}`);
    }
    this.#memory = memory;
    const all = Deno.UnsafePointerView.getArrayBuffer(memory, this.#length);
    const pool = shm.createPool(fd, this.#length);
    libc.close(fd);
    this.#buffers = Array.from({ length: COUNT }, (_, i) => {
      const proxy = pool.createBuffer(i * size, width, height, width * 4, WlShmFormat.xrgb8888);
      const pixels = new Uint32Array(all, i * size, width * height);
      const buffer: Buffer = { proxy, pixels, busy: false, painted: undefined };
      proxy.listener = {
        release: () => {
          buffer.busy = false;
          onRelease();
        },
      };
      return buffer;
    });
    pool.destroy();
  }

  /** A picture that the compositor does not read, the last one shown where that is one. */
  free(): Buffer | undefined {
    return this.#buffers.find(({ busy }) => !busy);
  }

  /** What they show is to be painted anew. */
  forget(): void {
    for (const buffer of this.#buffers) buffer.painted = undefined;
  }

  /** Ends them; the pictures must not be touched any more. */
  destroy(): void {
    for (const { proxy } of this.#buffers) proxy.destroy();
    libc.munmap(this.#memory, BigInt(this.#length));
  }
}
