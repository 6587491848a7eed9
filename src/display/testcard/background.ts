import { Canvas, type Color } from "./canvas.ts";
import { textWidth } from "./font.ts";
import { fontScale, type Layout } from "./layout.ts";
import type { Area } from "./strip.ts";

export const PANEL: Color = 0x0b1220;
export const PANEL_FRAME: Color = 0x5b7399;
export const INK: Color = 0xe8eef8;
export const DIM_INK: Color = 0x8fa3c4;
export const ACCENT: Color = 0xf5b942;
const GRID_LINE: Color = 0x31456b;

/** EBU colour bars at 75 %. */
const BARS: Color[] = [
  0xbfbfbf,
  0xbfbf00,
  0x00bfbf,
  0x00bf00,
  0xbf00bf,
  0xbf0000,
  0x0000bf,
  0x000000,
];

/** Paints everything on the card that does not move. */
export function paintBackground(canvas: Canvas, layout: Layout, fps: number): void {
  paintGround(canvas, layout);
  paintEdges(canvas, layout);
  paintCircle(canvas, layout);
  paintPlate(canvas, layout, layout.title, "Gamelan", 9, INK, 0x000000);
  const mode = `${layout.width}×${layout.height} ${fps} fps`;
  paintPlate(canvas, layout, layout.mode, mode, 3, ACCENT, 0x000000);
  for (const area of [layout.keys, layout.pointer, ...layout.pads]) {
    paintPanel(canvas, layout, area);
  }
  paintSweepTrack(canvas, layout);
}

/** A dark blue that brightens downwards, with the grid that shows geometry and sharpness. */
function paintGround(canvas: Canvas, { width, height }: Layout): void {
  for (let y = 0; y < height; y++) {
    const t = y / height;
    const color = (14 + 16 * t) << 16 | (22 + 26 * t) << 8 | (40 + 44 * t);
    canvas.fill(0, y, width, 1, color);
  }
  const line = Math.max(1, Math.round(height / 720));
  for (let column = 1; column < 32; column++) {
    canvas.fill(Math.round(column * width / 32), 0, line, height, GRID_LINE);
  }
  for (let row = 1; row < 18; row++) {
    canvas.fill(0, Math.round(row * height / 18), width, line, GRID_LINE);
  }
}

/** Blocks on the outermost pixels: where one is missing, the picture is cut. */
function paintEdges(canvas: Canvas, { width, height, unit }: Layout): void {
  const depth = Math.max(2, Math.round(8 * unit));
  for (let i = 0; i < 64; i++) {
    const color = i % 2 ? 0x101010 : 0xf0f0f0;
    const x = Math.round(i * width / 64);
    const next = Math.round((i + 1) * width / 64);
    canvas.fill(x, 0, next - x, depth, color);
    canvas.fill(x, height - depth, next - x, depth, color);
  }
  for (let i = 0; i < 36; i++) {
    const color = i % 2 ? 0x101010 : 0xf0f0f0;
    const y = Math.round(i * height / 36);
    const next = Math.round((i + 1) * height / 36);
    canvas.fill(0, y, depth, next - y, color);
    canvas.fill(width - depth, y, depth, next - y, color);
  }
}

/** The circle of bands: grey steps, colour bars, plates for text, all hues, a grey ramp. */
function paintCircle(canvas: Canvas, { circle, unit }: Layout): void {
  const { x: centerX, y: centerY } = circle;
  const radius = Math.round(circle.radius);
  const left = centerX - radius;
  const line = new Uint32Array(2 * radius + 1);
  let band = "";
  for (let dy = -radius; dy <= radius; dy++) {
    const at = (dy + radius) / (2 * radius);
    const here = bandAt(at);
    if (here !== band) {
      band = here;
      for (let i = 0; i < line.length; i++) line[i] = bandColor(band, i / line.length);
    }
    const half = Math.round(Math.sqrt(radius * radius - dy * dy));
    const y = centerY + dy;
    if (y < 0 || y >= canvas.height) continue;
    const row = line.subarray(radius - half, radius + half + 1);
    canvas.pixels.set(row, y * canvas.width + left + radius - half);
  }
  canvas.ring(centerX, centerY, radius, Math.max(2, Math.round(5 * unit)), 0xffffff);
}

function bandAt(at: number): string {
  if (at < 0.17) return "steps";
  if (at < 0.37) return "bars";
  if (at < 0.83) return "plate";
  return at < 0.91 ? "hues" : "ramp";
}

function bandColor(band: string, along: number): Color {
  switch (band) {
    case "steps":
      return grey(Math.floor(along * 12) / 11);
    case "bars":
      return BARS[Math.min(7, Math.floor(along * 8))];
    case "hues":
      return hue(along);
    case "ramp":
      return grey(along);
    default:
      return 0x000000;
  }
}

function grey(level: number): Color {
  return Math.round(Math.min(1, level) * 255) * 0x010101;
}

/** Fully saturated colour, 0–1 around the circle from red. */
export function hue(turn: number): Color {
  const channel = (offset: number) => {
    const k = (turn * 6 + offset) % 6;
    return Math.round(255 * (1 - Math.max(0, Math.min(1, k, 4 - k))));
  };
  return channel(5) << 16 | channel(3) << 8 | channel(1);
}

function paintPlate(
  canvas: Canvas,
  layout: Layout,
  area: Area,
  text: string,
  size: number,
  color: Color,
  background: Color,
): void {
  let scale = fontScale(layout, size);
  while (scale > 1 && textWidth(text, scale) > area.width) scale--;
  canvas.plate(area, text, scale, color, background);
}

function paintPanel(canvas: Canvas, layout: Layout, area: Area): void {
  canvas.fillArea(area, PANEL);
  canvas.frame(area, Math.max(1, Math.round(2 * layout.unit)), PANEL_FRAME);
}

/** The track of the sweep: black, with gratings of one to six pixels as a test of sharpness. */
function paintSweepTrack(canvas: Canvas, { sweep, unit }: Layout): void {
  canvas.fillArea(sweep, 0x000000);
  const gratings = [1, 2, 3, 4, 6];
  const width = Math.floor(sweep.width * 0.12);
  const inset = Math.round(8 * unit);
  gratings.forEach((period, i) => {
    const left = sweep.x + Math.floor(sweep.width * (0.5 + (i - 2) * 0.19) - width / 2);
    for (let x = 0; x + period <= width; x += 2 * period) {
      canvas.fill(left + x, sweep.y + inset, period, sweep.height - 2 * inset, 0xc8c8c8);
    }
  });
  canvas.frame(sweep, Math.max(1, Math.round(2 * unit)), PANEL_FRAME);
}
