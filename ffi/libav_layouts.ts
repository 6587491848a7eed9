/**
 * Byte offsets in the structures of libavcodec and libavutil, by libavcodec's major version.
 * Generated from the C headers by src/video/layouts/generate.ts; do not edit.
 */

export interface LibavLayout {
  /** The libavutil major that belongs to it. */
  avutil: number;
  /** AVCodecContext */
  codecContext: Record<
    "bit_rate" | "rc_max_rate" | "rc_buffer_size" | "framerate" | "width" | "height",
    number
  >;
  /** AVFrame */
  frame: Record<
    "data" | "linesize" | "width" | "height" | "format" | "pict_type" | "pts" | "buf" | "size",
    number
  >;
  /** AVPacket */
  packet: Record<"data" | "size" | "flags", number>;
  /** AVOption */
  option: Record<"offset", number>;
}

export const libavLayouts: Readonly<Record<number, LibavLayout>> = {
  59: {
    avutil: 57,
    codecContext: {
      bit_rate: 56,
      rc_max_rate: 456,
      rc_buffer_size: 436,
      framerate: 712,
      width: 116,
      height: 120,
    },
    frame: {
      data: 0,
      linesize: 64,
      width: 104,
      height: 108,
      format: 116,
      pict_type: 124,
      pts: 136,
      buf: 224,
      size: 472,
    },
    packet: {
      data: 24,
      size: 32,
      flags: 40,
    },
    option: {
      offset: 16,
    },
  },
  61: {
    avutil: 59,
    codecContext: {
      bit_rate: 56,
      rc_max_rate: 464,
      rc_buffer_size: 448,
      framerate: 100,
      width: 116,
      height: 120,
    },
    frame: {
      data: 0,
      linesize: 64,
      width: 104,
      height: 108,
      format: 116,
      pict_type: 124,
      pts: 136,
      buf: 200,
      size: 440,
    },
    packet: {
      data: 24,
      size: 32,
      flags: 40,
    },
    option: {
      offset: 16,
    },
  },
};
