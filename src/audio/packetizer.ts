import type { EncodedAudio } from "../media/encoded.ts";
import { downmix, usesSurround } from "./downmix.ts";
import { OpusEncoder, SAMPLE_RATE } from "./opus.ts";
import { isDigitalSilence, levelOf, SilenceGate } from "./silence.ts";

/** A gap of this length is one in the sound itself (the sink was suspended), not a late delivery. */
const GAP_MS = 1000;
/** A shorter gap shows itself by every one of so many pieces being late by more than this. */
const WATCHED_PIECES = 100;
const MAX_LATENESS_MS = 20;

/** Channels of what is captured. */
const CHANNELS = 6;

export interface PacketizerSettings {
  /** Length of a packet. */
  packetMs: 5 | 10 | 20;
  /** bit/s of the stereo packets. */
  bitrate: number;
  /** bit/s of the 5.1 packets. */
  surroundBitrate: number;
  /** See `OpusSettings`. */
  expectedLossPercent: number;
}

/**
 * Cuts captured 5.1 sound into Opus packets: in stereo, mixed down, and while somebody wants it also
 * in 5.1 as soon as the game uses the other channels. It goes on in 5.1 then, since a player hears
 * each change of the codec.
 *
 * An RTP timestamp is the monotonic clock at which the packet's first sample was captured times 48,
 * modulo 2^32: comparable with the video's, and right again after the sink was suspended.
 */
export class Packetizer {
  /** Nobody listens: the time goes on, and no packet comes. */
  paused = false;
  /** Somebody hears 5.1. */
  surroundWanted = false;
  readonly #encoder: OpusEncoder;
  #surroundEncoder: OpusEncoder | undefined;
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
    this.#encoder = new OpusEncoder({ ...settings, channels: 2 });
    this.#pending = new Int16Array(SAMPLE_RATE / 1000 * settings.packetMs * CHANNELS);
  }

  /** True in a long silence. */
  get quiet(): boolean {
    return this.#gate.quiet;
  }

  /**
   * Captured 5.1 samples, interleaved in the order of {@linkcode downmix}, of which the last was
   * captured at `nowMs` of the monotonic clock.
   */
  push(samples: Int16Array, nowMs: number): void {
    this.#align(nowMs * 48 - samples.length / CHANNELS);
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
    const lateness = start - this.#clock - this.#filled / CHANNELS;
    this.#leastLateness = Math.min(this.#leastLateness, lateness);
    const watched = ++this.#pieces >= WATCHED_PIECES;
    if (lateness > GAP_MS * 48) this.#skip(lateness);
    else if (watched && this.#leastLateness > MAX_LATENESS_MS * 48) this.#skip(this.#leastLateness);
    if (watched) this.#watchAnew();
  }

  #skip(samples: number): void {
    this.#clock! += Math.round(samples + this.#filled / CHANNELS);
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
    if (!this.#gate.admit(isDigitalSilence(this.#pending), packetMs) || this.paused) return;
    const stereo = downmix(this.#pending);
    this.onPacket({
      data: this.#encoder.encode(stereo),
      surround: this.#encodeSurround(),
      rtpTimestamp: clock % 2 ** 32,
      durationMs: packetMs,
      level: levelOf(stereo),
    });
  }

  #encodeSurround(): Uint8Array<ArrayBuffer> | undefined {
    if (!this.surroundWanted) {
      this.#surroundEncoder?.close();
      this.#surroundEncoder = undefined;
    } else if (!this.#surroundEncoder && usesSurround(this.#pending)) {
      const { surroundBitrate, expectedLossPercent } = this.settings;
      this.#surroundEncoder = new OpusEncoder({
        channels: 6,
        bitrate: surroundBitrate,
        expectedLossPercent,
      });
    }
    return this.#surroundEncoder?.encode(this.#pending);
  }

  close(): void {
    this.#encoder.close();
    this.#surroundEncoder?.close();
  }
}
