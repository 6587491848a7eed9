/** zwp_linux_dmabuf_v1, version 3: LINEAR buffers of one plane that the CPU can read. */
import { libc } from "../../../ffi/libc.ts";
import {
  BufferError,
  type BufferPlane,
  ClientBuffer,
  drmFormats,
  type PixelFormat,
  type Pixels,
  sizeProblem,
} from "./buffer.ts";
import type { Client } from "./client.ts";
import {
  ZwpLinuxBufferParamsV1Error,
  type ZwpLinuxBufferParamsV1Requests,
  type ZwpLinuxBufferParamsV1Resource,
  type ZwpLinuxDmabufV1Requests,
  type ZwpLinuxDmabufV1Resource,
} from "./generated/linux-dmabuf-v1.ts";
import { WlBufferResource } from "./generated/wayland.ts";
import { ProtocolError } from "./resource.ts";
import { SharedMemory } from "./shared_memory.ts";

const LINEAR = 0n;
const MAX_PLANES = 4;

export class LinuxDmabuf implements ZwpLinuxDmabufV1Requests {
  constructor(resource: ZwpLinuxDmabufV1Resource) {
    resource.handler = this;
    for (const code of drmFormats.keys()) {
      if (resource.version < 3) resource.format(code);
      else resource.modifier(code, 0, 0);
    }
  }

  createParams(params: ZwpLinuxBufferParamsV1Resource): void {
    new BufferParams(params);
  }

  // From version 4 on, which is not offered: feedback needs the device number of a GPU.
  getDefaultFeedback(): void {}
  getSurfaceFeedback(): void {}
}

class BufferParams implements ZwpLinuxBufferParamsV1Requests {
  readonly #planes: (BufferPlane | undefined)[] = [];
  #used = false;

  constructor(readonly resource: ZwpLinuxBufferParamsV1Resource) {
    resource.handler = this;
  }

  add(
    fd: number,
    index: number,
    offset: number,
    stride: number,
    modifierHigh: number,
    modifierLow: number,
  ): void {
    const { alreadyUsed, planeIdx, planeSet } = ZwpLinuxBufferParamsV1Error;
    const refusal: [number, string] | undefined = this.#used
      ? [alreadyUsed, "these parameters made a buffer already"]
      : index >= MAX_PLANES
      ? [planeIdx, `expected a plane below ${MAX_PLANES}, got ${index}`]
      : this.#planes[index]
      ? [planeSet, `plane ${index} was added before`]
      : undefined;
    if (refusal) {
      libc.close(fd);
      this.#refuse(...refusal);
    }
    try {
      (this.resource.client as Client).hold(0, 1);
    } catch (error) {
      libc.close(fd);
      throw error;
    }
    const modifier = BigInt(modifierHigh) << 32n | BigInt(modifierLow);
    this.#planes[index] = { fd, offset, stride, modifier };
  }

  create(width: number, height: number, code: number): void {
    const client = this.resource.client as Client;
    const plane = this.#take(width, height, code);
    const format = drmFormats.get(code);
    if (!format) {
      libc.close(plane.fd);
      return this.resource.failed();
    }
    try {
      const memory = this.#open(plane, height);
      const buffer = client.createFromServer(WlBufferResource, 1);
      new DmabufBuffer(buffer, width, height, format, memory, plane);
      this.resource.created(buffer);
    } catch (error) {
      if (!(error instanceof BufferError)) throw error;
      this.resource.failed();
    }
  }

  createImmed(buffer: WlBufferResource, width: number, height: number, code: number): void {
    const { invalidFormat, invalidWlBuffer } = ZwpLinuxBufferParamsV1Error;
    const plane = this.#take(width, height, code);
    const format = drmFormats.get(code);
    if (!format) {
      libc.close(plane.fd);
      this.#refuse(invalidFormat, `format ${code} was not offered`);
    }
    try {
      const memory = this.#open(plane, height);
      new DmabufBuffer(buffer, width, height, format, memory, plane);
    } catch (error) {
      if (!(error instanceof BufferError)) throw error;
      this.#refuse(invalidWlBuffer, error.message);
    }
  }

  /** Checks the parameters and gives out the one plane; its descriptor is the caller's then. */
  #take(width: number, height: number, code: number): BufferPlane {
    const { alreadyUsed, incomplete, invalidDimensions, outOfBounds } = ZwpLinuxBufferParamsV1Error;
    if (this.#used) this.#refuse(alreadyUsed, "these parameters made a buffer already");
    this.#used = true;
    const problem = sizeProblem(width, height);
    if (problem) this.#refuse(invalidDimensions, problem);
    const [plane] = this.#planes;
    if (!plane || this.#planes.length > 1) {
      this.#refuse(incomplete, `format ${code} has one plane, ${this.#planes.length} were added`);
    }
    if (plane.stride < width * 4) {
      this.#refuse(outOfBounds, `expected rows of ${width * 4} bytes, got ${plane.stride}`);
    }
    this.#planes.length = 0;
    (this.resource.client as Client).hold(0, -1);
    return plane;
  }

  #open(plane: BufferPlane, height: number): SharedMemory {
    if (plane.modifier !== LINEAR) {
      libc.close(plane.fd);
      throw new BufferError(`expected modifier 0 (LINEAR), got ${plane.modifier}`);
    }
    const size = plane.offset + plane.stride * height;
    return new SharedMemory(this.resource.client as Client, plane.fd, size);
  }

  destroyed(): void {
    for (const plane of this.#planes) {
      if (!plane) continue;
      libc.close(plane.fd);
      (this.resource.client as Client).hold(0, -1);
    }
  }

  #refuse(code: number, message: string): never {
    throw new ProtocolError(this.resource, code, message);
  }
}

class DmabufBuffer extends ClientBuffer {
  constructor(
    resource: WlBufferResource,
    width: number,
    height: number,
    format: PixelFormat,
    readonly memory: SharedMemory,
    readonly plane: BufferPlane,
  ) {
    super(resource, width, height, format);
  }

  override get planes(): BufferPlane[] {
    return [this.plane];
  }

  override read(): Pixels {
    const bytes = this.memory.read(this.plane.offset, this.plane.stride * this.height);
    return { bytes, stride: this.plane.stride };
  }

  override release(): void {
    this.memory.readDone();
    super.release();
  }

  protected override free(): void {
    this.memory.drop();
  }
}
