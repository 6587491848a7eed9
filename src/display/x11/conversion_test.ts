import assert from "node:assert/strict";
import { FrameReader, FrameRing, FrameWriter } from "../../media/frame_ring.ts";
import { PictureConverter } from "./conversion.ts";
import { letterbox } from "./letterbox.ts";

function convert(width: number, height: number, mode: { width: number; height: number }) {
  const pixels = new Uint8Array(width * height * 4).fill(255);
  const planes = new FrameWriter(FrameRing.allocate(640, 480)).planes(mode.width, mode.height);
  // What an earlier picture left in the slot.
  for (const plane of [planes.y, planes.u, planes.v]) plane.fill(77);
  const box = letterbox({ width, height }, mode);
  new PictureConverter().convert({ pixels, width, height }, planes, box);
  const luma = (x: number, y: number) => planes.y[y * planes.yStride + x];
  return { planes, luma };
}

Deno.test("a desktop of the picture's size fills all of it", () => {
  const { planes } = convert(320, 200, { width: 320, height: 200 });
  assert.ok(planes.y.every((value) => value === 235));
  assert.ok(planes.u.every((value) => value === 128));
});

Deno.test("bars at the sides and above and below are black to the last pixel", () => {
  const sides = convert(200, 200, { width: 320, height: 200 });
  assert.deepEqual(
    [0, 59, 60, 259, 260, 319].map((x) => sides.luma(x, 100)),
    [16, 16, 235, 235, 16, 16],
  );
  assert.deepEqual([sides.luma(0, 0), sides.luma(319, 199)], [16, 16]);
  assert.ok(sides.planes.v.every((value) => value === 128));
  const above = convert(640, 200, { width: 320, height: 200 });
  assert.deepEqual(
    [0, 49, 50, 149, 150, 199].map((y) => above.luma(160, y)),
    [16, 16, 235, 235, 16, 16],
  );
});

Deno.test("desktops of odd sizes are scaled without touching the bars", () => {
  const { planes, luma } = convert(333, 333, { width: 320, height: 200 });
  assert.equal(luma(160, 100), 235);
  assert.equal(luma(2, 100), 16);
  assert.ok(planes.y.every((value) => value === 16 || value === 235));
});

Deno.test("only changed rows are converted, also into memories that missed earlier changes", () => {
  const [width, height] = [64, 48];
  const ring = FrameRing.allocate(width, height);
  const writer = new FrameWriter(ring);
  const reader = new FrameReader(ring);
  const pixels = new Uint8Array(width * height * 4);
  const converter = new PictureConverter();
  const box = letterbox({ width, height }, { width, height });
  const fullPicture = () => {
    const planes = new FrameWriter(FrameRing.allocate(width, height)).planes(width, height);
    new PictureConverter().convert({ pixels, width, height }, planes, box);
    return planes;
  };
  for (let picture = 0; picture < 40; picture++) {
    const top = picture * 7 % 40;
    const rows = picture * 5 % 9;
    pixels.fill(picture * 6, top * width * 4, (top + rows) * width * 4);
    const planes = writer.planes(width, height);
    const changed: [number, number] = picture === 0 ? [0, height] : [top, top + rows];
    converter.convert({ pixels, width, height }, planes, box, changed);
    const expected = fullPicture();
    for (const plane of ["y", "u", "v"] as const) assert.deepEqual(planes[plane], expected[plane]);
    writer.publish({ width, height, inputMs: 0, commitMs: 0, capturedMs: 0 });
    // The reader takes some pictures and misses others.
    if (picture % 3 === 0) reader.take();
  }
});
