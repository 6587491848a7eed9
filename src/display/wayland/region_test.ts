import assert from "node:assert/strict";
import { fit, intersect, unite } from "./geometry.ts";
import { Area } from "./region.ts";

const rect = (x: number, y: number, width: number, height: number) => ({ x, y, width, height });

Deno.test("the last operation on a point decides whether the region has it", () => {
  const area = new Area([
    { rect: rect(0, 0, 10, 10), add: true },
    { rect: rect(2, 2, 6, 6), add: false },
    { rect: rect(4, 4, 1, 1), add: true },
  ]);
  assert.deepEqual([area.has(1, 1), area.has(3, 3), area.has(4, 4), area.has(10, 10)], [
    true,
    false,
    true,
    false,
  ]);
  assert.equal(area.covers(rect(0, 0, 1, 1)), false);
});

Deno.test("the nearest point of a region is on its edge", () => {
  const area = new Area([{ rect: rect(10, 10, 5, 5), add: true }]);
  assert.deepEqual(area.nearest(0, 12), { x: 10, y: 12 });
  assert.deepEqual(area.nearest(100, 100), { x: 14, y: 14 });
  assert.deepEqual(area.nearest(12, 12), { x: 12, y: 12 });
  assert.deepEqual(new Area([]).nearest(3, 4), { x: 3, y: 4 });
});

Deno.test("rectangles are intersected, united and fitted", () => {
  assert.deepEqual(intersect(rect(0, 0, 4, 4), rect(2, 2, 4, 4)), rect(2, 2, 2, 2));
  assert.equal(intersect(rect(0, 0, 4, 4), rect(4, 0, 4, 4)), undefined);
  assert.deepEqual(unite(rect(0, 0, 1, 1), rect(5, 5, 1, 1)), rect(0, 0, 6, 6));
  assert.deepEqual(fit(100, 100, rect(0, 0, 320, 200)), { ...rect(60, 0, 200, 200), scale: 2 });
});
