import type { VideoSettings } from "../media/stages.ts";
import type { VideoMode } from "../protocol/session.ts";

/** What decides the stream's quality. */
export interface QualityInput {
  /** What the player wants to see. */
  wanted: VideoMode;
  /** bit/s the player set, or undefined for automatic. */
  wantedBitrate?: number;
  /** bit/s the path to the leading viewer carries, or undefined while nobody is connected. */
  path?: number;
  /** Encode time as a share of the frame interval. */
  load: number;
  /** bit/s, ceiling of the house. */
  maxBitrate: number;
}

export interface QualityDecision extends VideoSettings {
  /** Why the picture is less than what was wanted. */
  reduced?: "network" | "encoder";
}

/** Steps down from the wanted mode: share of width and height, share of the rate. */
const LADDER = [
  { size: 1, rate: 1 },
  { size: 0.75, rate: 1 },
  { size: 0.5, rate: 1 },
  { size: 0.5, rate: 0.5 },
  { size: 1 / 3, rate: 0.5 },
] as const;

/** Below this many bits a pixel the picture falls apart into blocks, and less of it is better. */
const MIN_BITS_PER_PIXEL = 0.03;
/** Going back up needs room to spare, so that the size does not flutter at the border. */
const UP_MARGIN = 1.5;
/** Enough for a game at any motion; more only queues. */
const MAX_BITS_PER_PIXEL = 0.22;
const MIN_BITRATE = 300_000;
/** Seconds that a verdict has to hold. */
const DOWN_AFTER = 2;
const UP_AFTER = 8;

const even = (value: number) => Math.max(2, Math.round(value / 2) * 2);

/** The mode at a step of the ladder; sizes stay even and at least 320×180. */
export function reducedMode(wanted: VideoMode, step: number): VideoMode {
  const { size, rate } = LADDER[step];
  return {
    width: Math.max(320, even(wanted.width * size)),
    height: Math.max(180, even(wanted.height * size)),
    fps: Math.max(10, Math.round(wanted.fps * rate)),
  };
}

const pixels = (mode: VideoMode) => mode.width * mode.height * mode.fps;

/**
 * Chooses size, rate and bitrate of the encoded picture from what the path carries and what the
 * encoder manages. Bitrate follows the path at once; size and rate step down when too few bits are
 * left for each pixel or the encoder is too slow, and up again only after several good seconds.
 */
export class QualityController {
  #step = 0;
  #badSeconds = 0;
  #goodSeconds = 0;
  #why: "network" | "encoder" = "network";

  /** The decision for what is known now. */
  decide(input: QualityInput): QualityDecision {
    const mode = reducedMode(input.wanted, this.#step);
    const useful = pixels(mode) * MAX_BITS_PER_PIXEL;
    const bitrate = Math.max(MIN_BITRATE, Math.round(Math.min(ceilingOf(input), useful)));
    return { mode, bitrate, reduced: this.#step > 0 ? this.#why : undefined };
  }

  /** Starts at the wanted mode again, when the player chose another one. */
  reset(): void {
    this.#step = this.#badSeconds = this.#goodSeconds = 0;
  }

  /** Lets a second with this input count for or against the present step. Call once a second. */
  second(input: QualityInput): void {
    const ceiling = ceilingOf(input);
    const current = pixels(reducedMode(input.wanted, this.#step));
    const starved = ceiling < current * MIN_BITS_PER_PIXEL;
    const overloaded = input.load > 0.95;
    this.#badSeconds = starved || overloaded ? this.#badSeconds + 1 : 0;
    if (this.#badSeconds >= DOWN_AFTER && this.#step < LADDER.length - 1) {
      this.#step++;
      this.#why = starved ? "network" : "encoder";
      this.#badSeconds = this.#goodSeconds = 0;
      return;
    }
    if (this.#step === 0) return;
    const above = pixels(reducedMode(input.wanted, this.#step - 1));
    const roomy = ceiling > above * MIN_BITS_PER_PIXEL * UP_MARGIN &&
      input.load * above / current < 0.8;
    this.#goodSeconds = roomy ? this.#goodSeconds + 1 : 0;
    if (this.#goodSeconds >= UP_AFTER) {
      this.#step--;
      this.#goodSeconds = 0;
    }
  }
}

/** bit/s that house, player and path allow. */
function ceilingOf(
  { maxBitrate, wantedBitrate = Infinity, path = Infinity }: QualityInput,
): number {
  return Math.min(maxBitrate, wantedBitrate, path);
}
