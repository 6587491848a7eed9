import assert from "node:assert/strict";
import {
  encodeStrip,
  readFlash,
  readStrip,
  readStripFromLuma,
  readStripFromRgba,
  stripArea,
  stripCell,
} from "./strip.ts";

let seed = 11;
const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;

function paint(width: number, height: number, bits: Uint8Array, white = 235, black = 16) {
  const plane = new Uint8Array(width * height).fill(90);
  bits.forEach((bit, i) => {
    const { x, y, width: w, height: h } = stripCell(width, height, i);
    for (let row = y; row < y + h; row++) {
      plane.fill(bit ? white : black, row * width + x, row * width + x + w);
    }
  });
  return plane;
}

const content = { frame: 0xdeadbeef, timeMs: 4_000_000_001, presses: 200 };

Deno.test("a strip is read back at every size of the stream", () => {
  for (const [width, height] of [[1280, 720], [1920, 1080], [640, 360], [1366, 768], [800, 600]]) {
    const plane = paint(width, height, encodeStrip(content));
    assert.deepEqual(readStripFromLuma(plane, width, width, height), content);
  }
});

Deno.test("a strip is read back through noise, blur, low contrast and scaling to half size", () => {
  const [width, height] = [1280, 720];
  const plane = paint(width, height, encodeStrip(content), 170, 80);
  const blurred = (x: number, y: number) => {
    let sum = 0;
    for (let dy = -3; dy <= 3; dy++) {
      for (let dx = -3; dx <= 3; dx++) sum += plane[(y + dy) * width + x + dx];
    }
    return sum / 49 + (random() - 0.5) * 40;
  };
  assert.deepEqual(readStrip(width, height, blurred), content);
  assert.deepEqual(readStrip(640, 360, (x, y) => blurred(2 * x, 2 * y)), content);
});

Deno.test("a part of a canvas is enough", () => {
  const [width, height] = [1280, 720];
  const plane = paint(width, height, encodeStrip(content));
  const area = stripArea(width, height);
  const data = new Uint8ClampedArray(area.width * area.height * 4);
  for (let i = 0; i < area.width * area.height; i++) {
    const x = area.x + i % area.width;
    const y = area.y + Math.floor(i / area.width);
    data.fill(plane[y * width + x], i * 4, i * 4 + 4);
  }
  const image = { data, width: area.width, height: area.height };
  assert.deepEqual(readStripFromRgba(image, { x: area.x, y: area.y, width, height }), content);
});

Deno.test("damaged strips and pictures without one give nothing", () => {
  const bits = encodeStrip(content);
  for (let i = 0; i < 88; i++) {
    const broken = bits.slice();
    broken[i] ^= 1;
    assert.equal(readStripFromLuma(paint(640, 360, broken), 640, 640, 360), undefined);
  }
  assert.equal(readStrip(640, 360, () => 127), undefined);
  let read = 0;
  for (let i = 0; i < 300; i++) if (readStrip(640, 360, () => random() * 255)) read++;
  assert.equal(read, 0);
});

Deno.test("the flash area is told bright from dark", () => {
  assert.equal(readFlash(1280, 720, () => 200), true);
  assert.equal(readFlash(1280, 720, () => 40), false);
});
