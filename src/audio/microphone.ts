import {
  bufferAttributes,
  channelMap,
  openPulseSimple,
  openStreamAsync,
  PA_SAMPLE_S16LE,
  PA_STREAM_PLAYBACK,
  sampleSpec,
} from "../../ffi/libpulse.ts";
import { logger } from "../system/log.ts";
import { OpusDecoder, OpusFormatError, SAMPLE_RATE } from "./opus.ts";
import { MICROPHONE_SINK } from "./sound_server.ts";

const log = logger("microphone");

// Channel position 0 is "mono" (pa_channel_position_t).
const mono = channelMap([0]);
const BYTES_PER_MS = SAMPLE_RATE / 1000 * 2;
/** The server's buffer: takes up the network's jitter. */
const TARGET_MS = 60;
/** Packets that wait for the server; more means that it does not take any, and they are dropped. */
const MAX_WAITING = 10;

/**
 * Plays the player's microphone into the session's virtual source.
 *
 * Nothing is opened before the first packet. The stream is written on a thread of its own, so that
 * a slow server never stops the caller.
 */
export class Microphone {
  readonly #server: string;
  #decoder: OpusDecoder | undefined;
  #stream: Deno.PointerObject | undefined;
  #waiting: Int16Array<ArrayBuffer>[] = [];
  #writing: Promise<void> | undefined;

  /** `server`: such as `unix:/run/…/pulse.sock`. */
  constructor(server: string) {
    this.#server = server;
  }

  /** One Opus packet; what is not Opus is dropped with a line in the log. */
  push(packet: Uint8Array): void {
    this.#decoder ??= new OpusDecoder(1);
    let samples: Int16Array<ArrayBuffer>;
    try {
      samples = this.#decoder.decode(packet);
    } catch (error) {
      if (!(error instanceof OpusFormatError)) throw error;
      log.debug("a packet was dropped", { error });
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) this.#waiting.shift();
    this.#waiting.push(samples);
    this.#writing ??= this.#write().finally(() => this.#writing = undefined);
  }

  async #write(): Promise<void> {
    const pulse = openPulseSimple();
    const error = new Uint8Array(4);
    try {
      this.#stream ??= await openStreamAsync({
        server: this.#server,
        direction: PA_STREAM_PLAYBACK,
        device: MICROPHONE_SINK,
        applicationName: "Gamelan",
        streamName: "microphone",
        sampleSpec: sampleSpec(PA_SAMPLE_S16LE, SAMPLE_RATE, 1),
        channelMap: mono,
        attributes: bufferAttributes({
          maxlength: 4 * TARGET_MS * BYTES_PER_MS,
          tlength: TARGET_MS * BYTES_PER_MS,
          prebuf: TARGET_MS / 2 * BYTES_PER_MS,
        }),
      });
      for (let samples = this.#waiting.shift(); samples; samples = this.#waiting.shift()) {
        const bytes = new Uint8Array(samples.buffer);
        const stream = this.#stream;
        const result = await pulse.pa_simple_write_async(
          stream,
          bytes,
          BigInt(bytes.length),
          error,
        );
        if (result < 0) throw new Error("the sound server no longer takes it");
      }
    } catch (error) {
      log.warn("the microphone's sound is lost", { error: error as Error });
      this.#waiting = [];
      this.#free();
    }
  }

  #free(): void {
    if (this.#stream !== undefined) openPulseSimple().pa_simple_free(this.#stream);
    this.#stream = undefined;
  }

  /** Ends the stream: the source is silent again until the next packet. */
  async stop(): Promise<void> {
    this.#waiting = [];
    await this.#writing;
    this.#free();
    this.#decoder?.close();
    this.#decoder = undefined;
  }
}
