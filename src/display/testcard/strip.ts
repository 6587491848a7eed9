/**
 * The Test card's coded strip: what it shows, for machines, in blocks that survive lossy video and
 * scaling. This file uses no API but the language's, so that a page can decode a canvas with it.
 *
 * The picture is a grid of 64 × 36 cells (20 pixels each at 1280×720). The strip is two rows of 44
 * cells, columns 10–53 of rows 1 and 2, read row by row: 88 bits, white is 1, black is 0.
 *
 * | bits | meaning |
 * | --- | --- |
 * | 0–7 | 10110010, which also gives the levels of white and black |
 * | 8–39 | frame counter, from 1, modulo 2^32 |
 * | 40–71 | time the frame was drawn: CLOCK_MONOTONIC in ms modulo 2^32 |
 * | 72–79 | presses so far (keys, buttons, touches, pad buttons, wheel detents), modulo 256 |
 * | 80–87 | CRC-8 (polynomial 0x07, initial 0xff) of bits 8–79 |
 *
 * Numbers have their highest bit first. The flash area, columns 1–15 of rows 5–19, is bright while
 * the press counter is odd and dark while it is even.
 */

/** What a strip says. */
export interface StripContent {
  frame: number;
  /** ms, modulo 2^32. */
  timeMs: number;
  presses: number;
}

/** Pixels. */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Cells across and down the picture. */
const GRID_COLUMNS = 64;
const GRID_ROWS = 36;
export const STRIP_COLUMNS = 44;
export const STRIP_ROWS = 2;
const STRIP_LEFT = 10;
const STRIP_TOP = 1;
const FLASH = { left: 1, top: 5, columns: 15, rows: 15 };
const SYNC = 0b10110010;
/** White and black of the sync pattern differ by at least this much of 255, or there is no strip. */
const MIN_CONTRAST = 48;

/** The area of cells, on whole pixels, in a picture of `width` × `height`. */
function cells(
  width: number,
  height: number,
  left: number,
  top: number,
  columns: number,
  rows: number,
): Area {
  const x = Math.round(left * width / GRID_COLUMNS);
  const y = Math.round(top * height / GRID_ROWS);
  return {
    x,
    y,
    width: Math.round((left + columns) * width / GRID_COLUMNS) - x,
    height: Math.round((top + rows) * height / GRID_ROWS) - y,
  };
}

/** Where the strip is. */
export function stripArea(width: number, height: number): Area {
  return cells(width, height, STRIP_LEFT, STRIP_TOP, STRIP_COLUMNS, STRIP_ROWS);
}

/** Where bit `index` of the strip is. */
export function stripCell(width: number, height: number, index: number): Area {
  const column = STRIP_LEFT + index % STRIP_COLUMNS;
  const row = STRIP_TOP + Math.floor(index / STRIP_COLUMNS);
  return cells(width, height, column, row, 1, 1);
}

/** Where the flash area is. */
export function flashArea(width: number, height: number): Area {
  return cells(width, height, FLASH.left, FLASH.top, FLASH.columns, FLASH.rows);
}

function crc8(bytes: Uint8Array): number {
  let crc = 0xff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? (crc << 1 ^ 0x07) & 0xff : crc << 1;
  }
  return crc;
}

/** The strip's 88 bits, each 0 or 1. */
export function encodeStrip({ frame, timeMs, presses }: StripContent): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(11);
  const view = new DataView(bytes.buffer);
  bytes[0] = SYNC;
  view.setUint32(1, frame);
  view.setUint32(5, Math.floor(timeMs) % 2 ** 32);
  bytes[9] = presses;
  bytes[10] = crc8(bytes.subarray(1, 10));
  return Uint8Array.from({ length: 88 }, (_, i) => bytes[i >> 3] >> (7 - i % 8) & 1);
}

/**
 * Reads the strip of a picture of `width` × `height` whose brightness (0–255) at a pixel is
 * `luma(x, y)`. Undefined where there is none or its checksum fails.
 */
export function readStrip(
  width: number,
  height: number,
  luma: (x: number, y: number) => number,
): StripContent | undefined {
  const levels = Array.from(
    { length: 88 },
    (_, i) => middleOf(stripCell(width, height, i), luma),
  );
  const levelOf = (bit: number) => {
    const same = levels.slice(0, 8).filter((_, i) => (SYNC >> (7 - i) & 1) === bit);
    return same.reduce((sum, level) => sum + level, 0) / same.length;
  };
  const white = levelOf(1);
  const black = levelOf(0);
  if (!(white - black >= MIN_CONTRAST)) return undefined;
  const bytes = new Uint8Array(11);
  levels.forEach((level, i) => {
    if (level > (white + black) / 2) bytes[i >> 3] |= 0x80 >> i % 8;
  });
  if (bytes[0] !== SYNC || bytes[10] !== crc8(bytes.subarray(1, 10))) return undefined;
  const view = new DataView(bytes.buffer);
  return { frame: view.getUint32(1), timeMs: view.getUint32(5), presses: bytes[9] };
}

/** Mean of the middle of a cell; its edges are blurred by the encoder. */
function middleOf(area: Area, luma: (x: number, y: number) => number): number {
  let sum = 0;
  for (const along of [0.35, 0.5, 0.65]) {
    for (const down of [0.35, 0.5, 0.65]) {
      sum += luma(
        Math.floor(area.x + area.width * along),
        Math.floor(area.y + area.height * down),
      );
    }
  }
  return sum / 9;
}

/** {@linkcode readStrip} of a luma plane, such as I420's, with `stride` bytes a row. */
export function readStripFromLuma(
  plane: Uint8Array,
  stride: number,
  width: number,
  height: number,
): StripContent | undefined {
  return readStrip(width, height, (x, y) => plane[y * stride + x]);
}

/**
 * {@linkcode readStrip} of R, G, B, A bytes, such as a canvas's ImageData. Where `image` is only a
 * part of the picture, `picture` says how large that is and where in it the part begins.
 */
export function readStripFromRgba(
  image: { data: Uint8Array | Uint8ClampedArray; width: number; height: number },
  picture: Area = { x: 0, y: 0, width: image.width, height: image.height },
): StripContent | undefined {
  return readStrip(picture.width, picture.height, (x, y) => {
    const at = ((y - picture.y) * image.width + x - picture.x) * 4;
    return 0.299 * image.data[at] + 0.587 * image.data[at + 1] + 0.114 * image.data[at + 2];
  });
}

/** Whether the flash area is bright, by its brightness at nine points. */
export function readFlash(
  width: number,
  height: number,
  luma: (x: number, y: number) => number,
): boolean {
  return middleOf(flashArea(width, height), luma) > 127;
}
