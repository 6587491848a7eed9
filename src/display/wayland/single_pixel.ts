/** wp_single_pixel_buffer_manager_v1: one premultiplied colour, stretched by a viewport. */
import { ClientBuffer, type Pixels } from "./buffer.ts";
import type {
  WpSinglePixelBufferManagerV1Requests,
  WpSinglePixelBufferManagerV1Resource,
} from "./generated/single-pixel-buffer-v1.ts";
import type { WlBufferResource } from "./generated/wayland.ts";

export class SinglePixelBufferManager implements WpSinglePixelBufferManagerV1Requests {
  constructor(resource: WpSinglePixelBufferManagerV1Resource) {
    resource.handler = this;
  }

  /** Each channel is a share of 2^32 - 1. */
  createU32RgbaBuffer(id: WlBufferResource, r: number, g: number, b: number, a: number): void {
    new SinglePixelBuffer(id, Uint8Array.of(b >>> 24, g >>> 24, r >>> 24, a >>> 24));
  }
}

class SinglePixelBuffer extends ClientBuffer {
  constructor(resource: WlBufferResource, readonly color: Uint8Array<ArrayBuffer>) {
    super(resource, 1, 1, { order: "bgra", alpha: color[3] < 255 });
  }

  override read(): Pixels {
    return { bytes: this.color, stride: 4 };
  }

  protected override free(): void {}
}
