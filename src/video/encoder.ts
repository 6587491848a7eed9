import type { I420Planes } from "../media/frame_ring.ts";

/** How an encoder is opened. Size and preset are fixed until it is closed; the rate may change. */
export interface EncoderSettings extends EncoderRate {
  /** Pixels, even. */
  width: number;
  height: number;
}

/** What may change while encoding, without an IDR. */
export interface EncoderRate {
  /** Pictures a second at most; each gets `bitrate / fps` bits. */
  fps: number;
  /** bit/s */
  bitrate: number;
}

/** One access unit, Annex B, with parameter sets before an IDR. */
export interface EncodedPicture {
  data: Uint8Array<ArrayBuffer>;
  /** True for an IDR picture. */
  keyFrame: boolean;
}

/**
 * An encoder that gives exactly one access unit for each picture, without delay.
 *
 * Software, VAAPI and NVENC encoders are siblings behind this interface. Its methods throw Error
 * with what failed and what to do; after that only {@linkcode close} is allowed.
 */
export interface VideoEncoder {
  readonly settings: EncoderSettings;
  /** Encodes one picture of the size the encoder was opened for; blocks until its bits are there. */
  encode(picture: I420Planes, options: { forceIdr: boolean }): EncodedPicture;
  /** Takes effect with the next picture. */
  setBitrate(rate: EncoderRate): void;
  /** Frees everything; more than one call is harmless. */
  close(): void;
}

/** A kind of encoder, such as software on the CPU. */
export interface EncoderProvider {
  /** How many ways of encoding it has, from the best picture (0) to the fastest. */
  readonly efforts: number;
  /** Where to start for these settings on this machine. */
  startEffort(settings: EncoderSettings): number;
  /** Throws Error with what is missing and what to install. */
  open(settings: EncoderSettings, effort: number): VideoEncoder;
}
