/**
 * The picture of a surface: either the client's buffer as it lies in memory, or a copy.
 *
 * A buffer is given back to its client at once. As long as a surface is shown alone, its buffer has
 * been converted by then and no copy is needed; its memory stays readable for the case that
 * something else appears above it before the next commit. Where several surfaces are composed, the
 * damaged rows are copied at every commit.
 */
import { libyuv } from "../../../ffi/libyuv.ts";
import type { ClientBuffer, PixelFormat, Pixels } from "./buffer.ts";
import type { Client } from "./client.ts";
import { intersect, type Rect } from "./geometry.ts";

export class SurfaceContent {
  /** Pixels, after the buffer's transform is undone; 0 without a picture. */
  width = 0;
  height = 0;
  format: PixelFormat = { order: "bgra", alpha: false };
  #buffer: ClientBuffer | undefined;
  #transform = 0;
  #copy: Uint8Array<ArrayBuffer> | undefined;

  constructor(readonly client: Client) {}

  get present(): boolean {
    return this.width > 0;
  }

  /** Shows `buffer` from its own memory. `transform`: what the client applied (wl_output.transform). */
  show(buffer: ClientBuffer, transform: number): void {
    buffer.retain();
    this.#buffer?.drop();
    this.#buffer = buffer;
    this.#dropCopy();
    this.#setSize(buffer, transform);
    if (transform !== 0) this.makeCopy();
  }

  /** Copies the damaged rows of `buffer`, all of it where the copy is missing or of another kind. */
  copyFrom(buffer: ClientBuffer, transform: number, damage: Rect): void {
    const same = this.#copy !== undefined && this.#transform === 0 && transform === 0 &&
      this.width === buffer.width && this.height === buffer.height &&
      buffer.format.order === "bgra";
    if (!same) {
      this.show(buffer, transform);
      return this.makeCopy();
    }
    this.format = buffer.format;
    const area = intersect(damage, { x: 0, y: 0, width: this.width, height: this.height });
    if (!area) return;
    const { bytes, stride } = buffer.read();
    const from = area.y * stride + area.x * 4;
    const to = (area.y * this.width + area.x) * 4;
    libyuv().ARGBCopy(
      bytes.subarray(from),
      stride,
      this.#copy!.subarray(to),
      this.width * 4,
      area.width,
      area.height,
    );
  }

  /** The pixels now, in this content's size and format. Throws BufferError. */
  pixels(): Pixels {
    if (this.#copy) return { bytes: this.#copy, stride: this.width * 4 };
    return this.#buffer!.read();
  }

  /** Makes the picture independent of the client's memory. */
  makeCopy(): void {
    if (this.#copy || !this.#buffer) return;
    const { width, height, format } = this.#buffer;
    const source = this.#buffer.read();
    const copy = new Uint8Array(width * height * 4);
    this.client.hold(copy.length, 0);
    this.#copy = copy;
    const convert = format.order === "rgba" ? libyuv().ABGRToARGB : libyuv().ARGBCopy;
    convert(source.bytes, source.stride, copy, width * 4, width, height);
    this.format = { order: "bgra", alpha: format.alpha };
    if (this.#transform !== 0) this.#copy = undoTransform(copy, width, height, this.#transform);
    this.#buffer.drop();
    this.#buffer = undefined;
  }

  clear(): void {
    this.#buffer?.drop();
    this.#buffer = undefined;
    this.#dropCopy();
    this.width = 0;
    this.height = 0;
  }

  #setSize(buffer: ClientBuffer, transform: number): void {
    const turned = transform % 2 === 1;
    this.width = turned ? buffer.height : buffer.width;
    this.height = turned ? buffer.width : buffer.height;
    this.format = buffer.format;
    this.#transform = transform;
  }

  #dropCopy(): void {
    if (!this.#copy) return;
    this.client.hold(-this.#copy.length, 0);
    this.#copy = undefined;
  }
}

/**
 * Turns a picture the client drew for a turned output upright again. Transform n of
 * wl_output.transform is n × 90° counter-clockwise, after a left-right flip from 4 on.
 */
function undoTransform(
  pixels: Uint8Array<ArrayBuffer>,
  width: number,
  height: number,
  transform: number,
): Uint8Array<ArrayBuffer> {
  const quarters = transform % 4;
  const turned = quarters % 2 === 1 ? { width: height, height: width } : { width, height };
  const upright = new Uint8Array(pixels.length);
  const stride = turned.width * 4;
  libyuv().ARGBRotate(pixels, width * 4, upright, stride, width, height, quarters * 90);
  if (transform < 4) return upright;
  libyuv().ARGBMirror(upright, stride, pixels, stride, turned.width, turned.height);
  return pixels;
}
