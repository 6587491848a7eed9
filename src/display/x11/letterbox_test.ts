import assert from "node:assert/strict";
import { letterbox, toDesktop } from "./letterbox.ts";

const hd = { width: 1280, height: 720 };

Deno.test("a desktop of the picture's aspect fills it", () => {
  assert.deepEqual(letterbox(hd, hd), { x: 0, y: 0, width: 1280, height: 720 });
  assert.deepEqual(letterbox({ width: 1920, height: 1080 }, hd), {
    x: 0,
    y: 0,
    width: 1280,
    height: 720,
  });
});

Deno.test("a 4:3 desktop gets bars left and right, a tall picture bars above and below", () => {
  assert.deepEqual(letterbox({ width: 1024, height: 768 }, hd), {
    x: 160,
    y: 0,
    width: 960,
    height: 720,
  });
  const tall = letterbox(hd, { width: 720, height: 1280 });
  assert.equal(tall.width, 720);
  assert.ok(Math.abs(tall.height - 405) <= 1 && tall.y > 400);
});

Deno.test("odd and extreme sizes still give even areas within the picture", () => {
  for (const desktop of [{ width: 1365, height: 767 }, { width: 1, height: 9000 }]) {
    const box = letterbox(desktop, hd);
    for (const value of Object.values(box)) assert.equal(value % 2, 0);
    assert.ok(box.x + box.width <= 1280 && box.y + box.height <= 720 && box.width >= 2);
  }
});

Deno.test("positions in the bars are clamped to the desktop's edge", () => {
  const desktop = { width: 1024, height: 768 };
  const box = letterbox(desktop, hd);
  assert.deepEqual(toDesktop({ x: 0, y: 0 }, box, desktop, hd), { x: 0, y: 0 });
  assert.deepEqual(toDesktop({ x: 0.5, y: 0.5 }, box, desktop, hd), { x: 512, y: 384 });
  assert.deepEqual(toDesktop({ x: 1, y: 1 }, box, desktop, hd), { x: 1023, y: 767 });
});
