import assert from "node:assert/strict";
import { parseSetup } from "./setup.ts";

/** A setup reply with two pixmap formats and two screens, the first with one depth of one visual. */
function setup(): Uint8Array {
  const bytes = new Uint8Array(40 + 8 + 2 * 8 + (40 + 8 + 24) + 40);
  const view = new DataView(bytes.buffer);
  view.setUint16(24, 6, true); // vendor, padded to 8
  bytes[28] = 2;
  bytes[29] = 2;
  bytes[34] = 8;
  bytes[35] = 255;
  bytes.set([1, 1, 32], 48);
  bytes.set([24, 32, 32], 56);
  const screen = (at: number, root: number, width: number, depth: number, depths: number) => {
    view.setUint32(at, root, true);
    view.setUint16(at + 20, width, true);
    view.setUint16(at + 22, 600, true);
    view.setUint32(at + 32, 33, true);
    bytes[at + 38] = depth;
    bytes[at + 39] = depths;
  };
  screen(64, 100, 800, 24, 1);
  view.setUint16(64 + 40 + 2, 1, true);
  screen(64 + 40 + 8 + 24, 200, 1024, 1, 0);
  return bytes;
}

Deno.test("a screen is found behind the vendor, the formats and other screens' visuals", () => {
  assert.deepEqual(parseSetup(setup(), 0), {
    root: 100,
    width: 800,
    height: 600,
    depth: 24,
    rootVisual: 33,
    bitsPerPixel: 32,
    minKeycode: 8,
    maxKeycode: 255,
    littleEndian: true,
  });
  const second = parseSetup(setup(), 1);
  assert.deepEqual([second.root, second.width, second.bitsPerPixel], [200, 1024, 1]);
});

Deno.test("a screen that is not there, and a cut setup, are RangeErrors", () => {
  assert.throws(() => parseSetup(setup(), 2), RangeError);
  for (let length = 0; length < setup().length; length++) {
    assert.throws(() => parseSetup(setup().subarray(0, length), 1), RangeError);
  }
});
