import {
  bufferAttributes,
  channelMap,
  openPulse,
  PA_CHANNEL_POSITION_FRONT_CENTER,
  PA_CHANNEL_POSITION_FRONT_LEFT,
  PA_CHANNEL_POSITION_FRONT_RIGHT,
  PA_CHANNEL_POSITION_LFE,
  PA_CHANNEL_POSITION_REAR_LEFT,
  PA_CHANNEL_POSITION_REAR_RIGHT,
  PA_CONTEXT_FAILED,
  PA_CONTEXT_NOAUTOSPAWN,
  PA_CONTEXT_READY,
  PA_CONTEXT_TERMINATED,
  PA_SAMPLE_S16LE,
  PA_STREAM_ADJUST_LATENCY,
  PA_STREAM_DONT_INHIBIT_AUTO_SUSPEND,
  PA_STREAM_DONT_MOVE,
  PA_STREAM_FAILED,
  PA_STREAM_READY,
  PA_STREAM_TERMINATED,
  pulseErrorText,
  sampleSpec,
} from "../../ffi/libpulse.ts";
import { cstring } from "../../ffi/libc.ts";
import { SAMPLE_RATE } from "./opus.ts";

/**
 * 5.1 in the order in which Opus's mapping family 1 wants it (RFC 7845 section 5.1.1.2), so that the
 * sound server reorders and not we.
 */
const surroundMap = channelMap([
  PA_CHANNEL_POSITION_FRONT_LEFT,
  PA_CHANNEL_POSITION_FRONT_CENTER,
  PA_CHANNEL_POSITION_FRONT_RIGHT,
  PA_CHANNEL_POSITION_REAR_LEFT,
  PA_CHANNEL_POSITION_REAR_RIGHT,
  PA_CHANNEL_POSITION_LFE,
]);
const CHANNELS = 6;
const BYTES_PER_MS = SAMPLE_RATE / 1000 * 2 * CHANNELS;

export interface CaptureSettings {
  /** Such as `unix:/run/…/pulse.sock`. */
  server: string;
  /** Source name. */
  source: string;
}

/** Length of the pieces that come while there is sound. */
const FRAGMENT_MS = 5;
/** In silence the server sends bigger pieces, so that nobody wakes up 200 times a second for zeros. */
const QUIET_FRAGMENT_MS = 20;

/**
 * Records 5.1 from a source on the calling thread, which is blocked while there is nothing to do.
 *
 * The stream does not keep its sink awake: while no game plays, the server suspends both and no
 * data comes at all.
 */
export class Capture {
  readonly #pulse = openPulse();
  readonly #loop: Deno.PointerObject;
  readonly #context: Deno.PointerObject;
  #stream: Deno.PointerObject | undefined;
  #quiet = false;
  // Kept, so that a piece costs no allocation but its own.
  readonly #pointer = new BigUint64Array(1);
  readonly #pointerBytes = new Uint8Array(this.#pointer.buffer);
  readonly #size = new BigUint64Array(1);
  readonly #sizeBytes = new Uint8Array(this.#size.buffer);

  /** Starts to connect; {@linkcode wait} goes on with it. Throws where libpulse is missing. */
  constructor(readonly settings: CaptureSettings) {
    this.#loop = this.#pulse.pa_mainloop_new()!;
    const api = this.#pulse.pa_mainloop_get_api(this.#loop);
    this.#context = this.#pulse.pa_context_new(api, cstring("Gamelan"))!;
    const server = cstring(settings.server);
    this.#pulse.pa_context_connect(this.#context, server, PA_CONTEXT_NOAUTOSPAWN, null);
  }

