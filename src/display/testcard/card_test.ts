import assert from "node:assert/strict";
import { TestCard } from "./card.ts";
import { glyphRows } from "./font.ts";
import { buttonName, keyName } from "./key_names.ts";
import { newState, type TestCardState } from "./state.ts";
import { readFlash, readStrip } from "./strip.ts";

let seed = 17;
const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;

/** Changes the state as a wild session would. */
function disturb(state: TestCardState, width: number, height: number): void {
  state.frame++;
  state.timeMs += 16.7;
  state.wallMs += 17;
  const spot = () => ({ x: (random() * 1.2 - 0.1) * width, y: (random() * 1.2 - 0.1) * height });
  if (random() < 0.3) state.presses++;
  if (random() < 0.3) state.pointer = random() < 0.2 ? undefined : spot();
  if (random() < 0.3) state.touches.set(Math.floor(random() * 4), spot());
  if (random() < 0.1) state.touches.clear();
  if (random() < 0.2) state.keys.add(Math.floor(random() * 120));
  if (random() < 0.1) state.keys.clear();
  if (random() < 0.2) state.buttons.add(0x110);
  if (random() < 0.2) state.buttons.clear();
  if (random() < 0.2) {
    const axis = () => random() * 2 - 1;
    state.pads[Math.floor(random() * 4)] = {
      name: "A pad with a long name indeed",
      buttons: Math.floor(random() * 2 ** 17),
      axes: [axis(), axis(), axis(), axis()],
      triggers: [random(), random()],
    };
  }
}

for (const [width, height] of [[1280, 720], [640, 360], [801, 599]]) {
  Deno.test(`painting what changed gives the same picture as painting all, ${width}×${height}`, () => {
    const card = new TestCard(width, height, 60);
    const state = newState();
    const pixels = new Uint32Array(width * height);
    let before = undefined;
    for (let i = 0; i < 60; i++) {
      disturb(state, width, height);
      const { painted, overlays } = card.appearance(state);
      card.paint(pixels, card.changes(before, painted), state, overlays);
      before = painted;
      if (i % 10 !== 9) continue;
      const whole = new Uint32Array(width * height);
      card.paint(whole, card.changes(undefined, painted), state, overlays);
      assert.ok(whole.every((pixel, k) => pixel === pixels[k]), `frame ${i}`);
    }
  });
}

Deno.test("the painted card is read by machine", () => {
  const [width, height] = [1280, 720];
  const card = new TestCard(width, height, 60);
  const state = { ...newState(), frame: 77, timeMs: 123456.7, presses: 301 };
  const pixels = new Uint32Array(width * height);
  const { painted, overlays } = card.appearance(state);
  card.paint(pixels, card.changes(undefined, painted), state, overlays);
  const green = (x: number, y: number) => pixels[y * width + x] >> 8 & 255;
  assert.deepEqual(readStrip(width, height, green), { frame: 77, timeMs: 123456, presses: 45 });
  assert.equal(readFlash(width, height, green), true);
});

Deno.test("a tiny window is painted without an exception", () => {
  const card = new TestCard(64, 36, 30);
  const { painted, overlays } = card.appearance(newState());
  card.paint(new Uint32Array(64 * 36), card.changes(undefined, painted), newState(), overlays);
});

Deno.test("every character that the card writes has a glyph of seven rows of five bits", () => {
  const box = glyphRows("\x01").join();
  for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabc0123456789 .,:-+/()!?%*=_×") {
    const rows = glyphRows(character);
    assert.equal(rows.length, 7, character);
    assert.ok(rows.every((row) => row >= 0 && row < 32), character);
    assert.notEqual(rows.join(), box, character);
  }
});

Deno.test("keys and buttons have names", () => {
  assert.deepEqual([keyName(30), keyName(2), keyName(57), keyName(0x2ff)], [
    "A",
    "1",
    "Space",
    "Key 767",
  ]);
  assert.deepEqual([buttonName(0x110), buttonName(0x11f)], ["Left", "Button 287"]);
});
