/** A pause in drawing longer than this says nothing of the game's pace: a menu that stands still. */
const LONGEST_INTERVAL_MS = 500;
/** Weight of the newest interval; a game's pace changes within some frames. */
const WEIGHT = 0.25;

/** How often a surface gets a new picture, from the times of its commits. */
export class PicturePace {
  #lastMs = -Infinity;
  #intervalMs = 0;

  /** A picture was committed at `timeMs`. */
  committed(timeMs: number): void {
    const interval = timeMs - this.#lastMs;
    this.#lastMs = timeMs;
    if (interval > LONGEST_INTERVAL_MS) return;
    this.#intervalMs += (interval - this.#intervalMs) * (this.#intervalMs === 0 ? 1 : WEIGHT);
  }

  /** Recent time between pictures, ms; 0 where the surface does not draw regularly. */
  get intervalMs(): number {
    return this.#intervalMs;
  }
}