  #attributes(ms: number): Uint8Array<ArrayBuffer> {
    return bufferAttributes({ fragsize: ms * BYTES_PER_MS });
  }

  #openStream(): Deno.PointerObject {
    const stream = this.#pulse.pa_stream_new(
      this.#context,
      cstring("capture"),
      sampleSpec(PA_SAMPLE_S16LE, SAMPLE_RATE, CHANNELS),
      surroundMap,
    );
    if (stream === null) throw this.#failure("make a stream");
    const result = this.#pulse.pa_stream_connect_record(
      stream,
      cstring(this.settings.source),
      this.#attributes(FRAGMENT_MS),
      PA_STREAM_ADJUST_LATENCY | PA_STREAM_DONT_MOVE | PA_STREAM_DONT_INHIBIT_AUTO_SUSPEND,
    );
    if (result < 0) throw this.#failure(`record from ${this.settings.source}`);
    return stream;
  }

  #failure(wanted: string): Error {
    const text = pulseErrorText(this.#pulse.pa_context_errno(this.#context));
    return new Error(`expected the sound server to ${wanted}, got: ${text}`);
  }

  /** True once recording has begun. */
  get ready(): boolean {
    return this.#stream !== undefined &&
      this.#pulse.pa_stream_get_state(this.#stream) === PA_STREAM_READY;
  }

  /**
   * Blocks until something happened or `timeoutMs` passed, then hands each piece that has come to
   * `onSamples` (interleaved, of its own). Throws where the server is gone or refuses.
   */
  wait(timeoutMs: number, onSamples: (samples: Int16Array<ArrayBuffer>) => void): void {
    const pulse = this.#pulse;
    if (
      pulse.pa_mainloop_prepare(this.#loop, timeoutMs * 1000) < 0 ||
      pulse.pa_mainloop_poll(this.#loop) < 0 || pulse.pa_mainloop_dispatch(this.#loop) < 0
    ) {
      throw new Error("expected libpulse's main loop to run, but it gave up");
    }
    const state = pulse.pa_context_get_state(this.#context);
    if (state === PA_CONTEXT_FAILED || state === PA_CONTEXT_TERMINATED) {
      throw this.#failure("stay connected");
    }
    if (state !== PA_CONTEXT_READY) return;
    this.#stream ??= this.#openStream();
    const streamState = pulse.pa_stream_get_state(this.#stream);
    if (streamState === PA_STREAM_FAILED || streamState === PA_STREAM_TERMINATED) {
      throw this.#failure(`record from ${this.settings.source}`);
    }
    if (streamState !== PA_STREAM_READY) return;
    for (;;) {
      const samples = this.#take(this.#stream);
      if (samples === undefined) return;
      if (samples.length > 0) onSamples(samples);
    }
  }

  /** The next piece, empty where the server reports a hole; undefined where there is none. */
  #take(stream: Deno.PointerObject): Int16Array<ArrayBuffer> | undefined {
    this.#pulse.pa_stream_peek(stream, this.#pointerBytes, this.#sizeBytes);
    const bytes = Number(this.#size[0]);
    if (bytes === 0) return undefined;
    const pointer = Deno.UnsafePointer.create(this.#pointer[0]);
    const samples = new Int16Array(pointer === null ? 0 : bytes / 2);
    if (pointer !== null) Deno.UnsafePointerView.copyInto(pointer, samples);
    this.#pulse.pa_stream_drop(stream);
    return samples;
  }

  /** Asks for bigger pieces while there is silence, and for short ones again when it ends. */
  setQuiet(quiet: boolean): void {
    if (quiet === this.#quiet || this.#stream === undefined) return;
    this.#quiet = quiet;
    const attributes = this.#attributes(quiet ? QUIET_FRAGMENT_MS : FRAGMENT_MS);
    const operation = this.#pulse.pa_stream_set_buffer_attr(this.#stream, attributes, null, null);
    if (operation !== null) this.#pulse.pa_operation_unref(operation);
  }

  close(): void {
    if (this.#stream !== undefined) {
      this.#pulse.pa_stream_disconnect(this.#stream);
      this.#pulse.pa_stream_unref(this.#stream);
    }
    this.#pulse.pa_context_disconnect(this.#context);
    this.#pulse.pa_context_unref(this.#context);
    this.#pulse.pa_mainloop_free(this.#loop);
  }
}
