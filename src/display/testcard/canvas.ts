import { GLYPH_ADVANCE, GLYPH_HEIGHT, GLYPH_WIDTH, glyphRows } from "./font.ts";
import type { Area } from "./strip.ts";

/** 0x00RRGGBB. */
export type Color = number;

/** The overlap of two areas, or undefined. */
export function intersection(a: Area, b: Area): Area | undefined {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/**
 * Paints into pixels of `wl_shm` format xrgb8888. Everything is cut at {@linkcode clip}, so that a
 * part of a picture can be painted anew without touching the rest.
 */
export class Canvas {
  readonly #whole: Area;
  #clip: Area;

  constructor(readonly pixels: Uint32Array, readonly width: number, readonly height: number) {
    this.#whole = { x: 0, y: 0, width, height };
    this.#clip = this.#whole;
  }

  get clip(): Area {
    return this.#clip;
  }

  /** Paints with everything outside `area` left alone. */
  clipped(area: Area, paint: () => void): void {
    const before = this.#clip;
    const clip = intersection(before, area);
    if (!clip) return;
    this.#clip = clip;
    paint();
    this.#clip = before;
  }

  fill(x: number, y: number, width: number, height: number, color: Color): void {
    const area = this.#cut(x, y, width, height);
    if (!area) return;
    const end = area.y + area.height;
    for (let row = area.y; row < end; row++) {
      const start = row * this.width + area.x;
      this.pixels.fill(color, start, start + area.width);
    }
  }

  fillArea(area: Area, color: Color): void {
    this.fill(area.x, area.y, area.width, area.height, color);
  }

  /** An outline of `thickness` pixels inside the area. */
  frame(area: Area, thickness: number, color: Color): void {
    const { x, y, width, height } = area;
    this.fill(x, y, width, thickness, color);
    this.fill(x, y + height - thickness, width, thickness, color);
    this.fill(x, y, thickness, height, color);
    this.fill(x + width - thickness, y, thickness, height, color);
  }

  disc(centerX: number, centerY: number, radius: number, color: Color): void {
    for (let dy = -radius; dy <= radius; dy++) {
      const half = Math.round(Math.sqrt(Math.max(0, radius * radius - dy * dy)));
      this.fill(centerX - half, centerY + dy, 2 * half + 1, 1, color);
    }
  }

  ring(centerX: number, centerY: number, radius: number, thickness: number, color: Color): void {
    const inner = radius - thickness;
    for (let dy = -radius; dy <= radius; dy++) {
      const outerHalf = Math.round(Math.sqrt(radius * radius - dy * dy));
      const innerHalf = Math.abs(dy) < inner ? Math.round(Math.sqrt(inner * inner - dy * dy)) : 0;
      if (innerHalf === 0) {
        this.fill(centerX - outerHalf, centerY + dy, 2 * outerHalf + 1, 1, color);
        continue;
      }
      this.fill(centerX - outerHalf, centerY + dy, outerHalf - innerHalf, 1, color);
      this.fill(centerX + innerHalf + 1, centerY + dy, outerHalf - innerHalf, 1, color);
    }
  }

  /** Copies an area from a picture of the same size. */
  copyFrom(source: Uint32Array, area: Area): void {
    const cut = this.#cut(area.x, area.y, area.width, area.height);
    if (!cut) return;
    for (let row = cut.y; row < cut.y + cut.height; row++) {
      const start = row * this.width + cut.x;
      this.pixels.set(source.subarray(start, start + cut.width), start);
    }
  }

  /** Text with its top left corner at `x`, `y`; each pixel of the font is `scale` pixels. */
  text(x: number, y: number, text: string, scale: number, color: Color): void {
    let left = x;
    for (const character of text) {
      const rows = glyphRows(character);
      if (this.#cut(left, y, GLYPH_WIDTH * scale, GLYPH_HEIGHT * scale)) {
        rows.forEach((bits, row) => this.#glyphRow(left, y + row * scale, bits, scale, color));
      }
      left += GLYPH_ADVANCE * scale;
    }
  }

  /** Text on a plate of `background`, which is painted row by row at once: for changing numbers. */
  plate(area: Area, text: string, scale: number, color: Color, background: Color): void {
    const cut = this.#cut(area.x, area.y, area.width, area.height);
    if (!cut) return;
    const characters = [...text].map(glyphRows);
    const textLeft = Math.floor((area.width - (characters.length * GLYPH_ADVANCE - 1) * scale) / 2);
    const textTop = Math.floor((area.height - GLYPH_HEIGHT * scale) / 2);
    const line = new Uint32Array(area.width);
    let painted = -2;
    for (let row = cut.y; row < cut.y + cut.height; row++) {
      const glyphRow = Math.floor((row - area.y - textTop) / scale);
      const inText = glyphRow >= 0 && glyphRow < GLYPH_HEIGHT ? glyphRow : -1;
      if (inText !== painted) {
        painted = inText;
        line.fill(background);
        if (inText >= 0) {
          characters.forEach((rows, i) => {
            for (let column = 0; column < GLYPH_WIDTH; column++) {
              if ((rows[inText] >> (GLYPH_WIDTH - 1 - column) & 1) === 0) continue;
              const left = textLeft + (i * GLYPH_ADVANCE + column) * scale;
              line.fill(color, Math.max(0, left), Math.max(0, left + scale));
            }
          });
        }
      }
      const from = cut.x - area.x;
      this.pixels.set(line.subarray(from, from + cut.width), row * this.width + cut.x);
    }
  }

  #glyphRow(x: number, y: number, bits: number, scale: number, color: Color): void {
    for (let column = 0; column < GLYPH_WIDTH; column++) {
      let length = 0;
      while (column + length < GLYPH_WIDTH && bits >> (GLYPH_WIDTH - 1 - column - length) & 1) {
        length++;
      }
      if (length > 0) this.fill(x + column * scale, y, length * scale, scale, color);
      column += length;
    }
  }

  #cut(x: number, y: number, width: number, height: number): Area | undefined {
    const left = Math.max(this.#clip.x, Math.floor(x));
    const top = Math.max(this.#clip.y, Math.floor(y));
    const right = Math.min(this.#clip.x + this.#clip.width, Math.floor(x) + Math.floor(width));
    const bottom = Math.min(this.#clip.y + this.#clip.height, Math.floor(y) + Math.floor(height));
    return right > left && bottom > top
      ? { x: left, y: top, width: right - left, height: bottom - top }
      : undefined;
  }
}
