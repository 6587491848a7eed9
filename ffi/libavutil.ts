/**
 * libavutil: frames, reference-counted buffers, options and error texts of FFmpeg.
 *
 * Signatures only, as in frame.h, buffer.h, opt.h, error.h and log.h. Structure offsets are in
 * libav_layouts.ts. Functions that return i32 return a negative AVERROR where they fail.
 */

const symbols = {
  // data, size, free(opaque, data), opaque, flags
  av_buffer_create: {
    parameters: ["pointer", "usize", "pointer", "pointer", "i32"],
    result: "pointer",
  },
  // AVBufferRef **
  av_buffer_unref: { parameters: ["buffer"], result: "void" },
  av_frame_alloc: { parameters: [], result: "pointer" },
  // AVFrame **
  av_frame_free: { parameters: ["buffer"], result: "void" },
  av_log_set_level: { parameters: ["i32"], result: "void" },
  // object, name, unit, option flags, search flags
  av_opt_find: { parameters: ["pointer", "buffer", "pointer", "i32", "i32"], result: "pointer" },
  // object, name, value, search flags
  av_opt_set: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "i32" },
  // error, text, bytes
  av_strerror: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  avutil_version: { parameters: [], result: "u32" },
} as const;

/** The functions of libavutil. */
export type Libavutil = Deno.DynamicLibrary<typeof symbols>["symbols"];

/** Opens libavutil of this major version. Throws where it is not installed. */
export function libavutil(major: number): Libavutil {
  return Deno.dlopen(`libavutil.so.${major}`, symbols).symbols;
}

/**
 * The address of free(3), for `av_buffer_create` over memory that libavutil must not free: it calls
 * `free(opaque, data)`, so with a null `opaque` nothing happens (C17 7.22.3.3); the second argument
 * is ignored by the calling conventions of x86-64 and arm64.
 */
export function freeFunction(): Deno.PointerObject {
  const { free } = Deno.dlopen("libc.so.6", { free: { type: "pointer" } }).symbols;
  return free!;
}

/** Options of the codec's private part are found too. */
export const AV_OPT_SEARCH_CHILDREN = 1;
export const AV_LOG_QUIET = -8;
export const AV_LOG_INFO = 32;
export const AV_PIX_FMT_YUV420P = 0;
export const AV_PICTURE_TYPE_NONE = 0;
export const AV_PICTURE_TYPE_I = 1;
/** -EAGAIN: no packet yet. */
export const AVERROR_EAGAIN = -11;
