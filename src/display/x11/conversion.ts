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

/** Rows of a picture, [first, after last). */
export type Rows = [number, number];

/**
 * Converts desktop pictures to I420, scaled into a letterbox where sizes differ.
 *
 * Pictures go to a few memories in turn, each of which still holds an earlier one. Where nothing is
 * scaled, only the rows that changed since that one are converted.
 */
export class PictureConverter {
  readonly #yuv: Libyuv = libyuv();
  /** I420 at the desktop's size, before scaling. */
  #unscaled = new Uint8Array();
  /** Rows that changed since a memory was written, by its place in the ring. */
  readonly #stale = new Map<number, Rows>();
  /** Sizes and places that the memories were written for. */
  #layout = "";

  /** @param changed rows of `picture` that differ from the picture before; by default all */
  convert(
    picture: DesktopPicture,
    planes: I420Planes,
    box: Letterbox,
    changed: Rows = [0, picture.height],
  ): void {
    const { width, height } = picture;
    const rows = this.#staleRows(picture, planes, box, changed);
    const y = box.y * planes.yStride + box.x;
    const uv = box.y / 2 * planes.uvStride + box.x / 2;
    const target: I420Planes = {
      ...planes,
      y: planes.y.subarray(y),
      u: planes.u.subarray(uv),
      v: planes.v.subarray(uv),
    };
    if (!rows) fillBars(planes, box);
    if (box.width === width && box.height === height) {
      this.#toI420(picture, target, rows);
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

  /** The rows to convert; undefined where the memory holds no picture of this layout yet. */
  #staleRows(
    picture: DesktopPicture,
    planes: I420Planes,
    box: Letterbox,
    changed: Rows,
  ): Rows | undefined {
    const layout = [picture.width, picture.height, ...Object.values(box), planes.yStride].join();
    if (layout !== this.#layout) this.#stale.clear();
    this.#layout = layout;
    for (const [place, rows] of this.#stale) this.#stale.set(place, union(rows, changed));
    const place = planes.y.byteOffset;
    const rows = this.#stale.get(place);
    this.#stale.set(place, [0, 0]);
    return rows;
  }

  #toI420(
    { pixels, width, height }: DesktopPicture,
    to: { y: Uint8Array; u: Uint8Array; v: Uint8Array; yStride: number; uvStride: number },
    [first, last]: Rows = [0, height],
  ): void {
    // Two rows share their chroma.
    const top = first & ~1;
    const bottom = Math.min(height, last + (last & 1));
    if (bottom <= top) return;
    this.#yuv.ARGBToI420(
      memory(pixels.subarray(top * width * 4)),
      width * 4,
      memory(to.y.subarray(top * to.yStride)),
      to.yStride,
      memory(to.u.subarray(top / 2 * to.uvStride)),
      to.uvStride,
      memory(to.v.subarray(top / 2 * to.uvStride)),
      to.uvStride,
      width,
      bottom - top,
    );
  }
}

function union([from, to]: Rows, [top, bottom]: Rows): Rows {
  if (bottom <= top) return [from, to];
  return to <= from ? [top, bottom] : [Math.min(from, top), Math.max(to, bottom)];
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
