import type { EncodedAudio } from "../media/encoded.ts";
import { downmix } from "./downmix.ts";
import { OpusEncoder, type OpusSettings, SAMPLE_RATE } from "./opus.ts";
import { isDigitalSilence, levelOf, SilenceGate } from "./silence.ts";

/** A gap of this length is one in the sound itself (the sink was suspended), not a late delivery. */
const GAP_MS = 1000;
/** A shorter gap shows itself by every one of so many pieces being late by more than this. */
const WATCHED_PIECES = 100;
const MAX_LATENESS_MS = 20;

export interface PacketizerSettings extends OpusSettings {
  channels: 2 | 6;
  /** Length of a packet. */
  packetMs: 5 | 10 | 20;
}

/**
 * Cuts captured 5.1 sound into Opus packets, mixed down where they are stereo.
 *
 * An RTP timestamp is the monotonic clock at which the packet's first sample was captured times 48,
 * modulo 2^32: comparable with the video's, and right again after the sink was suspended.
 */
export class Packetizer {
  readonly #encoder: OpusEncoder;
  readonly #gate = new SilenceGate();
  readonly #pending: Int16Array<ArrayBuffer>;
  #filled = 0;
  /** 48 kHz clock of the first pending sample, not wrapped; undefined before the first. */
  #clock: number | undefined;
  #pieces = 0;
  #leastLateness = Infinity;

  constructor(
    readonly settings: PacketizerSettings,
    readonly onPacket: (packet: EncodedAudio) => void,
  ) {
    this.#encoder = new OpusEncoder(settings);
    const samples = SAMPLE_RATE / 1000 * settings.packetMs;
    this.#pending = new Int16Array(samples * settings.channels);
  }

  /** True in a long silence. */
  get quiet(): boolean {
    return this.#gate.quiet;
  }

  /**
   * Captured 5.1 samples, interleaved in the order of {@linkcode downmix}, of which the last was
   * captured at `nowMs` of the monotonic clock.
   */
  push(captured: Int16Array, nowMs: number): void {
    const { channels } = this.settings;
    const samples = channels === 2 ? downmix(captured) : captured;
    this.#align(nowMs * 48 - samples.length / channels);
    for (let taken = 0; taken < samples.length;) {
      const part = samples.subarray(taken, taken + this.#pending.length - this.#filled);
      this.#pending.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === this.#pending.length) this.#emit();
    }
  }

  /**
   * Moves the clock on where samples are missing before `start`, the 48 kHz time at which the new
   * ones begin. A piece that merely comes late is followed by others in time, so the least lateness
   * of many pieces tells a gap from a stall.
   */
  #align(start: number): void {
    if (this.#clock === undefined) {
      this.#clock = Math.round(start);
      return;
    }
    const lateness = start - this.#clock - this.#filled / this.settings.channels;
    this.#leastLateness = Math.min(this.#leastLateness, lateness);
    const watched = ++this.#pieces >= WATCHED_PIECES;
    if (lateness > GAP_MS * 48) this.#skip(lateness);
    else if (watched && this.#leastLateness > MAX_LATENESS_MS * 48) this.#skip(this.#leastLateness);
    if (watched) this.#watchAnew();
  }

  #skip(samples: number): void {
    this.#clock! += Math.round(samples + this.#filled / this.settings.channels);
    this.#filled = 0;
    this.#watchAnew();
  }

  #watchAnew(): void {
    this.#pieces = 0;
    this.#leastLateness = Infinity;
  }

  #emit(): void {
    const clock = this.#clock!;
    const { packetMs } = this.settings;
    this.#filled = 0;
    this.#clock = clock + packetMs * 48;
    if (!this.#gate.admit(isDigitalSilence(this.#pending), packetMs)) return;
    this.onPacket({
      data: this.#encoder.encode(this.#pending),
      rtpTimestamp: clock % 2 ** 32,
      durationMs: packetMs,
      level: levelOf(this.#pending),
    });
  }

  close(): void {
    this.#encoder.close();
  }
}
