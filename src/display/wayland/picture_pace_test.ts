import assert from "node:assert/strict";
import { PicturePace } from "./picture_pace.ts";

Deno.test("the pace follows a game's pictures and forgets pauses", () => {
  const pace = new PicturePace();
  assert.equal(pace.intervalMs, 0);
  for (let timeMs = 0; timeMs <= 1000; timeMs += 100) pace.committed(timeMs);
  assert.equal(pace.intervalMs, 100);
  pace.committed(60_000);
  assert.equal(pace.intervalMs, 100);
  for (let i = 1; i < 40; i++) pace.committed(60_000 + i * 16);
  assert.ok(Math.abs(pace.intervalMs - 16) < 1);
});
