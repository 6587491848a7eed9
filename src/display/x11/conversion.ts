import { FILTER_BILINEAR, FILTER_BOX, type Libyuv, libyuv } from "../../../ffi/libyuv.ts";
import type { I420Planes } from "../../media/frame_ring.ts";
import type { Letterbox } from "./letterbox.ts";

/** A desktop picture: bytes B, G, R, X in rows of `width * 4`. */
export interface DesktopPicture {
  pixels: Uint8Array;
  width: number;
  height: number;
}

/** libyuv reads and writes shared memory as any other; only the parameter's type does not say so. */
const memory = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>;

// Black in BT.601 limited range.
const BLACK_Y = 16;
const BLACK_UV = 128;

/** Converts desktop pictures to I420, scaled into a letterbox where sizes differ. */
export class PictureConverter {
  readonly #yuv: Libyuv = libyuv();
  /** I420 at the desktop's size, before scaling. */
  #unscaled = new Uint8Array();

  convert(picture: DesktopPicture, planes: I420Planes, box: Letterbox): void {
    const { width, height } = picture;
    const y = box.y * planes.yStride + box.x;
    const uv = box.y / 2 * planes.uvStride + box.x / 2;
    const target: I420Planes = {
      ...planes,
      y: planes.y.subarray(y),
      u: planes.u.subarray(uv),
      v: planes.v.subarray(uv),
    };
    fillBars(planes, box);
    if (box.width === width && box.height === height) {
      this.#toI420(picture, target);
      return;
    }
    const luma = width * height;
    const uvStride = Math.ceil(width / 2);
    const chroma = uvStride * Math.ceil(height / 2);
    if (this.#unscaled.length !== luma + 2 * chroma) {
      this.#unscaled = new Uint8Array(luma + 2 * chroma);
    }
    const source = {
      y: this.#unscaled.subarray(0, luma),
      u: this.#unscaled.subarray(luma, luma + chroma),
      v: this.#unscaled.subarray(luma + chroma),
      yStride: width,
      uvStride,
    };
    this.#toI420(picture, source);
    // Below half size bilinear skips pixels; the box filter averages all.
    const filter = box.width * 2 < width ? FILTER_BOX : FILTER_BILINEAR;
    this.#yuv.I420Scale(
      source.y,
      width,
      source.u,
      uvStride,
      source.v,
      uvStride,
      width,
      height,
      memory(target.y),
      target.yStride,
      memory(target.u),
      target.uvStride,
      memory(target.v),
      target.uvStride,
      box.width,
      box.height,
      filter,
    );
  }

  #toI420(
    { pixels, width, height }: DesktopPicture,
    to: { y: Uint8Array; u: Uint8Array; v: Uint8Array; yStride: number; uvStride: number },
  ): void {
    this.#yuv.ARGBToI420(
      memory(pixels),
      width * 4,
      memory(to.y),
      to.yStride,
      memory(to.u),
      to.uvStride,
      memory(to.v),
      to.uvStride,
      width,
      height,
    );
  }
}

/** Paints what lies around the letterbox black. */
function fillBars(planes: I420Planes, box: Letterbox): void {
  fillAround(planes.y, planes.yStride, box, 1, BLACK_Y);
  fillAround(planes.u, planes.uvStride, box, 2, BLACK_UV);
  fillAround(planes.v, planes.uvStride, box, 2, BLACK_UV);
}

function fillAround(
  plane: Uint8Array,
  stride: number,
  box: Letterbox,
  subsampling: number,
  value: number,
): void {
  const top = box.y / subsampling;
  const bottom = top + box.height / subsampling;
  const left = box.x / subsampling;
  const right = left + box.width / subsampling;
  if (top > 0) plane.fill(value, 0, top * stride);
  if (bottom * stride < plane.length) plane.fill(value, bottom * stride);
  if (left === 0 && right === stride) return;
  for (let row = top; row < bottom; row++) {
    // One run from the right bar of this row to the left bar of the next.
    plane.fill(value, row * stride + right, (row + 1) * stride + (row + 1 < bottom ? left : 0));
    if (row === top) plane.fill(value, row * stride, row * stride + left);
  }
}
