import assert from "node:assert/strict";
import { measureVideoCost } from "./cost.ts";

Deno.test("the cost of each picture after the warm-up is measured", () => {
  const [width, height] = [320, 240];
  const pictures = Array.from(
    { length: 8 },
    (_, index) => new Uint8Array(width * height * 4).map((_, at) => (at + index * 16) % 251),
  );
  const settings = { mode: { width, height, fps: 60 }, bitrate: 2e6 };
  const cost = measureVideoCost(pictures, settings, { warmUp: 3 });
  for (const values of Object.values(cost)) {
    assert.equal(values.length, 5);
    assert.ok(values.every((value: number) => value > 0));
  }
});
