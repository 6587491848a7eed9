import { paintBackground } from "./background.ts";
import { Canvas, intersection } from "./canvas.ts";
import { type Element, elementsFor, type Overlay, overlaysFor } from "./elements.ts";
import { type Layout, layoutFor } from "./layout.ts";
import type { TestCardState } from "./state.ts";
import type { Area } from "./strip.ts";

/** What a buffer shows, enough to know what of it is out of date. */
export interface Painted {
  elements: string[];
  overlays: { area: Area; content: string }[];
}

/**
 * Paints the Test card at one size. The background is painted once; a buffer is brought up to date
 * by painting only the areas that differ from what it shows.
 */
export class TestCard {
  readonly layout: Layout;
  readonly #background: Uint32Array;
  readonly #elements: Element[];

  /** Pixels, and the rate that is written on the card. */
  constructor(readonly width: number, readonly height: number, fps: number) {
    this.layout = layoutFor(width, height);
    this.#elements = elementsFor(this.layout);
    this.#background = new Uint32Array(width * height);
    paintBackground(new Canvas(this.#background, width, height), this.layout, fps);
  }

  /** What a buffer shows once it was painted with `state`. */
  appearance(state: TestCardState): { painted: Painted; overlays: Overlay[] } {
    const overlays = overlaysFor(this.layout, state);
    const elements = this.#elements.map((element) => element.content(state));
    return { painted: { elements, overlays }, overlays };
  }

  /** Areas in which two appearances differ; undefined `before`: all. */
  changes(before: Painted | undefined, after: Painted): Area[] {
    if (!before) return [{ x: 0, y: 0, width: this.width, height: this.height }];
    const areas = this.#elements
      .filter((_, i) => before.elements[i] !== after.elements[i])
      .map(({ area }) => area);
    const same = (a: Painted["overlays"][number], b: Painted["overlays"][number]) =>
      a.content === b.content && a.area.x === b.area.x && a.area.y === b.area.y;
    const gone = before.overlays.filter((a) => !after.overlays.some((b) => same(a, b)));
    const come = after.overlays.filter((a) => !before.overlays.some((b) => same(a, b)));
    const whole = { x: 0, y: 0, width: this.width, height: this.height };
    for (const { area } of [...gone, ...come]) {
      const inside = intersection(area, whole);
      if (inside) areas.push(inside);
    }
    return areas;
  }

  /** Paints `areas` of a buffer anew. */
  paint(pixels: Uint32Array, areas: Area[], state: TestCardState, overlays: Overlay[]): void {
    const canvas = new Canvas(pixels, this.width, this.height);
    for (const area of areas) {
      canvas.clipped(area, () => {
        canvas.copyFrom(this.#background, area);
        for (const element of this.#elements) {
          if (intersection(element.area, area)) element.paint(canvas, state);
        }
        for (const overlay of overlays) {
          if (intersection(overlay.area, area)) overlay.paint(canvas);
        }
      });
    }
  }
}
