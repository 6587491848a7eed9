import assert from "node:assert/strict";
import { straightAlpha } from "./cursor.ts";

Deno.test("premultiplied colours come back, transparent pixels stay empty", () => {
  const bgra = Uint8Array.of(50, 100, 128, 128, 9, 9, 9, 0, 1, 2, 3, 255);
  assert.deepEqual(
    straightAlpha(bgra),
    Uint8Array.of(255, 199, 100, 128, 0, 0, 0, 0, 3, 2, 1, 255),
  );
});
