/**
 * Turns views into an I420 picture with libyuv.
 */
import { FILTER_BILINEAR, FILTER_BOX, type Libyuv, libyuv } from "../../../ffi/libyuv.ts";
import type { I420Planes } from "../../media/frame_ring.ts";
import type { PixelFormat, Pixels } from "./buffer.ts";
import { intersect, type Rect, sameRect } from "./geometry.ts";
import { coverage, shownSource, type View } from "./scene.ts";

/** Opaque black as libyuv's ARGBRect takes it. */
const BLACK = 0xff000000;

export class Painter {
  readonly #yuv: Libyuv = libyuv();
  #canvas = new Uint8Array(0);
  #scratch = new Uint8Array(0);
  #width = 0;
  #height = 0;
  /** False: the canvas does not show what was painted last. */
  #canvasCurrent = false;

  /** Size of the output in pixels. */
  resize(width: number, height: number): void {
    this.#width = width;
    this.#height = height;
    this.#canvas = new Uint8Array(0);
    this.#canvasCurrent = false;
  }

  /**
   * Paints `views` from bottom to top into `planes`. Only `damage` (output pixels) is composed anew
   * where the canvas still holds the rest. Throws BufferError where a client's memory is unreadable.
   */
  paint(views: View[], damage: Rect, planes: I420Planes): void {
    if (this.#paintDirectly(views, planes)) return;
    const output = { x: 0, y: 0, width: this.#width, height: this.#height };
    if (this.#canvas.length === 0) this.#canvas = new Uint8Array(this.#width * this.#height * 4);
    const clip = this.#canvasCurrent ? intersect(damage, output) : output;
    if (clip) {
      this.#canvasCurrent = false;
      if (!views[0] || !covers(coverage(views[0]), clip)) this.#clear(clip);
      views.forEach((view, index) => this.#draw(view, clip, index === 0));
      this.#canvasCurrent = true;
    }
    this.#toI420({ bytes: this.#canvas, stride: this.#width * 4 }, "bgra", planes);
  }

  /**
   * True where the views can be painted from their clients' buffers: a single one, of the output's
   * size or with pixels in the canvas's order. Any other needs copies first.
   */
  canPaintAsIs(views: View[]): boolean {
    if (views.length !== 1) return views.length === 0;
    return views[0].surface.content.format.order === "bgra" || this.#isExact(views[0]);
  }

  /** One picture of the output's size needs no composition; below it there is only black. */
  #paintDirectly(views: View[], planes: I420Planes): boolean {
    if (views.length !== 1 || !this.#isExact(views[0])) return false;
    const { content } = views[0].surface;
    this.#canvasCurrent = false;
    this.#toI420(content.pixels(), content.format.order, planes);
    return true;
  }

  #isExact(view: View): boolean {
    const { content } = view.surface;
    const source = shownSource(view);
    const whole = { x: 0, y: 0, width: this.#width, height: this.#height };
    return sameRect(coverage(view), whole) && sameRect(source, whole) &&
      content.width === whole.width && content.height === whole.height;
  }

  #toI420({ bytes, stride }: Pixels, order: PixelFormat["order"], planes: I420Planes): void {
    const convert = order === "rgba" ? this.#yuv.ABGRToI420 : this.#yuv.ARGBToI420;
    const { y, u, v, yStride, uvStride } = planes;
    convert(
      bytes,
      stride,
      y as unknown as Uint8Array<ArrayBuffer>,
      yStride,
      u as unknown as Uint8Array<ArrayBuffer>,
      uvStride,
      v as unknown as Uint8Array<ArrayBuffer>,
      uvStride,
      this.#width,
      this.#height,
    );
  }

  #clear(area: Rect): void {
    const { x, y, width, height } = area;
    this.#yuv.ARGBRect(this.#canvas, this.#width * 4, x, y, width, height, BLACK);
  }

  #draw(view: View, clip: Rect, bottom: boolean): void {
    const { surface } = view;
    const { content } = surface;
    const target = coverage(view);
    const area = intersect(target, clip);
    if (!area) return;
    const source = shownSource(view);
    // Whatever its alpha, over black a premultiplied colour is itself.
    const blend = !bottom && content.format.alpha &&
      !surface.opaque?.covers({ x: 0, y: 0, ...surface.size });
    const pixels = content.pixels();
    const unscaled = source.width === target.width && source.height === target.height &&
      Number.isInteger(source.x) && Number.isInteger(source.y);
    if (!unscaled) return this.#drawScaled(view, pixels, target, area, blend);
    const from = offset(pixels.stride, source.x + area.x - target.x, source.y + area.y - target.y);
    this.#put(pixels.bytes.subarray(from), pixels.stride, area, blend);
  }

  #put(bytes: Uint8Array<ArrayBuffer>, stride: number, area: Rect, blend: boolean): void {
    const rowBytes = this.#width * 4;
    const to = this.#canvas.subarray(offset(rowBytes, area.x, area.y));
    const { width, height } = area;
    if (blend) this.#yuv.ARGBBlend(bytes, stride, to, rowBytes, to, rowBytes, width, height);
    else this.#yuv.ARGBCopy(bytes, stride, to, rowBytes, width, height);
  }

  #drawScaled(view: View, pixels: Pixels, target: Rect, area: Rect, blend: boolean): void {
    const { content } = view.surface;
    const source = shownSource(view);
    const output = { x: 0, y: 0, width: this.#width, height: this.#height };
    // A picture that reaches beyond the output is cut before it is scaled, so that its size is bounded.
    const shown = intersect(target, output)!;
    const perX = source.width / target.width;
    const perY = source.height / target.height;
    const left = clamp(Math.floor(source.x + (shown.x - target.x) * perX), content.width - 1);
    const top = clamp(Math.floor(source.y + (shown.y - target.y) * perY), content.height - 1);
    const width = Math.max(1, Math.min(content.width - left, Math.round(shown.width * perX)));
    const height = Math.max(1, Math.min(content.height - top, Math.round(shown.height * perY)));
    const from = pixels.bytes.subarray(offset(pixels.stride, left, top));
    const filter = perX > 2 || perY > 2 ? FILTER_BOX : FILTER_BILINEAR;
    const rowBytes = (blend ? shown.width : this.#width) * 4;
    const to = blend
      ? this.#scratchFor(shown.width * shown.height * 4)
      : this.#canvas.subarray(offset(rowBytes, shown.x, shown.y));
    this.#yuv.ARGBScaleClip(
      from,
      pixels.stride,
      width,
      height,
      to,
      rowBytes,
      shown.width,
      shown.height,
      area.x - shown.x,
      area.y - shown.y,
      area.width,
      area.height,
      filter,
    );
    if (!blend) return;
    const scaled = to.subarray(offset(rowBytes, area.x - shown.x, area.y - shown.y));
    this.#put(scaled, rowBytes, area, true);
  }

  #scratchFor(length: number): Uint8Array<ArrayBuffer> {
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length);
    return this.#scratch;
  }
}

const offset = (stride: number, x: number, y: number) => y * stride + x * 4;
const clamp = (value: number, highest: number) => Math.min(Math.max(0, value), highest);

function covers(outer: Rect, inner: Rect): boolean {
  return outer.x <= inner.x && outer.y <= inner.y &&
    outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height;
}
