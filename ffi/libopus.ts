/**
 * libopus: the Opus codec (RFC 6716), single stream and multistream.
 *
 * Signatures and constants only, as in opus.h, opus_multistream.h and opus_defines.h. The CTL
 * functions are variadic in C; on x86-64 and arm64 Linux an integer argument travels as in a plain
 * call. All samples are signed 16 bit, interleaved; frame sizes count samples of one channel.
 */

const symbols = {
  // sample rate, channels, application, out: error
  opus_encoder_create: { parameters: ["i32", "i32", "i32", "buffer"], result: "pointer" },
  opus_encoder_destroy: { parameters: ["pointer"], result: "void" },
  // encoder, pcm, frame size, out: packet, its room in bytes; bytes written or a negative error
  opus_encode: { parameters: ["pointer", "buffer", "i32", "buffer", "i32"], result: "i32" },
  opus_encoder_ctl_set: {
    name: "opus_encoder_ctl",
    parameters: ["pointer", "i32", "i32"],
    result: "i32",
  },
  opus_encoder_ctl_get: {
    name: "opus_encoder_ctl",
    parameters: ["pointer", "i32", "buffer"],
    result: "i32",
  },
  // sample rate, channels, out: error
  opus_decoder_create: { parameters: ["i32", "i32", "buffer"], result: "pointer" },
  opus_decoder_destroy: { parameters: ["pointer"], result: "void" },
  // decoder, packet (null: lost), bytes, out: pcm, room in samples of one channel, decode FEC
  opus_decode: { parameters: ["pointer", "buffer", "i32", "buffer", "i32", "i32"], result: "i32" },
  // sample rate, channels, mapping family, out: streams, out: coupled streams, out: mapping,
  // application, out: error
  opus_multistream_surround_encoder_create: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer", "buffer", "i32", "buffer"],
    result: "pointer",
  },
  opus_multistream_encoder_destroy: { parameters: ["pointer"], result: "void" },
  opus_multistream_encode: {
    parameters: ["pointer", "buffer", "i32", "buffer", "i32"],
    result: "i32",
  },
  opus_multistream_encoder_ctl_set: {
    name: "opus_multistream_encoder_ctl",
    parameters: ["pointer", "i32", "i32"],
    result: "i32",
  },
  // sample rate, channels, streams, coupled streams, mapping, out: error
  opus_multistream_decoder_create: {
    parameters: ["i32", "i32", "i32", "i32", "buffer", "buffer"],
    result: "pointer",
  },
  opus_multistream_decoder_destroy: { parameters: ["pointer"], result: "void" },
  opus_multistream_decode: {
    parameters: ["pointer", "buffer", "i32", "buffer", "i32", "i32"],
    result: "i32",
  },
  opus_strerror: { parameters: ["i32"], result: "pointer" },
  opus_get_version_string: { parameters: [], result: "pointer" },
} as const;

/** The functions of libopus. */
export type Libopus = Deno.DynamicLibrary<typeof symbols>["symbols"];

let opened: Libopus | undefined;

/** Opens libopus once a thread. Throws with the package to install where it is missing. */
export function libopus(): Libopus {
  if (opened) return opened;
  try {
    return opened = Deno.dlopen("libopus.so.0", symbols).symbols;
  } catch (cause) {
    throw new Error("libopus.so.0 cannot be opened; install Debian's package libopus0", { cause });
  }
}

/** libopus's text for a negative result, such as "corrupted stream". */
export function opusErrorText(code: number): string {
  return Deno.UnsafePointerView.getCString(libopus().opus_strerror(code)!);
}

/** Such as "libopus 1.3.1". */
export function opusVersion(): string {
  return Deno.UnsafePointerView.getCString(libopus().opus_get_version_string()!);
}

export const OPUS_APPLICATION_RESTRICTED_LOWDELAY = 2051;
export const OPUS_SET_BITRATE_REQUEST = 4002;
export const OPUS_SET_COMPLEXITY_REQUEST = 4010;
export const OPUS_SET_INBAND_FEC_REQUEST = 4012;
export const OPUS_SET_PACKET_LOSS_PERC_REQUEST = 4014;
export const OPUS_GET_LOOKAHEAD_REQUEST = 4027;
