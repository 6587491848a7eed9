import { type Area, flashArea, stripArea } from "./strip.ts";

/** Where everything on the Test card is, in pixels. Designed at 1280×720 and stretched. */
export interface Layout {
  width: number;
  height: number;
  /** Pixels for each pixel of the design, for things that must keep their shape. */
  unit: number;
  strip: Area;
  flash: Area;
  circle: { x: number; y: number; radius: number };
  title: Area;
  mode: Area;
  counter: Area;
  clock: Area;
  keys: Area;
  pointer: Area;
  pads: Area[];
  sweep: Area;
}

export function layoutFor(width: number, height: number): Layout {
  const across = width / 1280;
  const down = height / 720;
  const unit = Math.min(across, down);
  const area = (x: number, y: number, w: number, h: number): Area => ({
    x: Math.round(x * across),
    y: Math.round(y * down),
    width: Math.round(w * across),
    height: Math.round(h * down),
  });
  /** Keeps its shape, centred on a point of the design. */
  const centred = (x: number, y: number, w: number, h: number): Area => ({
    x: Math.round(x * across - w * unit / 2),
    y: Math.round(y * down - h * unit / 2),
    width: Math.round(w * unit),
    height: Math.round(h * unit),
  });
  return {
    width,
    height,
    unit,
    strip: stripArea(width, height),
    flash: flashArea(width, height),
    circle: { x: Math.round(640 * across), y: Math.round(362 * down), radius: 268 * unit },
    title: centred(640, 348, 480, 92),
    mode: centred(640, 418, 400, 36),
    counter: centred(640, 468, 330, 52),
    clock: centred(640, 518, 330, 38),
    keys: area(20, 420, 300, 200),
    pointer: area(960, 420, 300, 200),
    pads: [0, 1, 2, 3].map((i) => area(960 + i % 2 * 154, 100 + (i >> 1) * 154, 146, 146)),
    sweep: area(40, 648, 1200, 48),
  };
}

/** A font scale that is `size` pixels of the design a pixel of the font. */
export function fontScale(layout: Layout, size: number): number {
  return Math.max(1, Math.round(size * layout.unit));
}
