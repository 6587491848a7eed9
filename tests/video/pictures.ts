/**
 * Synthetic pictures with known content for tests and measurements.
 */
import {
  FrameReader,
  FrameRing,
  FrameWriter,
  type I420Planes,
} from "../../src/media/frame_ring.ts";

/** What moves in a picture. */
export type Content =
  /** A textured square wanders over a gradient; like a 2D game. */
  | "sprite"
  /** The whole picture scrolls; like a shooter or platformer. */
  | "scroll"
  /** Every pixel is new; the worst case. */
  | "noise";

/** Draws picture number `index` of a content into `planes`. The same arguments give the same pixels. */
export function draw(
  planes: I420Planes,
  { width, height }: { width: number; height: number },
  content: Content,
  index: number,
): void {
  if (content === "noise") return drawNoise(planes, index);
  const shift = content === "scroll" ? index * 4 : 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      planes.y[row * width + column] = background(column + shift, row);
    }
  }
  if (content === "sprite") drawSprite(planes, width, height, index);
  for (let row = 0; row < height / 2; row++) {
    for (let column = 0; column < width / 2; column++) {
      const at = row * width / 2 + column;
      planes.u[at] = 96 + ((column + (shift >> 1)) >> 3 & 63);
      planes.v[at] = 160 - (row >> 3 & 63);
    }
  }
}

/** Tiles with an edge and some grain, as pixel art has. */
function background(column: number, row: number): number {
  const tile = ((column >> 5) * 7 + (row >> 5) * 13) % 5 * 24;
  const edge = (column & 31) === 0 || (row & 31) === 0 ? 40 : 0;
  const grain = (Math.imul(column, 0x9e3779b1) ^ Math.imul(row, 0x85ebca6b)) >>> 28;
  return 40 + tile + edge + grain;
}

function drawSprite({ y }: I420Planes, width: number, height: number, index: number): void {
  const side = Math.floor(height / 4);
  const left = (index * 5) % (width - side);
  const top = Math.floor((height - side) / 2 * (1 + Math.sin(index / 15)));
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      y[(top + row) * width + left + column] = 16 + ((row * column >> 3) + row * 2) % 220;
    }
  }
}

function drawNoise({ y, u, v }: I420Planes, index: number): void {
  let state = index * 0x9e3779b1 | 1;
  for (const plane of [y, u, v]) {
    for (let i = 0; i < plane.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      plane[i] = 16 + (state >>> 24) % 220;
    }
  }
}

/** A ring with its writer, that publishes synthetic pictures. */
export class PictureSource {
  readonly ring: FrameRing;
  readonly reader: FrameReader;
  readonly #writer: FrameWriter;

  constructor(maxWidth: number, maxHeight: number) {
    this.ring = FrameRing.allocate(maxWidth, maxHeight);
    this.reader = new FrameReader(this.ring);
    this.#writer = new FrameWriter(this.ring);
  }

  /** Draws and publishes picture number `index`. */
  publish(
    width: number,
    height: number,
    content: Content,
    index: number,
    capturedMs = 0,
    urgent = false,
  ): void {
    draw(this.#writer.planes(width, height), { width, height }, content, index);
    this.#writer.publish({ width, height, inputMs: 0, commitMs: capturedMs, capturedMs, urgent });
  }
}
