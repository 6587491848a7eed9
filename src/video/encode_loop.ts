import { monotonicMs } from "../media/clock.ts";
import type { EncodedFrame, FrameTimings } from "../media/encoded.ts";
import type { CapturedFrame, FrameReader } from "../media/frame_ring.ts";
import type { VideoLoad, VideoSettings } from "../media/stages.ts";
import type { EncoderProvider } from "./encoder.ts";
import { EventTurn } from "./event_turn.ts";
import { FrameLimiter } from "./frame_limiter.ts";
import { LoadMeter } from "./load_meter.ts";
import { PictureEncoder } from "./picture_encoder.ts";
import { RefreshSchedule } from "./refresh_schedule.ts";

/** Where an {@linkcode EncodeLoop} hands over what it makes. */
export interface EncodeLoopEvents {
  frame(frame: EncodedFrame): void;
  load(load: VideoLoad): void;
  /** Encoding has stopped for good. */
  error(message: string): void;
}

/** A picture that fails this often in a row is not going to work. */
const MAX_FAILURES = 3;

/**
 * Waits for pictures and encodes the newest one, never faster than the mode's rate, and the last
 * one again where an IDR or a refresh is due. Sleeps until the next of these events; there is no
 * regular timer.
 */
export class EncodeLoop {
  readonly #reader: FrameReader;
  readonly #events: EncodeLoopEvents;
  readonly #encoder: PictureEncoder;
  readonly #limiter: FrameLimiter;
  readonly #turn = new EventTurn();
  readonly #refresh = new RefreshSchedule();
  readonly #load = new LoadMeter(monotonicMs());
  #settings: VideoSettings;
  /** A picture was taken from the ring. */
  #seen = false;
  /** The picture taken last has not been encoded yet. */
  #fresh = false;
  /** Messages to this thread have been handled since the last picture was encoded. */
  #waited = false;
  /** A player waits for the picture taken last. */
  #urgent = false;
  /** When a wanted IDR is made from the last picture if no new one came; undefined: none wanted. */
  #idrBy: number | undefined = 0;
  #paused = false;
  #closed = false;
  #failures = 0;
  #sequence = 0;
  #lastTimestamp = -1;
  #resume: () => void = () => {};

  /** Throws Error where the encoder cannot be opened. */
  constructor(
    reader: FrameReader,
    settings: VideoSettings,
    provider: EncoderProvider,
    events: EncodeLoopEvents,
  ) {
    this.#reader = reader;
    this.#settings = settings;
    this.#events = events;
    this.#limiter = new FrameLimiter(settings.mode.fps);
    this.#encoder = new PictureEncoder(provider, settings);
  }

  /** Runs until {@linkcode close}, or until the encoder fails for good. */
  async run(): Promise<void> {
    try {
      while (!this.#closed) {
        if (this.#paused) await this.#sleep();
        else await this.#step();
      }
    } finally {
      this.#encoder.close();
      this.#turn.close();
    }
  }

  configure(settings: VideoSettings): void {
    const { width, height, fps } = this.#settings.mode;
    const { mode } = settings;
    this.#settings = settings;
    this.#encoder.configure(settings);
    if (mode.width === width && mode.height === height && mode.fps === fps) return;
    this.#limiter.setRate(mode.fps);
    this.#refresh.moved(monotonicMs());
    this.#wake();
  }

  /** A new picture is likely within one interval; an IDR of the old one before it is worth less. */
  requestIdr(): void {
    this.#idrBy ??= monotonicMs() + this.#limiter.interval;
    this.#wake();
  }

  pause(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    // Who comes back sees the last picture at once.
    this.#idrBy = 0;
    this.#load.restart(monotonicMs());
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Encodes one picture if there is something to encode, or waits for it. */
  async #step(): Promise<void> {
    const taken = this.#reader.take();
    if (taken) {
      this.#seen = this.#fresh = true;
      this.#urgent = taken.urgent ?? false;
    }
    const now = monotonicMs();
    if (now >= this.#load.next) this.#reportLoad(now);
    const due = this.#nextEncode(now);
    if (due <= now) {
      this.#encode();
      // Where pictures come faster than they are encoded the wait below never happens, and commands
      // would never be delivered.
      if (!this.#waited) await this.#turn.next();
      this.#waited = false;
    } else {
      this.#waited = true;
      await this.#reader.wait(Math.min(due, this.#load.next) - now);
    }
  }

  /** When to encode the picture in hand, given that none newer comes. */
  #nextEncode(now: number): number {
    if (!this.#seen) return Infinity;
    if (this.#fresh && this.#urgent) return now;
    const allowed = this.#limiter.allows(now) ? now : this.#limiter.due;
    const wanted = this.#fresh ? now : Math.min(this.#refresh.next, this.#idrBy ?? Infinity);
    return Math.max(allowed, wanted);
  }

  #encode(): void {
    const picture = this.#reader.current();
    const forceIdr = this.#idrBy !== undefined;
    const encodeStartMs = monotonicMs();
    try {
      const encoded = this.#encoder.encode(picture, forceIdr);
      const encodedMs = monotonicMs();
      const timings = this.#timings(picture, encodeStartMs, encodedMs);
      this.#events.frame({
        ...encoded,
        sequence: this.#sequence++,
        rtpTimestamp: this.#rtpTimestamp(timings.capturedMs),
        timings,
      });
      this.#load.add(encodedMs - encodeStartMs);
      if (encoded.keyFrame) this.#idrBy = undefined;
      this.#failures = 0;
    } catch (error) {
      this.#failed(error);
    }
    // What a player waits for comes besides the regular pictures, and does not cost one of them.
    if (!(this.#fresh && this.#urgent)) this.#limiter.pass(encodeStartMs);
    if (this.#fresh) this.#refresh.moved(encodeStartMs);
    else this.#refresh.refreshed(encodeStartMs);
    this.#fresh = false;
  }

  /** A picture that is encoded again has no commit; its time is now. */
  #timings(picture: CapturedFrame, encodeStartMs: number, encodedMs: number): FrameTimings {
    const { inputMs, commitMs, capturedMs } = this.#fresh
      ? picture
      : { inputMs: 0, commitMs: 0, capturedMs: encodeStartMs };
    return { inputMs, commitMs, capturedMs, encodeStartMs, encodedMs };
  }

  /** Strictly rising, since a receiver takes equal timestamps for parts of one picture. */
  #rtpTimestamp(capturedMs: number): number {
    this.#lastTimestamp = Math.max(Math.round(capturedMs * 90), this.#lastTimestamp + 1);
    return this.#lastTimestamp % 2 ** 32;
  }

  #failed(error: unknown): void {
    this.#encoder.close();
    this.#idrBy ??= 0;
    if (++this.#failures < MAX_FAILURES) return;
    this.#closed = true;
    this.#events.error(
      `The video encoder failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }

  #reportLoad(now: number): void {
    const load = this.#load.report(now, this.#settings.mode.fps);
    this.#encoder.adapt(load);
    this.#events.load(load);
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => this.#resume = resolve);
  }

  #wake(): void {
    this.#resume();
    this.#reader.wake();
  }
}
