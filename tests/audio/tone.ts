/** Makes, plays and measures tones for the sound tests and the latency bench. */
import {
  bufferAttributes,
  channelMap,
  openPulseSimple,
  openStream,
  PA_SAMPLE_S16LE,
  PA_STREAM_PLAYBACK,
  sampleSpec,
} from "../../ffi/libpulse.ts";

const RATE = 48000;

/** `ms` of a sine at `hz`, signed 16 bit, the same in all channels. `amplitude` 0–1. */
export function sine(hz: number, ms: number, channels: number, amplitude = 0.5, startSample = 0) {
  const samples = new Int16Array(RATE / 1000 * ms * channels);
  for (let i = 0; i < samples.length; i++) {
    const t = (startSample + Math.floor(i / channels)) / RATE;
    samples[i] = Math.round(32767 * amplitude * Math.sin(2 * Math.PI * hz * t));
  }
  return samples;
}

/**
 * Amplitude (0–1) of the tone `hz` in one channel's samples, by the Goertzel algorithm.
 */
export function toneAmplitude(samples: ArrayLike<number>, hz: number): number {
  const coefficient = 2 * Math.cos(2 * Math.PI * hz / RATE);
  let previous = 0;
  let beforePrevious = 0;
  for (let i = 0; i < samples.length; i++) {
    const current = samples[i] / 32768 + coefficient * previous - beforePrevious;
    beforePrevious = previous;
    previous = current;
  }
  const power = previous ** 2 + beforePrevious ** 2 - coefficient * previous * beforePrevious;
  return 2 * Math.sqrt(Math.max(0, power)) / samples.length;
}

/** Channel `channel` of interleaved samples. */
export function channelOf(samples: Int16Array, channel: number, channels: number): Int16Array {
  return samples.filter((_, i) => i % channels === channel);
}

/** Front left and right, centre, LFE, rear left and right (pa_channel_position_t): as in WAVE files. */
const surroundMap = channelMap([1, 2, 3, 7, 5, 6]);

/** A playback stream of the server's default sink, with six channels in the order of WAVE files. */
export class Player {
  readonly #stream: Deno.PointerObject;
  readonly #error = new Uint8Array(4);

  /** `latencyMs`: the server's buffer; a long one keeps tones whole on a busy machine. */
  constructor(server: string, readonly channels = 2, latencyMs = 200) {
    const bytesPerMs = RATE / 1000 * 2 * channels;
    this.#stream = openStream({
      server,
      direction: PA_STREAM_PLAYBACK,
      applicationName: "test",
      streamName: "tone",
      sampleSpec: sampleSpec(PA_SAMPLE_S16LE, RATE, channels),
      channelMap: channels === 6 ? surroundMap : undefined,
      // Without any prebuffer the server does not wait after an underrun, and drops what comes late.
      attributes: bufferAttributes({
        tlength: latencyMs * bytesPerMs,
        prebuf: latencyMs / 2 * bytesPerMs,
      }),
    });
  }

  /** Resolves when the server has taken the samples; false where it is gone. */
  async write(samples: Int16Array<ArrayBuffer>): Promise<boolean> {
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    const pulse = openPulseSimple();
    const size = BigInt(bytes.length);
    return await pulse.pa_simple_write_async(this.#stream, bytes, size, this.#error) >= 0;
  }

  /** Plays the tone for `ms`. */
  async tone(hz: number, ms: number): Promise<void> {
    for (let done = 0; done < ms; done += 10) {
      await this.write(sine(hz, 10, this.channels, 0.5, done * RATE / 1000));
    }
  }

  /** Plays what is still buffered, then ends. */
  async close(): Promise<void> {
    await openPulseSimple().pa_simple_drain_async(this.#stream, this.#error);
    openPulseSimple().pa_simple_free(this.#stream);
  }
}
