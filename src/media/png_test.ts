import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import { encodePng } from "./png.ts";

Deno.test("a PNG holds its size and its pixels", () => {
  const rgba = Uint8Array.from({ length: 3 * 2 * 4 }, (_, i) => i);
  const png = encodePng(3, 2, rgba);
  const view = new DataView(png.buffer);
  assert.deepEqual([...png.subarray(0, 4)], [137, 80, 78, 71]);
  assert.deepEqual([view.getUint32(16), view.getUint32(20), png[24], png[25]], [3, 2, 8, 6]);
  const length = view.getUint32(33);
  const rows = inflateSync(png.subarray(41, 41 + length));
  assert.deepEqual([...rows], [0, ...rgba.subarray(0, 12), 0, ...rgba.subarray(12)]);
});

Deno.test("pixels that do not match the size are refused", () => {
  assert.throws(() => encodePng(2, 2, new Uint8Array(15)), /expected 16 bytes of RGBA, got 15/);
});
