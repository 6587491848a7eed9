/** Records a second that a viewer may send for long: four pads at 250 Hz and a mouse at 1,000 Hz. */
const RECORDS_PER_SECOND = 3000;
/** Records at once, after a pause: what a stalled network delivers in one go. */
const BURST = 1500;

/** A token bucket for one viewer's input records. */
export class FloodLimit {
  #tokens = BURST;
  #lastMs: number | undefined;

  /** Takes a token at `nowMs`; false where there is none. */
  admit(nowMs: number): boolean {
    const passedMs = Math.max(0, nowMs - (this.#lastMs ?? nowMs));
    this.#lastMs = nowMs;
    this.#tokens = Math.min(BURST, this.#tokens + passedMs * RECORDS_PER_SECOND / 1000);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
