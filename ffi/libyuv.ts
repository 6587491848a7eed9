/**
 * libyuv: colour conversion and scaling on the CPU.
 *
 * Signatures only, as in libyuv's convert.h, scale_argb.h, scale.h and planar_functions.h.
 * "ARGB" in libyuv means the little-endian word 0xAARRGGBB, that is bytes B, G, R, A:
 * Wayland's `argb8888` and `xrgb8888`. "ABGR" is bytes R, G, B, A. Strides are in bytes.
 * ARGBToI420 and ARGBToNV12 write BT.601 limited range.
 */

const symbols = {
  ARGBToI420: {
    // src, stride, y, stride, u, stride, v, stride, width, height
    parameters: ["buffer", "i32", "buffer", "i32", "buffer", "i32", "buffer", "i32", "i32", "i32"],
    result: "i32",
  },
  ABGRToI420: {
    parameters: ["buffer", "i32", "buffer", "i32", "buffer", "i32", "buffer", "i32", "i32", "i32"],
    result: "i32",
  },
  ARGBToNV12: {
    // src, stride, y, stride, uv, stride, width, height
    parameters: ["buffer", "i32", "buffer", "i32", "buffer", "i32", "i32", "i32"],
    result: "i32",
  },
  ARGBScale: {
    // src, stride, width, height, dst, stride, width, height, filter
    parameters: ["buffer", "i32", "i32", "i32", "buffer", "i32", "i32", "i32", "i32"],
    result: "i32",
  },
  ARGBScaleClip: {
    // src, stride, width, height, dst, stride, width, height, clip x, y, width, height, filter
    parameters: [
      "buffer",
      "i32",
      "i32",
      "i32",
      "buffer",
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
    ],
    result: "i32",
  },
  ARGBRotate: {
    // src, stride, dst, stride, width, height of src, degrees clockwise (0, 90, 180, 270)
    parameters: ["buffer", "i32", "buffer", "i32", "i32", "i32", "i32"],
    result: "i32",
  },
  ARGBMirror: {
    // src, stride, dst, stride, width, height; left becomes right
    parameters: ["buffer", "i32", "buffer", "i32", "i32", "i32"],
    result: "i32",
  },
  ABGRToARGB: {
    // src, stride, dst, stride, width, height
    parameters: ["buffer", "i32", "buffer", "i32", "i32", "i32"],
    result: "i32",
  },
  I420ToABGR: {
    // y, stride, u, stride, v, stride, dst, stride, width, height
    parameters: ["buffer", "i32", "buffer", "i32", "buffer", "i32", "buffer", "i32", "i32", "i32"],
    result: "i32",
  },
  ARGBCopy: {
    // src, stride, dst, stride, width, height
    parameters: ["buffer", "i32", "buffer", "i32", "i32", "i32"],
    result: "i32",
  },
  ARGBBlend: {
    // source over, premultiplied: src0 (foreground), stride, src1 (background), stride, dst, stride, width, height
    parameters: ["buffer", "i32", "buffer", "i32", "buffer", "i32", "i32", "i32"],
    result: "i32",
  },
  ARGBRect: {
    // dst, stride, x, y, width, height, value (0xAARRGGBB)
    parameters: ["buffer", "i32", "i32", "i32", "i32", "i32", "u32"],
    result: "i32",
  },
  I420Scale: {
    // y, stride, u, stride, v, stride, width, height, then the same for the destination, filter
    parameters: [
      "buffer",
      "i32",
      "buffer",
      "i32",
      "buffer",
      "i32",
      "i32",
      "i32",
      "buffer",
      "i32",
      "buffer",
      "i32",
      "buffer",
      "i32",
      "i32",
      "i32",
      "i32",
    ],
    result: "i32",
  },
  I420Copy: {
    parameters: [
      "buffer",
      "i32",
      "buffer",
      "i32",
      "buffer",
      "i32",
      "buffer",
      "i32",
      "buffer",
      "i32",
      "buffer",
      "i32",
      "i32",
      "i32",
    ],
    result: "i32",
  },
  I420ToARGB: {
    // y, stride, u, stride, v, stride, dst, stride, width, height
    parameters: ["buffer", "i32", "buffer", "i32", "buffer", "i32", "buffer", "i32", "i32", "i32"],
    result: "i32",
  },
} as const;

/** The functions of libyuv. */
export type Libyuv = Deno.DynamicLibrary<typeof symbols>["symbols"];

/** FilterMode of scale.h. */
export const FILTER_NONE = 0;
export const FILTER_LINEAR = 1;
export const FILTER_BILINEAR = 2;
export const FILTER_BOX = 3;

let opened: Libyuv | undefined;

/** Opens libyuv once a thread. Throws with the package to install where it is missing. */
export function libyuv(): Libyuv {
  if (opened) return opened;
  try {
    return opened = Deno.dlopen("libyuv.so.0", symbols).symbols;
  } catch (cause) {
    throw new Error("libyuv.so.0 cannot be opened; install Debian's package libyuv0", { cause });
  }
}
