import assert from "node:assert/strict";
import { FrameRing, FrameWriter } from "../../media/frame_ring.ts";
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
