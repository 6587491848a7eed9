import assert from "node:assert/strict";
import { INPUT_EVENT_BYTES, PadDecoder } from "./pad_events.ts";

function events(...list: [type: number, code: number, value: number][]): Uint8Array {
  const bytes = new Uint8Array(list.length * INPUT_EVENT_BYTES);
  const view = new DataView(bytes.buffer);
  list.forEach(([type, code, value], i) => {
    view.setUint16(i * INPUT_EVENT_BYTES + 16, type, true);
    view.setUint16(i * INPUT_EVENT_BYTES + 18, code, true);
    view.setInt32(i * INPUT_EVENT_BYTES + 20, value, true);
  });
  return bytes;
}

Deno.test("buttons, hat, sticks and triggers arrive in the W3C layout", () => {
  const pad = new PadDecoder("Pad", new Map([[5, { minimum: 0, maximum: 1023 }]]));
  const presses = pad.decode(
    events([1, 0x130, 1], [1, 0x13c, 1], [3, 17, -1], [3, 0, 32767], [3, 4, -32767], [3, 5, 1023]),
  );
  assert.equal(pad.view.buttons, 1 | 1 << 16 | 1 << 12);
  assert.deepEqual(pad.view.axes, [1, 0, 0, -1]);
  assert.deepEqual(pad.view.triggers, [0, 1]);
  assert.equal(presses, 6);
});

Deno.test("a held button and a stick that moves on count once", () => {
  const pad = new PadDecoder("Pad");
  assert.equal(pad.decode(events([1, 0x131, 1], [1, 0x131, 2], [1, 0x131, 0])), 1);
  assert.equal(pad.decode(events([3, 0, 20000], [3, 1, 30000], [3, 0, 25000])), 1);
  assert.equal(pad.decode(events([3, 0, 0], [3, 1, 0], [3, 0, -32767])), 1);
});

Deno.test("cut and random events change nothing but the pad's own picture", () => {
  let seed = 9;
  const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
  const pad = new PadDecoder("Pad", new Map([[0, { minimum: 5, maximum: 5 }]]));
  for (let i = 0; i < 2000; i++) {
    pad.decode(Uint8Array.from({ length: random() * 100 }, () => random() * 256));
  }
  for (const axis of pad.view.axes) assert.ok(axis >= -1 && axis <= 1);
  assert.ok(pad.view.buttons >= 0 && pad.view.buttons < 1 << 17);
});
