/** xdg_positioner: where a popup goes, and what to do where it would leave the screen. */
import type { Rect } from "./geometry.ts";
import {
  XdgPositionerAnchor,
  XdgPositionerConstraintAdjustment as Adjustment,
  XdgPositionerError,
  XdgPositionerGravity,
  type XdgPositionerRequests,
  type XdgPositionerResource,
} from "./generated/xdg-shell.ts";
import { ProtocolError } from "./resource.ts";

/** Which side of something: -1 left or top, 0 centre, 1 right or bottom. */
interface Direction {
  x: number;
  y: number;
}

// XdgPositionerAnchor and XdgPositionerGravity number their directions alike.
const { top, bottom, left, right, topLeft, bottomLeft, topRight, bottomRight } =
  XdgPositionerAnchor;
const directions = new Map<number, Direction>([
  [XdgPositionerAnchor.none, { x: 0, y: 0 }],
  [top, { x: 0, y: -1 }],
  [bottom, { x: 0, y: 1 }],
  [left, { x: -1, y: 0 }],
  [right, { x: 1, y: 0 }],
  [topLeft, { x: -1, y: -1 }],
  [bottomLeft, { x: -1, y: 1 }],
  [topRight, { x: 1, y: -1 }],
  [bottomRight, { x: 1, y: 1 }],
]);

/** What a positioner says, as it was when the popup was made. */
export interface Placement {
  width: number;
  height: number;
  anchorRect: Rect | undefined;
  anchor: Direction;
  gravity: Direction;
  /** Bits of xdg_positioner.constraint_adjustment. */
  adjustment: number;
  offsetX: number;
  offsetY: number;
  reactive: boolean;
}

export class Positioner implements XdgPositionerRequests {
  readonly #placement: Placement = {
    width: 0,
    height: 0,
    anchorRect: undefined,
    anchor: { x: 0, y: 0 },
    gravity: { x: 0, y: 0 },
    adjustment: Adjustment.none,
    offsetX: 0,
    offsetY: 0,
    reactive: false,
  };

  constructor(readonly resource: XdgPositionerResource) {
    resource.handler = this;
  }

  /** Undefined where size or anchor rectangle is missing. */
  complete(): Placement | undefined {
    const { width, anchorRect } = this.#placement;
    return width > 0 && anchorRect ? { ...this.#placement } : undefined;
  }

  setSize(width: number, height: number): void {
    if (width <= 0 || height <= 0) this.#refuse(`expected a positive size, got ${width}×${height}`);
    Object.assign(this.#placement, { width, height });
  }

  setAnchorRect(x: number, y: number, width: number, height: number): void {
    if (width < 0 || height < 0) {
      this.#refuse(`expected an anchor of no negative size, got ${width}×${height}`);
    }
    this.#placement.anchorRect = { x, y, width, height };
  }

  setAnchor(anchor: number): void {
    this.#placement.anchor = this.#direction(anchor);
  }

  setGravity(gravity: number): void {
    this.#placement.gravity = this.#direction(gravity);
  }

  setConstraintAdjustment(adjustment: number): void {
    this.#placement.adjustment = adjustment;
  }

  setOffset(x: number, y: number): void {
    Object.assign(this.#placement, { offsetX: x, offsetY: y });
  }

  setReactive(): void {
    this.#placement.reactive = true;
  }

  // The parent's future size: popups are placed anew when the output changes, that suffices.
  setParentSize(): void {}
  setParentConfigure(): void {}

  #direction(value: number): Direction {
    const direction = directions.get(value);
    if (!direction) {
      this.#refuse(
        `expected a direction from 0 to ${XdgPositionerGravity.bottomRight}, got ${value}`,
      );
    }
    return direction;
  }

  #refuse(message: string): never {
    throw new ProtocolError(this.resource, XdgPositionerError.invalidInput, message);
  }
}

/** One axis of a placement: where the popup starts and how long it is. */
interface Span {
  start: number;
  length: number;
}

interface Axis {
  anchorStart: number;
  anchorLength: number;
  anchor: number;
  gravity: number;
  offset: number;
  length: number;
  flip: boolean;
  slide: boolean;
  resize: boolean;
}

/**
 * The popup's rectangle relative to its parent's window geometry. `bounds`: the visible area in
 * the same coordinates. Adjusts by flipping, then sliding, then resizing, as far as allowed, each
 * axis by itself (xdg-shell, xdg_positioner.constraint_adjustment).
 */
export function place(placement: Placement, bounds: Rect): Rect {
  const { anchorRect, anchor, gravity, adjustment } = placement;
  const rect = anchorRect!;
  const horizontal = placeAxis({
    anchorStart: rect.x,
    anchorLength: rect.width,
    anchor: anchor.x,
    gravity: gravity.x,
    offset: placement.offsetX,
    length: placement.width,
    flip: (adjustment & Adjustment.flipX) !== 0,
    slide: (adjustment & Adjustment.slideX) !== 0,
    resize: (adjustment & Adjustment.resizeX) !== 0,
  }, { start: bounds.x, length: bounds.width });
  const vertical = placeAxis({
    anchorStart: rect.y,
    anchorLength: rect.height,
    anchor: anchor.y,
    gravity: gravity.y,
    offset: placement.offsetY,
    length: placement.height,
    flip: (adjustment & Adjustment.flipY) !== 0,
    slide: (adjustment & Adjustment.slideY) !== 0,
    resize: (adjustment & Adjustment.resizeY) !== 0,
  }, { start: bounds.y, length: bounds.height });
  return {
    x: horizontal.start,
    y: vertical.start,
    width: horizontal.length,
    height: vertical.length,
  };
}

function placeAxis(axis: Axis, bounds: Span): Span {
  const { length } = axis;
  let start = unadjusted(axis);
  if (fits({ start, length }, bounds)) return { start, length };
  if (axis.flip) {
    const flipped = unadjusted({
      ...axis,
      anchor: -axis.anchor,
      gravity: -axis.gravity,
      offset: -axis.offset,
    });
    if (fits({ start: flipped, length }, bounds)) return { start: flipped, length };
  }
  if (axis.slide) {
    const end = bounds.start + bounds.length;
    start = Math.max(bounds.start, Math.min(start, end - length));
    if (fits({ start, length }, bounds)) return { start, length };
  }
  if (axis.resize) {
    const from = Math.max(start, bounds.start);
    const to = Math.min(start + length, bounds.start + bounds.length);
    if (to > from) return { start: from, length: to - from };
  }
  return { start, length };
}

function unadjusted(axis: Axis): number {
  const point = axis.anchorStart + Math.floor(axis.anchorLength * (axis.anchor + 1) / 2);
  return point + axis.offset - Math.floor(axis.length * (1 - axis.gravity) / 2);
}

const fits = (span: Span, bounds: Span) =>
  span.start >= bounds.start && span.start + span.length <= bounds.start + bounds.length;
