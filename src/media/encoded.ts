/**
 * When a frame passed each stage, in {@linkcode monotonicMs} time; 0 where a stage did not happen.
 * Kept with a frame from the game's commit to the last packet, so every frame has its own latency record.
 */
export interface FrameTimings {
  /** The newest input event that had been handed to the game before this commit. */
  inputMs: number;
  /** The game's `wl_surface.commit` (or the X server's damage event) was read. */
  commitMs: number;
  /** The picture is in the shared slot, converted. */
  capturedMs: number;
  /** The encoder took the picture. */
  encodeStartMs: number;
  /** The access unit left the encoder. */
  encodedMs: number;
}

/** One encoded picture. */
export interface EncodedFrame {
  /** H.264 access unit in Annex B format (start codes), with SPS and PPS before an IDR. */
  data: Uint8Array<ArrayBuffer>;
  /** True for an IDR picture. */
  keyFrame: boolean;
  /** Pixels. */
  width: number;
  height: number;
  /** Counts encoded pictures of a session; never repeats. */
  sequence: number;
  /** Capture time on the 90 kHz RTP clock, modulo 2^32: `capturedMs * 90`. */
  rtpTimestamp: number;
  timings: FrameTimings;
}

/** One Opus packet, in one or two layouts. */
export interface EncodedAudio {
  /** Stereo. */
  data: Uint8Array<ArrayBuffer>;
  /**
   * The same sound in 5.1: Opus multistream, mapping family 1 with six channels (RFC 7845 section
   * 5.1.1.2). Only there while the game plays 5.1 and a viewer hears it.
   */
  surround?: Uint8Array<ArrayBuffer>;
  /** On the 48 kHz RTP clock, modulo 2^32. */
  rtpTimestamp: number;
  durationMs: 5 | 10 | 20;
  /** Loudness of the packet, dBov from -127 (silence) to 0; for the level header extension (RFC 6464). */
  level: number;
}
