import {
  bufferAttributes,
  openPulseSimple,
  openStream,
  PA_SAMPLE_S16LE,
  PA_STREAM_PLAYBACK,
  sampleSpec,
} from "../../../ffi/libpulse.ts";
import { monotonicMs } from "../../media/clock.ts";

const RATE = 48000;
/** Hz */
export const BEEP_FREQUENCY = 880;
const BEEP_MS = 60;
const FADE_MS = 4;

/** A short tone, mono, 16 bit. */
function tone(): Uint8Array<ArrayBuffer> {
  const length = RATE * BEEP_MS / 1000;
  const fade = RATE * FADE_MS / 1000;
  const samples = Int16Array.from({ length }, (_, i) => {
    const envelope = Math.min(1, i / fade, (length - 1 - i) / fade);
    return Math.round(12000 * envelope * Math.sin(2 * Math.PI * BEEP_FREQUENCY * i / RATE));
  });
  return new Uint8Array(samples.buffer);
}

/** Beeps on a PulseAudio server. */
export class Beep {
  readonly #tone = tone();
  readonly #stream: Deno.PointerObject;
  #silentAgainMs = 0;
  #broken = false;

  /** Connects. Throws where there is no server at `server`, such as `unix:/path`. */
  constructor(server: string) {
    this.#stream = openStream({
      server,
      direction: PA_STREAM_PLAYBACK,
      applicationName: "Gamelan Test card",
      streamName: "Beep",
      sampleSpec: sampleSpec(PA_SAMPLE_S16LE, RATE, 1),
      // Room for one tone, so that writing it never blocks; it starts with the first millisecond.
      attributes: bufferAttributes({
        maxlength: 2 * this.#tone.length,
        tlength: this.#tone.length,
        prebuf: RATE / 1000 * 2,
      }),
    });
  }

  /** Plays one tone; while one is playing, nothing. */
  play(): void {
    const now = monotonicMs();
    if (this.#broken || now < this.#silentAgainMs) return;
    this.#silentAgainMs = now + BEEP_MS + 5;
    const length = BigInt(this.#tone.length);
    const result = openPulseSimple().pa_simple_write(
      this.#stream,
      this.#tone,
      length,
      new Uint8Array(4),
    );
    // The sound server has ended; the card goes on silently.
    if (result < 0) this.#broken = true;
  }

  close(): void {
    openPulseSimple().pa_simple_free(this.#stream);
  }
}
