/**
 * libavcodec: encoders of FFmpeg.
 *
 * Signatures only, as in avcodec.h, codec.h and packet.h. Structure offsets are in
 * libav_layouts.ts. Functions that return i32 return a negative AVERROR where they fail.
 */

const symbols = {
  av_packet_alloc: { parameters: [], result: "pointer" },
  // AVPacket **
  av_packet_free: { parameters: ["buffer"], result: "void" },
  av_packet_unref: { parameters: ["pointer"], result: "void" },
  avcodec_alloc_context3: { parameters: ["pointer"], result: "pointer" },
  avcodec_find_encoder_by_name: { parameters: ["buffer"], result: "pointer" },
  // AVCodecContext **
  avcodec_free_context: { parameters: ["buffer"], result: "void" },
  // context, codec, AVDictionary **
  avcodec_open2: { parameters: ["pointer", "pointer", "pointer"], result: "i32" },
  avcodec_receive_packet: { parameters: ["pointer", "pointer"], result: "i32" },
  avcodec_send_frame: { parameters: ["pointer", "pointer"], result: "i32" },
  avcodec_version: { parameters: [], result: "u32" },
} as const;

/** The functions of libavcodec. */
export type Libavcodec = Deno.DynamicLibrary<typeof symbols>["symbols"];

/** Opens libavcodec of this major version. Throws where it is not installed. */
export function libavcodec(major: number): Libavcodec {
  return Deno.dlopen(`libavcodec.so.${major}`, symbols).symbols;
}

export const AV_PKT_FLAG_KEY = 1;
