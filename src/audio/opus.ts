import {
  libopus,
  OPUS_APPLICATION_RESTRICTED_LOWDELAY,
  OPUS_SET_BITRATE_REQUEST,
  OPUS_SET_COMPLEXITY_REQUEST,
  OPUS_SET_INBAND_FEC_REQUEST,
  OPUS_SET_PACKET_LOSS_PERC_REQUEST,
  opusErrorText,
} from "../../ffi/libopus.ts";

/** Hz. Everything in a session runs at Opus's own rate. */
export const SAMPLE_RATE = 48000;
/** Samples of one channel in the longest Opus packet, 120 ms. */
const MAX_PACKET_SAMPLES = 5760;
const MAX_PACKET_BYTES = 1500;

export interface OpusSettings {
  channels: 1 | 2 | 6;
  /** bit/s */
  bitrate: number;
  /**
   * Ask for in-band FEC for this expected loss, in percent; 0: off. Opus has in-band FEC only where
   * its speech layer codes the packet, which the restricted low-delay mode never uses: the request
   * is passed on, and loss protection of game sound is the transport's (RED, RFC 2198).
   */
  expectedLossPercent?: number;
}

/** A multistream layout: which coded stream carries which channel (RFC 7845 section 5.1.1). */
export interface SurroundLayout {
  streams: number;
  coupledStreams: number;
  mapping: Uint8Array<ArrayBuffer>;
}

function checked<T>(pointer: T | null, error: Int32Array, what: string): T {
  if (pointer === null) {
    throw new Error(`expected libopus to make ${what}, got: ${opusErrorText(error[0])}`);
  }
  return pointer;
}

/**
 * Encodes signed 16-bit interleaved PCM at 48 kHz in restricted low-delay mode (2.5 ms lookahead).
 *
 * Six channels are coded as Opus multistream, mapping family 1, in Vorbis channel order: front left,
 * centre, front right, rear left, rear right, LFE.
 */
export class OpusEncoder {
  readonly #handle: Deno.PointerObject;
  readonly #channels: number;
  readonly #packet = new Uint8Array(MAX_PACKET_BYTES);
  /** The layout a decoder needs; undefined for mono and stereo. */
  readonly surround?: SurroundLayout;

  /** Throws where libopus is missing or refuses the settings. */
  constructor(settings: OpusSettings) {
    const { channels, bitrate, expectedLossPercent = 0 } = settings;
    const opus = libopus();
    const error = new Int32Array(1);
    const errorBytes = new Uint8Array(error.buffer);
    this.#channels = channels;
    if (channels > 2) {
      const streams = new Int32Array(1);
      const coupled = new Int32Array(1);
      const mapping = new Uint8Array(channels);
      this.#handle = checked(
        opus.opus_multistream_surround_encoder_create(
          SAMPLE_RATE,
          channels,
          1,
          new Uint8Array(streams.buffer),
          new Uint8Array(coupled.buffer),
          mapping,
          OPUS_APPLICATION_RESTRICTED_LOWDELAY,
          errorBytes,
        ),
        error,
        `an encoder for ${channels} channels`,
      );
      this.surround = { streams: streams[0], coupledStreams: coupled[0], mapping };
    } else {
      this.#handle = checked(
        opus.opus_encoder_create(
          SAMPLE_RATE,
          channels,
          OPUS_APPLICATION_RESTRICTED_LOWDELAY,
          errorBytes,
        ),
        error,
        `an encoder for ${channels} channels`,
      );
    }
    this.#set(OPUS_SET_BITRATE_REQUEST, bitrate, "the bitrate");
    this.#set(OPUS_SET_COMPLEXITY_REQUEST, 5, "the complexity");
    if (expectedLossPercent > 0) {
      this.#set(OPUS_SET_INBAND_FEC_REQUEST, 1, "in-band FEC");
      this.#set(OPUS_SET_PACKET_LOSS_PERC_REQUEST, expectedLossPercent, "the expected loss");
    }
  }

  #set(request: number, value: number, what: string): void {
    const opus = libopus();
    const set = this.surround ? opus.opus_multistream_encoder_ctl_set : opus.opus_encoder_ctl_set;
    const result = set(this.#handle, request, value);
    if (result < 0) {
      throw new Error(`expected libopus to set ${what} to ${value}: ${opusErrorText(result)}`);
    }
  }

  /** One packet of `pcm.length / channels` samples: 120, 240, 480 or 960. Throws on other sizes. */
  encode(pcm: Int16Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const opus = libopus();
    const encode = this.surround ? opus.opus_multistream_encode : opus.opus_encode;
    const bytes = new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
    const samples = pcm.length / this.#channels;
    const written = encode(this.#handle, bytes, samples, this.#packet, MAX_PACKET_BYTES);
    if (written < 0) {
      throw new Error(
        `expected 2.5, 5, 10 or 20 ms of PCM, got ${samples} samples: ${opusErrorText(written)}`,
      );
    }
    return this.#packet.slice(0, written);
  }

  close(): void {
    const opus = libopus();
    if (this.surround) opus.opus_multistream_encoder_destroy(this.#handle);
    else opus.opus_encoder_destroy(this.#handle);
  }
}

/** A packet that is not Opus. */
export class OpusFormatError extends Error {
  override name = "OpusFormatError";
}

/** Decodes Opus packets of any size to signed 16-bit interleaved PCM at 48 kHz. */
export class OpusDecoder {
  readonly #handle: Deno.PointerObject;
  readonly #pcm: Int16Array<ArrayBuffer>;

  /** Throws where libopus is missing. `surround`: of the {@linkcode OpusEncoder} for six channels. */
  constructor(readonly channels: number, readonly surround?: SurroundLayout) {
    const error = new Int32Array(1);
    const errorBytes = new Uint8Array(error.buffer);
    const opus = libopus();
    this.#pcm = new Int16Array(MAX_PACKET_SAMPLES * channels);
    const handle = surround
      ? opus.opus_multistream_decoder_create(
        SAMPLE_RATE,
        channels,
        surround.streams,
        surround.coupledStreams,
        surround.mapping,
        errorBytes,
      )
      : opus.opus_decoder_create(SAMPLE_RATE, channels, errorBytes);
    this.#handle = checked(handle, error, `a decoder for ${channels} channels`);
  }

  /** Throws {@linkcode OpusFormatError} on bytes that are not an Opus packet. */
  decode(packet: Uint8Array): Int16Array<ArrayBuffer> {
    const opus = libopus();
    const decode = this.surround ? opus.opus_multistream_decode : opus.opus_decode;
    // An empty packet would mean "lost" to libopus and yield concealment for ever.
    if (packet.length === 0) throw new OpusFormatError("expected an Opus packet, got 0 bytes");
    const samples = decode(
      this.#handle,
      packet as Uint8Array<ArrayBuffer>,
      packet.length,
      new Uint8Array(this.#pcm.buffer),
      MAX_PACKET_SAMPLES,
      0,
    );
    if (samples < 0) {
      throw new OpusFormatError(
        `expected an Opus packet, got ${packet.length} bytes: ${opusErrorText(samples)}`,
      );
    }
    return this.#pcm.slice(0, samples * this.channels);
  }

  close(): void {
    const opus = libopus();
    if (this.surround) opus.opus_multistream_decoder_destroy(this.#handle);
    else opus.opus_decoder_destroy(this.#handle);
  }
}
