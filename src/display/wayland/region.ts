/** wl_region: a set of pixels built by adding and subtracting rectangles. */
import { contains, type Rect } from "./geometry.ts";
import type { WlRegionRequests, WlRegionResource } from "./generated/wayland.ts";
import { LimitError } from "./client.ts";

/** Far above what a window needs; a longer list would make every hit test slow. */
const MAX_OPERATIONS = 1024;

interface Operation {
  rect: Rect;
  add: boolean;
}

export class Region implements WlRegionRequests {
  #operations: Operation[] = [];

  constructor(resource: WlRegionResource) {
    resource.handler = this;
  }

  add(x: number, y: number, width: number, height: number): void {
    this.#push({ rect: { x, y, width, height }, add: true });
  }

  subtract(x: number, y: number, width: number, height: number): void {
    this.#push({ rect: { x, y, width, height }, add: false });
  }

  #push(operation: Operation): void {
    if (this.#operations.length >= MAX_OPERATIONS) {
      throw new LimitError(`more than ${MAX_OPERATIONS} rectangles in a region`);
    }
    this.#operations.push(operation);
  }

  /** The region as it is now; later changes do not affect the copy. */
  snapshot(): Area {
    return new Area([...this.#operations]);
  }
}

/** An immutable {@linkcode Region}. */
export class Area {
  readonly #operations: Operation[];

  constructor(operations: Operation[]) {
    this.#operations = operations;
  }

  has(x: number, y: number): boolean {
    return this.#operations.findLast(({ rect }) => contains(rect, x, y))?.add ?? false;
  }

  /** True where one added rectangle covers all of `rect` and nothing was subtracted. */
  covers(rect: Rect): boolean {
    return this.#operations.every(({ add }) => add) &&
      this.#operations.some(({ rect: part }) =>
        part.x <= rect.x && part.y <= rect.y && part.x + part.width >= rect.x + rect.width &&
        part.y + part.height >= rect.y + rect.height
      );
  }

  /** The point of the region nearest to the given one; the given one where the region is empty. */
  nearest(x: number, y: number): { x: number; y: number } {
    if (this.has(x, y)) return { x, y };
    let best = { x, y };
    let bestDistance = Infinity;
    for (const { rect, add } of this.#operations) {
      if (!add || rect.width <= 0 || rect.height <= 0) continue;
      const px = Math.min(Math.max(x, rect.x), rect.x + rect.width - 1);
      const py = Math.min(Math.max(y, rect.y), rect.y + rect.height - 1);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance >= bestDistance || !this.has(px, py)) continue;
      best = { x: px, y: py };
      bestDistance = distance;
    }
    return best;
  }
}
