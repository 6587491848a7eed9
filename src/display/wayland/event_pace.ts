import { monotonicMs } from "../../media/clock.ts";
import type { DisplayEvent } from "../../media/stages.ts";
import type { EventLoop } from "./event_loop.ts";

/**
 * How far apart events of these types are at least, in ms. Each tells a state that clients can
 * change as often as they like, and goes to every viewer by a channel that loses nothing.
 */
const INTERVALS: Partial<Record<DisplayEvent["type"], number>> = {
  cursor: 15,
  "pointer-lock": 15,
  windows: 15,
  clipboard: 200,
};

/** Passes events on at a bearable rate: the first at once, and then the newest of each type. */
export class EventPace {
  readonly #sentMs = new Map<DisplayEvent["type"], number>();
  readonly #waiting = new Map<DisplayEvent["type"], DisplayEvent>();

  constructor(readonly loop: Pick<EventLoop, "at">, readonly send: (event: DisplayEvent) => void) {}

  emit(event: DisplayEvent): void {
    const { type } = event;
    const interval = INTERVALS[type];
    if (interval === undefined) return this.send(event);
    const due = (this.#sentMs.get(type) ?? -Infinity) + interval;
    const now = monotonicMs();
    if (this.#waiting.has(type)) {
      this.#waiting.set(type, event);
    } else if (now >= due) {
      this.#sentMs.set(type, now);
      this.send(event);
    } else {
      this.#waiting.set(type, event);
      this.loop.at(due, () => this.#sendWaiting(type));
    }
  }

  #sendWaiting(type: DisplayEvent["type"]): void {
    const event = this.#waiting.get(type);
    this.#waiting.delete(type);
    this.#sentMs.set(type, monotonicMs());
    if (event) this.send(event);
  }
}
