import assert from "node:assert/strict";
import { downmix, usesSurround } from "./downmix.ts";

Deno.test("stereo in the front channels comes out unchanged", () => {
  assert.deepEqual([...downmix(Int16Array.of(1000, 0, -2000, 0, 0, 0))], [1000, -2000]);
});

Deno.test("centre and rear come in 3 dB lower on their sides, LFE not at all", () => {
  assert.deepEqual([...downmix(Int16Array.of(0, 1000, 0, 0, 0, 0))], [707, 707]);
  assert.deepEqual([...downmix(Int16Array.of(0, 0, 0, 1000, -1000, 30000))], [707, -707]);
});

Deno.test("what is too loud is clipped and does not wrap around", () => {
  const loud = Int16Array.of(30000, 30000, -30000, 30000, -32768, 0);
  assert.deepEqual([...downmix(loud)], [32767, -31957]);
  assert.deepEqual([...downmix(Int16Array.of(-32768, -32768, 0, 0, 0, 0))], [-32768, -23170]);
});

Deno.test("rear and LFE make 5.1, mono and stereo do not", () => {
  const silent = [0, 0, 0, 0, 0, 0];
  const uses = [0, 1, 2, 3, 4, 5].map((channel) => {
    const samples = Int16Array.from([...silent, ...silent]);
    samples[6 + channel] = -1;
    return usesSurround(samples);
  });
  assert.deepEqual(uses, [false, false, false, true, true, true]);
});
