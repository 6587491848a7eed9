/** wl_shm: pools of shared memory and the buffers cut from them. */
import { BufferError, ClientBuffer, type PixelFormat, type Pixels, sizeProblem } from "./buffer.ts";
import type { Client } from "./client.ts";
import { libc } from "../../../ffi/libc.ts";
import {
  type WlBufferResource,
  WlShmError,
  type WlShmPoolRequests,
  type WlShmPoolResource,
  type WlShmRequests,
  type WlShmResource,
} from "./generated/wayland.ts";
import { ProtocolError } from "./resource.ts";
import { SharedMemory } from "./shared_memory.ts";
import { drmFormats } from "./buffer.ts";

/** wl_shm uses DRM's codes except for these two. */
const formats = new Map<number, PixelFormat>([
  [0, { order: "bgra", alpha: true }],
  [1, { order: "bgra", alpha: false }],
  ...[...drmFormats].filter(([, format]) => format.order === "rgba"),
]);

export class Shm implements WlShmRequests {
  constructor(readonly resource: WlShmResource) {
    resource.handler = this;
    for (const code of formats.keys()) resource.format(code);
  }

  createPool(id: WlShmPoolResource, fd: number, size: number): void {
    if (size <= 0) {
      libc.close(fd);
      throw new ProtocolError(
        this.resource,
        WlShmError.invalidStride,
        `expected a pool of a positive size, got ${size}`,
      );
    }
    id.handler = new ShmPool(id, openMemory(this.resource, fd, size));
  }
}

function openMemory(resource: WlShmResource, fd: number, size: number): SharedMemory {
  try {
    return new SharedMemory(resource.client as Client, fd, size);
  } catch (error) {
    if (!(error instanceof BufferError)) throw error;
    throw new ProtocolError(resource, WlShmError.invalidFd, error.message);
  }
}

class ShmPool implements WlShmPoolRequests {
  constructor(readonly resource: WlShmPoolResource, readonly memory: SharedMemory) {}

  createBuffer(
    id: WlBufferResource,
    offset: number,
    width: number,
    height: number,
    stride: number,
    code: number,
  ): void {
    const format = formats.get(code);
    if (!format) this.#refuse(WlShmError.invalidFormat, `format ${code} was not offered`);
    const problem = sizeProblem(width, height);
    if (problem) this.#refuse(WlShmError.invalidStride, problem);
    if (offset < 0 || stride < width * 4 || stride > 0x1000000) {
      this.#refuse(
        WlShmError.invalidStride,
        `expected rows of ${width * 4} bytes or more, got stride ${stride} at offset ${offset}`,
      );
    }
    const end = offset + stride * (height - 1) + width * 4;
    if (end > this.memory.size) {
      this.#refuse(
        WlShmError.invalidStride,
        `the buffer ends at byte ${end} of a pool of ${this.memory.size}`,
      );
    }
    new ShmBuffer(id, width, height, format, this.memory, offset, stride);
  }

  resize(size: number): void {
    if (size < this.memory.size) {
      this.#refuse(WlShmError.invalidFd, `a pool of ${this.memory.size} bytes cannot shrink`);
    }
    try {
      this.memory.grow(size);
    } catch (error) {
      if (!(error instanceof BufferError)) throw error;
      this.#refuse(WlShmError.invalidFd, error.message);
    }
  }

  destroyed(): void {
    this.memory.drop();
  }

  #refuse(code: number, message: string): never {
    throw new ProtocolError(this.resource, code, message);
  }
}

class ShmBuffer extends ClientBuffer {
  constructor(
    resource: WlBufferResource,
    width: number,
    height: number,
    format: PixelFormat,
    readonly memory: SharedMemory,
    readonly offset: number,
    readonly stride: number,
  ) {
    super(resource, width, height, format);
    memory.retain();
  }

  override read(): Pixels {
    // The last row may end with its last pixel.
    const length = this.stride * (this.height - 1) + this.width * 4;
    return { bytes: this.memory.read(this.offset, length), stride: this.stride };
  }

  protected override free(): void {
    this.memory.drop();
  }
}
