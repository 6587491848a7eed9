/** The newest picture of a frame ring as an image file, for eyes and for tests. */
import { libyuv } from "../../ffi/libyuv.ts";
import type { CapturedFrame } from "../../src/media/frame_ring.ts";
import { encodePng } from "../../src/media/png.ts";

/** Pixels of a captured frame: bytes R, G, B, A, rows tightly packed. */
export function frameRgba(frame: CapturedFrame): Uint8Array<ArrayBuffer> {
  const { width, height, yStride, uvStride } = frame;
  const rgba = new Uint8Array(width * height * 4);
  // Copies, because libyuv's binding takes plain buffers.
  const [y, u, v] = [frame.y, frame.u, frame.v].map((plane) => new Uint8Array(plane));
  libyuv().I420ToABGR(y, yStride, u, uvStride, v, uvStride, rgba, width * 4, width, height);
  return rgba;
}

export function framePng(frame: CapturedFrame): Uint8Array<ArrayBuffer> {
  return encodePng(frame.width, frame.height, frameRgba(frame));
}
