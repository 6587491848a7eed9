/**
 * libpulse-simple and libpulse: playback and recording on a PulseAudio (or pipewire-pulse) server.
 *
 * Signatures and layouts only, as in pulse/simple.h, mainloop.h, context.h, stream.h, sample.h,
 * channelmap.h and def.h. The libraries may be absent, so they are opened by
 * {@linkcode openPulseSimple} and {@linkcode openPulse} and not on import.
 */
import { cstring } from "./libc.ts";

const symbols = {
  // server, application name, direction, device, stream name, sample spec, channel map,
  // buffer attributes, error; returns pa_simple* or null
  pa_simple_new: {
    parameters: [
      "buffer",
      "buffer",
      "i32",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
    ],
    result: "pointer",
  },
  /** {@linkcode pa_simple_new} on a thread of its own, for callers that must not wait. */
  pa_simple_new_async: {
    name: "pa_simple_new",
    parameters: [
      "buffer",
      "buffer",
      "i32",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
    ],
    result: "pointer",
    nonblocking: true,
  },
  pa_simple_free: { parameters: ["pointer"], result: "void" },
  // stream, data, bytes, error; 0 or -1. Both block until all bytes are through.
  pa_simple_write: { parameters: ["pointer", "buffer", "usize", "buffer"], result: "i32" },
  pa_simple_read: { parameters: ["pointer", "buffer", "usize", "buffer"], result: "i32" },
  /** {@linkcode pa_simple_write} on a thread of its own: resolves when the data is accepted. */
  pa_simple_write_async: {
    name: "pa_simple_write",
    parameters: ["pointer", "buffer", "usize", "buffer"],
    result: "i32",
    nonblocking: true,
  },
  pa_simple_drain: { parameters: ["pointer", "buffer"], result: "i32" },
  pa_simple_drain_async: {
    name: "pa_simple_drain",
    parameters: ["pointer", "buffer"],
    result: "i32",
    nonblocking: true,
  },
  pa_simple_flush: { parameters: ["pointer", "buffer"], result: "i32" },
  /** Microseconds. */
  pa_simple_get_latency: { parameters: ["pointer", "buffer"], result: "u64" },
} as const;

export type PulseSimple = Deno.DynamicLibrary<typeof symbols>["symbols"];

let opened: PulseSimple | undefined;

/** Opens libpulse-simple once a thread. Throws with the package to install where it is missing. */
export function openPulseSimple(): PulseSimple {
  if (opened) return opened;
  try {
    return opened = Deno.dlopen("libpulse-simple.so.0", symbols).symbols;
  } catch (cause) {
    throw new Error("libpulse-simple.so.0 cannot be opened; install Debian's package libpulse0", {
      cause,
    });
  }
}

// pa_stream_direction_t
export const PA_STREAM_PLAYBACK = 1;
export const PA_STREAM_RECORD = 2;
// pa_sample_format_t
export const PA_SAMPLE_S16LE = 3;
export const PA_SAMPLE_FLOAT32LE = 5;
// pa_channel_position_t
export const PA_CHANNEL_POSITION_FRONT_LEFT = 1;
export const PA_CHANNEL_POSITION_FRONT_RIGHT = 2;
export const PA_CHANNEL_POSITION_FRONT_CENTER = 3;
export const PA_CHANNEL_POSITION_REAR_LEFT = 5;
export const PA_CHANNEL_POSITION_REAR_RIGHT = 6;
export const PA_CHANNEL_POSITION_LFE = 7;
/** In a {@linkcode bufferAttributes} field: the server's choice, (uint32_t) -1. */
export const PA_SERVER_CHOICE = 0xffffffff;

/** pa_sample_spec: 12 bytes. `rate` in Hz. */
export function sampleSpec(format: number, rate: number, channels: number) {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, format, true);
  view.setUint32(4, rate, true);
  view.setUint8(8, channels);
  return bytes;
}

/** pa_channel_map: a channel count and 32 positions, 132 bytes. */
export function channelMap(positions: number[]) {
  const bytes = new Uint8Array(132);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, positions.length);
  positions.forEach((position, i) => view.setInt32(4 + 4 * i, position, true));
  return bytes;
}

/** pa_buffer_attr: five uint32 in bytes of audio; what is not given is {@linkcode PA_SERVER_CHOICE}. */
export function bufferAttributes(fields: {
  maxlength?: number;
  /** Playback: target length of the buffer, which is the latency. */
  tlength?: number;
  /** Playback: starts when this much is there; 0: at once. */
  prebuf?: number;
  minreq?: number;
  /** Recording: size of the pieces that arrive. */
  fragsize?: number;
}) {
  const { maxlength, tlength, prebuf, minreq, fragsize } = fields;
  const words = [maxlength, tlength, prebuf, minreq, fragsize];
  return new Uint8Array(Uint32Array.from(words, (word) => word ?? PA_SERVER_CHOICE).buffer);
}

