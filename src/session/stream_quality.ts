import type { VideoLoad, VideoSettings } from "../media/stages.ts";
import { type SessionSpec, type VideoMode, withinMode } from "../protocol/session.ts";
import { QualityController, type QualityDecision } from "./quality.ts";

const START_BITRATE = 8_000_000;
/** Sound with its packet heads, bit/s. */
const SOUND_BITRATE = 160_000;

/** The bitrate a session begins with, bit/s, before anything is known of the path. */
export function startBitrate(spec: Pick<SessionSpec, "maxBitrateMbps">): number {
  return Math.min(START_BITRATE, spec.maxBitrateMbps * 1e6);
}

/** What video may take of a path's bit/s: the rest is sound, packet heads and repeats. */
function videoShare(path: number | undefined): number | undefined {
  return path && Math.max(0, path * 0.95 - SOUND_BITRATE);
}

export interface StreamQualityHandler {
  /** bit/s that the path to the leading viewer carries, where one is connected. */
  path(): number | undefined;
  /** New settings for the encoder; told only when they change. */
  configure(settings: VideoSettings): void;
  /** The picture has become smaller than wanted, for the reason in `text`. */
  reduced(text: string): void;
}

/** The encoder's settings: what the player wants, as far as path, encoder and house allow it. */
export class StreamQuality {
  /** The encoder's load, as it was told last. */
  load: VideoLoad = { fps: 0, encodeMs: 0, load: 0 };
  readonly #controller = new QualityController();
  #wanted: VideoMode;
  #wantedBitrate: number | undefined;
  #decision: QualityDecision;

  constructor(
    readonly spec: Pick<SessionSpec, "mode" | "maxMode" | "maxBitrateMbps">,
    readonly handler: StreamQualityHandler,
  ) {
    this.#wanted = spec.mode;
    this.#decision = { mode: spec.mode, bitrate: startBitrate(spec) };
  }

  /** The size and rate of the game's output. */
  get wanted(): VideoMode {
    return this.#wanted;
  }

  /** What the encoder is set to. */
  get settings(): QualityDecision {
    return this.#decision;
  }

  /** Sets the wanted mode, cut to what the house allows. Returns whether it is another one. */
  want(asked: VideoMode): boolean {
    const { maxMode } = this.spec;
    const mode = maxMode ? withinMode(asked, maxMode) : asked;
    if (sameMode(mode, this.#wanted)) return false;
    this.#wanted = mode;
    this.#controller.reset();
    return true;
  }

  /** Sets the wanted bitrate, bit/s; undefined for automatic. */
  wantBitrate(bitrate: number | undefined): void {
    this.#wantedBitrate = bitrate;
  }

  /** Applies what is wanted now. */
  decide(): void {
    this.#apply(this.#controller.decide(this.#input()));
  }

  /** Lets a second count for or against the present size, and applies the outcome. */
  everySecond(): void {
    const input = this.#input();
    this.#controller.second(input);
    this.#apply(this.#controller.decide(input));
  }

  #input() {
    return {
      wanted: this.#wanted,
      wantedBitrate: this.#wantedBitrate,
      path: videoShare(this.handler.path()),
      load: this.load.load,
      maxBitrate: this.spec.maxBitrateMbps * 1e6,
    };
  }

  #apply(decision: QualityDecision): void {
    const before = this.#decision;
    this.#decision = decision;
    if (decision.bitrate !== before.bitrate || !sameMode(decision.mode, before.mode)) {
      this.handler.configure(decision);
    }
    if (!decision.reduced || decision.mode.width >= before.mode.width) return;
    const { width, height, fps } = this.#wanted;
    this.handler.reduced(
      decision.reduced === "network"
        ? "The connection is slow: the picture is made smaller to keep it fluent."
        : `This machine cannot encode ${width}×${height} at ${fps} a second: the picture is made smaller.`,
    );
  }
}

function sameMode(a: VideoMode, b: VideoMode): boolean {
  return a.width === b.width && a.height === b.height && a.fps === b.fps;
}
