import assert from "node:assert/strict";
import { encodedSize, Scaler } from "./scaler.ts";

Deno.test("a picture of the mode's proportions is encoded at the mode's size", () => {
  const mode = { width: 1280, height: 720 };
  assert.deepEqual(encodedSize({ width: 1280, height: 720 }, mode), mode);
  assert.deepEqual(encodedSize({ width: 1920, height: 1080 }, mode), mode);
  assert.deepEqual(encodedSize({ width: 640, height: 360 }, mode), mode);
  assert.deepEqual(encodedSize({ width: 1366, height: 768 }, mode), mode);
});

Deno.test("other proportions are kept inside the mode, in even numbers of at least 16", () => {
  const mode = { width: 1280, height: 720 };
  assert.deepEqual(encodedSize({ width: 1920, height: 1200 }, mode), { width: 1152, height: 720 });
  assert.deepEqual(encodedSize({ width: 1024, height: 768 }, mode), { width: 960, height: 720 });
  assert.deepEqual(encodedSize({ width: 3840, height: 2 }, mode), { width: 1280, height: 16 });
  for (let width = 2; width < 4000; width += 38) {
    const size = encodedSize({ width, height: 1082 }, mode);
    assert.ok(size.width % 2 === 0 && size.height % 2 === 0);
    assert.ok(size.width <= mode.width && size.height <= mode.height);
  }
});

Deno.test("scaling keeps a flat picture flat and averages when it shrinks", () => {
  const source = { ...new Scaler({ width: 64, height: 48 }).blank(), width: 64, height: 48 };
  source.u.fill(90);
  for (let at = 0; at < source.y.length; at++) source.y[at] = at % 2 ? 200 : 100;
  const smaller = new Scaler({ width: 16, height: 12 }).scale(source);
  assert.ok(smaller.y.every((luma) => Math.abs(luma - 150) <= 1));
  assert.ok(smaller.u.every((chroma) => chroma === 90));
  const larger = new Scaler({ width: 130, height: 98 }).scale(source);
  assert.equal(larger.y.length, 130 * 98);
  assert.ok(larger.v.every((chroma) => chroma === 128));
});
