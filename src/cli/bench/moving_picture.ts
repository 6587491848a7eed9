/**
 * A picture that moves the way a game's does: textured tiles that scroll, the same every time.
 */

/** Rows that the picture scrolls before it starts anew. */
const LOOP = 256;
/** Rows it scrolls from one picture to the next. */
const STEP = 4;

/** Pixels of a scrolling landscape, xrgb8888 (bytes B, G, R, X). */
export class MovingPicture {
  /** All that is seen of the landscape, `LOOP` rows more than a picture. */
  readonly pixels: Uint32Array<ArrayBuffer>;
  readonly rows: number;

  constructor(readonly width: number, readonly height: number) {
    this.rows = height + LOOP;
    this.pixels = new Uint32Array(width * this.rows);
    for (let row = 0; row < this.rows; row++) {
      for (let column = 0; column < width; column++) {
        this.pixels[row * width + column] = landscape(column, row);
      }
    }
  }

  /** Row of {@linkcode pixels} that picture `number` starts at. */
  firstRow(number: number): number {
    return number * STEP % LOOP;
  }

  /** The pixels of picture `number`. */
  at(number: number): Uint32Array<ArrayBuffer> {
    const start = this.firstRow(number) * this.width;
    return this.pixels.subarray(start, start + this.width * this.height);
  }
}

/** Tiles in several colours with an edge, a slope of light and some grain, as pixel art has. */
function landscape(column: number, row: number): number {
  const tile = ((column >> 5) * 7 + (row >> 5) * 13) % 5;
  const edge = (column & 31) === 0 || (row & 31) === 0 ? 40 : 0;
  const grain = (Math.imul(column, 0x9e3779b1) ^ Math.imul(row, 0x85ebca6b)) >>> 28;
  const light = 40 + tile * 24 + edge + grain;
  const red = Math.min(255, light + (column >> 5 & 63));
  const blue = Math.min(255, light + (row >> 3 & 63));
  return (0xff << 24 | red << 16 | light << 8 | blue) >>> 0;
}
