/** Which of several boxes lies next in a direction: the arithmetic of moving focus by D-pad. Pure. */

export type Direction = "up" | "down" | "left" | "right";

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** More than any distance on a screen. */
const OTHER_ROW = 1e6;

/**
 * The index of the box to go to from `from`, or -1 where there is none that way.
 *
 * Counted are boxes whose centre lies that way and that begin beyond `from`'s near edge. Sideways, a
 * box in the same row comes before any other, however far it is; otherwise the nearest, where
 * distance across costs more than distance along, because people read rows and columns.
 */
export function nextInDirection(from: Box, boxes: Box[], direction: Direction): number {
  const turned = turn(from, direction);
  const sideways = direction === "left" || direction === "right";
  const otherLane = sideways ? OTHER_ROW : 200;
  let best = -1;
  let bestCost = Infinity;
  for (let i = 0; i < boxes.length; i++) {
    const box = turn(boxes[i], direction);
    // In turned coordinates every direction is "right".
    const ahead = centre(box.left, box.right) - centre(turned.left, turned.right);
    if (ahead <= 1 || box.left < turned.left + 1) continue;
    const along = Math.max(0, box.left - turned.right);
    const gap = Math.max(0, box.top - turned.bottom, turned.top - box.bottom);
    const drift = Math.abs(
      centre(box.top, box.bottom) - centre(turned.top, turned.bottom),
    );
    const cost = along + gap * 3 + drift * 0.3 + (gap > 0 ? otherLane : 0);
    if (cost < bestCost) {
      bestCost = cost;
      best = i;
    }
  }
  return best;
}

const centre = (a: number, b: number) => (a + b) / 2;

/** The box in coordinates where `direction` points right. */
function turn(box: Box, direction: Direction): Box {
  switch (direction) {
    case "right":
      return box;
    case "left":
      return { left: -box.right, right: -box.left, top: box.top, bottom: box.bottom };
    case "down":
      return { left: box.top, right: box.bottom, top: box.left, bottom: box.right };
    case "up":
      return { left: -box.bottom, right: -box.top, top: box.left, bottom: box.right };
  }
}

/**
 * Turns a held direction into steps: one at once, and after a pause a quick run, as a console does.
 */
export class DirectionRepeat {
  #direction: Direction | undefined;
  #nextAt = 0;
  constructor(readonly pauseMs = 380, readonly everyMs = 110) {}

  /** Call with each reading; answers the direction to step in now, if any. */
  update(direction: Direction | undefined, now: number): Direction | undefined {
    if (direction !== this.#direction) {
      this.#direction = direction;
      this.#nextAt = now + this.pauseMs;
      return direction;
    }
    if (direction === undefined || now < this.#nextAt) return undefined;
    this.#nextAt = now + this.everyMs;
    return direction;
  }
}
