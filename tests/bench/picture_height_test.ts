import assert from "node:assert/strict";
import { pictureHeight } from "./picture_height.ts";

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
/** Constrained Baseline of 320×240, level 1.3, without VUI. */
const SPS_240 = "6742c00dda0507e4";
/** The same of 640×480, level 3. */
const SPS_480 = "6742c01eda0280f640";

Deno.test("the size is that of the last parameter set, alone or among other NAL units", () => {
  const pps = "68ce3c80";
  const stap = bytes(`78${"0009"}${SPS_480}${"0004"}${pps}`);
  assert.equal(pictureHeight([bytes(SPS_240)]), 240);
  assert.equal(pictureHeight([bytes(SPS_240), bytes("41aabbcc"), stap]), 480);
  assert.equal(pictureHeight([stap, bytes(SPS_240)]), 240);
});

Deno.test("pictures alone say no size", () => {
  assert.equal(pictureHeight([bytes("41aabbcc"), bytes("5c81aabb")]), undefined);
});
