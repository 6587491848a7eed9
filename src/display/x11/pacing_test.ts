import assert from "node:assert/strict";
import { CapturePacing } from "./pacing.ts";

/** Captures in `seconds` of damage every `intervalMs` and the longest wait of any. */
function run(fps: number, intervalMs: number, jitterMs: number, seconds: number) {
  const pacing = new CapturePacing(fps);
  let seed = 5;
  const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
  let captures = 0;
  let longest = 0;
  let last = 0;
  for (let at = 0; at < seconds * 1000; at += intervalMs) {
    const damaged = at + random() * jitterMs;
    if (damaged < last) continue; // already in the capture that waited
    const delay = pacing.delay(damaged);
    last = damaged + delay;
    longest = Math.max(longest, delay);
    pacing.captured(last);
    captures++;
  }
  return { captures, longest };
}

Deno.test("a source at the limit's rate is never delayed by its jitter", () => {
  const { captures, longest } = run(60, 1000 / 60, 7, 10);
  assert.ok(longest < 1e-6, `waited ${longest} ms`);
  assert.ok(captures >= 599 && captures <= 601);
});

Deno.test("a faster source is held to the limit", () => {
  const { captures } = run(60, 1, 0.5, 10);
  assert.ok(captures >= 595 && captures <= 602, String(captures));
});

Deno.test("after a pause the first capture is immediate", () => {
  const pacing = new CapturePacing(30);
  pacing.captured(1000);
  assert.ok(pacing.delay(1001) > 10);
  assert.equal(pacing.delay(5000), 0);
});