const coreSymbols = {
  pa_strerror: { parameters: ["i32"], result: "pointer" },
  pa_mainloop_new: { parameters: [], result: "pointer" },
  pa_mainloop_free: { parameters: ["pointer"], result: "void" },
  pa_mainloop_get_api: { parameters: ["pointer"], result: "pointer" },
  // loop, longest time to wait in microseconds (-1: no limit); negative on failure
  pa_mainloop_prepare: { parameters: ["pointer", "i32"], result: "i32" },
  pa_mainloop_poll: { parameters: ["pointer"], result: "i32" },
  pa_mainloop_dispatch: { parameters: ["pointer"], result: "i32" },
  // loop api, application name
  pa_context_new: { parameters: ["pointer", "buffer"], result: "pointer" },
  // context, server, flags, spawn api
  pa_context_connect: { parameters: ["pointer", "buffer", "i32", "pointer"], result: "i32" },
  pa_context_disconnect: { parameters: ["pointer"], result: "void" },
  pa_context_unref: { parameters: ["pointer"], result: "void" },
  pa_context_get_state: { parameters: ["pointer"], result: "i32" },
  pa_context_errno: { parameters: ["pointer"], result: "i32" },
  // context, name, sample spec, channel map
  pa_stream_new: { parameters: ["pointer", "buffer", "buffer", "buffer"], result: "pointer" },
  // stream, device, buffer attributes, flags
  pa_stream_connect_record: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "i32" },
  pa_stream_disconnect: { parameters: ["pointer"], result: "i32" },
  pa_stream_unref: { parameters: ["pointer"], result: "void" },
  pa_stream_get_state: { parameters: ["pointer"], result: "i32" },
  // stream, out: data pointer (null: a hole), out: bytes
  pa_stream_peek: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  pa_stream_drop: { parameters: ["pointer"], result: "i32" },
  // stream, buffer attributes, callback, user data; returns pa_operation* or null
  pa_stream_set_buffer_attr: {
    parameters: ["pointer", "buffer", "pointer", "pointer"],
    result: "pointer",
  },
  pa_operation_unref: { parameters: ["pointer"], result: "void" },
} as const;

/** The asynchronous API of libpulse, run by a pa_mainloop on the calling thread. */
export type Pulse = Deno.DynamicLibrary<typeof coreSymbols>["symbols"];

let openedCore: Pulse | undefined;

/** Opens libpulse once a thread. Throws with the package to install where it is missing. */
export function openPulse(): Pulse {
  if (openedCore) return openedCore;
  try {
    return openedCore = Deno.dlopen("libpulse.so.0", coreSymbols).symbols;
  } catch (cause) {
    throw new Error("libpulse.so.0 cannot be opened; install Debian's package libpulse0", {
      cause,
    });
  }
}

// pa_context_flags_t, pa_context_state_t
export const PA_CONTEXT_NOAUTOSPAWN = 1;
export const PA_CONTEXT_READY = 4;
export const PA_CONTEXT_FAILED = 5;
export const PA_CONTEXT_TERMINATED = 6;
// pa_stream_state_t
export const PA_STREAM_READY = 2;
export const PA_STREAM_FAILED = 3;
export const PA_STREAM_TERMINATED = 4;
// pa_stream_flags_t
export const PA_STREAM_DONT_MOVE = 0x0200;
export const PA_STREAM_ADJUST_LATENCY = 0x2000;
export const PA_STREAM_DONT_INHIBIT_AUTO_SUSPEND = 0x8000;

/** libpulse's text for an error number, such as "Connection refused". */
export function pulseErrorText(code: number): string {
  const text = openPulse().pa_strerror(code);
  return text === null ? `error ${code}` : Deno.UnsafePointerView.getCString(text);
}

/** What {@linkcode openStream} needs. */
export interface StreamParameters {
  /** Such as `unix:/path/to/socket`. */
  server: string;
  direction: typeof PA_STREAM_PLAYBACK | typeof PA_STREAM_RECORD;
  /** Sink or source name; absent: the server's default. */
  device?: string;
  applicationName: string;
  streamName: string;
  sampleSpec: Uint8Array<ArrayBuffer>;
  channelMap?: Uint8Array<ArrayBuffer>;
  attributes?: Uint8Array<ArrayBuffer>;
}

/** The arguments of pa_simple_new(); the last one receives the error number. */
function streamArguments(stream: StreamParameters, error: Uint8Array<ArrayBuffer>) {
  return [
    cstring(stream.server),
    cstring(stream.applicationName),
    stream.direction,
    stream.device === undefined ? null : cstring(stream.device),
    cstring(stream.streamName),
    stream.sampleSpec,
    stream.channelMap ?? null,
    stream.attributes ?? null,
    error,
  ] as const;
}

function acceptedStream(
  handle: Deno.PointerValue,
  stream: StreamParameters,
  error: Uint8Array<ArrayBuffer>,
): Deno.PointerObject {
  if (handle !== null) return handle;
  const text = pulseErrorText(new DataView(error.buffer).getInt32(0, true));
  throw new Error(
    `expected ${stream.server} to open the stream "${stream.streamName}", got: ${text}`,
  );
}

/** pa_simple_new(). Blocks until the server has accepted the stream; throws with its text where it has not. */
export function openStream(stream: StreamParameters): Deno.PointerObject {
  const error = new Uint8Array(4);
  const handle = openPulseSimple().pa_simple_new(...streamArguments(stream, error));
  return acceptedStream(handle, stream, error);
}

/** {@linkcode openStream} on a thread of its own. */
export async function openStreamAsync(stream: StreamParameters): Promise<Deno.PointerObject> {
  const error = new Uint8Array(4);
  const handle = await openPulseSimple().pa_simple_new_async(...streamArguments(stream, error));
  return acceptedStream(handle, stream, error);
}
