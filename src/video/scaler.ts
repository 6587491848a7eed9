import { FILTER_BILINEAR, FILTER_BOX, libyuv } from "../../ffi/libyuv.ts";
import type { I420Planes } from "../media/frame_ring.ts";

export interface Size {
  width: number;
  height: number;
}

/**
 * The size to encode a picture at: the mode's, or the largest inside it with the picture's own
 * proportions where they differ by more than rounding. Even numbers, at least 16.
 */
export function encodedSize(picture: Size, mode: Size): Size {
  const scale = Math.min(mode.width / picture.width, mode.height / picture.height);
  const fit = (pixels: number, most: number) => {
    const exact = pixels * scale;
    const chosen = Math.abs(exact - most) < 2 ? most : exact;
    return Math.max(16, Math.round(chosen / 2) * 2);
  };
  return { width: fit(picture.width, mode.width), height: fit(picture.height, mode.height) };
}

/** Scales I420 pictures to one size, into a buffer of its own that the next call overwrites. */
export class Scaler {
  readonly #planes: I420Planes;

  constructor(readonly size: Size) {
    const luma = size.width * size.height;
    const buffer = new SharedArrayBuffer(luma * 1.5);
    this.#planes = {
      y: new Uint8Array(buffer, 0, luma),
      u: new Uint8Array(buffer, luma, luma / 4),
      v: new Uint8Array(buffer, luma * 1.25, luma / 4),
      yStride: size.width,
      uvStride: size.width / 2,
    };
  }

  /** A black picture of the size. */
  blank(): I420Planes {
    this.#planes.y.fill(16);
    this.#planes.u.fill(128);
    this.#planes.v.fill(128);
    return this.#planes;
  }

  /** Throws Error where libyuv is missing or refuses. */
  scale(picture: I420Planes & Size): I420Planes {
    const { width, height } = this.size;
    const target = this.#planes;
    // Bilinear skips source pixels below half size; box averages all of them.
    const shrinks = picture.width > width || picture.height > height;
    const result = libyuv().I420Scale(
      picture.y,
      picture.yStride,
      picture.u,
      picture.uvStride,
      picture.v,
      picture.uvStride,
      picture.width,
      picture.height,
      target.y,
      target.yStride,
      target.u,
      target.uvStride,
      target.v,
      target.uvStride,
      width,
      height,
      shrinks ? FILTER_BOX : FILTER_BILINEAR,
    );
    if (result !== 0) {
      throw new Error(
        `libyuv cannot scale ${picture.width}×${picture.height} to ${width}×${height}`,
      );
    }
    return target;
  }
}
