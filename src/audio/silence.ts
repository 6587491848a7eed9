/** Root mean square of a packet in dBov, -127 (silence) to 0, as in RFC 6464 section 3. */
export function levelOf(pcm: Int16Array): number {
  let sum = 0;
  for (const sample of pcm) sum += sample * sample;
  if (sum === 0) return -127;
  return Math.max(-127, Math.min(0, Math.round(10 * Math.log10(sum / pcm.length / 32768 ** 2))));
}

/** True where every sample is zero. */
export function isDigitalSilence(pcm: Int16Array): boolean {
  for (const sample of pcm) if (sample !== 0) return false;
  return true;
}

/** Silence is still coded for so long, so that the decoder hears the sound fade out. */
const HANGOVER_MS = 400;
/** In silence one packet is sent in this time, so that receivers and middleboxes see a live stream. */
const REFRESH_MS = 400;

/**
 * Decides which packets are worth coding: all with sound, and of a long silence one now and then.
 * A gap in the RTP timestamps without one in the sequence numbers is silence to a receiver, as with
 * Opus DTX (RFC 7587 section 3.1.3).
 */
export class SilenceGate {
  #silentMs = 0;
  #sinceSentMs = 0;

  /** The next packet, `durationMs` long. True where it should be coded and sent. */
  admit(silent: boolean, durationMs: number): boolean {
    this.#silentMs = silent ? this.#silentMs + durationMs : 0;
    this.#sinceSentMs += durationMs;
    if (this.quiet && this.#sinceSentMs < REFRESH_MS) return false;
    this.#sinceSentMs = 0;
    return true;
  }

  /** True in a silence that is longer than the hangover. */
  get quiet(): boolean {
    return this.#silentMs > HANGOVER_MS;
  }
}
