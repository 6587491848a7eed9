import assert from "node:assert/strict";
import { parseSizeHints, place } from "./size_hints.ts";

const screen = { width: 1280, height: 720 };
const none = { fixed: undefined, minimum: undefined };

function hints(flags: number, ...minAndMax: number[]): Uint8Array {
  const words = new Int32Array(18);
  words[0] = flags;
  words.set(minAndMax, 5);
  return new Uint8Array(words.buffer);
}

Deno.test("equal minimum and maximum make a fixed size, other hints do not", () => {
  assert.deepEqual(parseSizeHints(hints(48, 800, 600, 800, 600)).fixed, {
    width: 800,
    height: 600,
  });
  assert.equal(parseSizeHints(hints(48, 320, 200, 1920, 1080)).fixed, undefined);
  assert.equal(parseSizeHints(hints(16, 800, 600, 800, 600)).fixed, undefined);
  assert.deepEqual(parseSizeHints(new Uint8Array(7)), none);
  assert.deepEqual(parseSizeHints(hints(48, -5, 0, -5, 0)).fixed, { width: 1, height: 1 });
});

Deno.test("a fixed size and a dialog are centred, everything else fills the screen", () => {
  const size = { width: 400, height: 300 };
  const fixed = parseSizeHints(hints(48, 800, 600, 800, 600));
  const normal = { fullscreen: false, dialog: false, hints: none, ...size };
  assert.deepEqual(place(normal, screen), { x: 0, y: 0, ...screen });
  assert.deepEqual(place({ ...normal, hints: fixed }, screen), {
    x: 240,
    y: 60,
    width: 800,
    height: 600,
  });
  assert.deepEqual(place({ ...normal, dialog: true }, screen), { x: 440, y: 210, ...size });
  assert.deepEqual(place({ ...normal, hints: fixed, fullscreen: true }, screen), {
    x: 0,
    y: 0,
    ...screen,
  });
});

Deno.test("a window larger than the screen starts at its corner", () => {
  const fixed = parseSizeHints(hints(48, 1920, 1080, 1920, 1080));
  const { x, y } = place(
    { fullscreen: false, dialog: false, hints: fixed, width: 1, height: 1 },
    screen,
  );
  assert.deepEqual([x, y], [0, 0]);
});
