import assert from "node:assert/strict";
import { decodeInput, encodeInput, type InputEvent, InputFormatError } from "./input.ts";

const examples: InputEvent[] = [
  { kind: "key", timeMs: 1234.5, code: 30, down: true },
  { kind: "button", timeMs: 1, code: 0x110, down: false },
  { kind: "pointer-absolute", timeMs: 2, x: 0, y: 1 },
  { kind: "pointer-relative", timeMs: 3, dx: -1.5, dy: 2.25 },
  { kind: "key", timeMs: 1, code: 30, down: false, count: 2 ** 32 - 1 },
  { kind: "button", timeMs: 1, code: 0x110, down: true, count: 0 },
  { kind: "touch", timeMs: 4, id: 31, phase: "up", x: 0, y: 1, count: 7 },
  { kind: "wheel", timeMs: 3, dx: 0, dy: 120 },
  { kind: "touch", timeMs: 4, id: 3, phase: "move", x: 1, y: 0 },
  { kind: "text", timeMs: 5, text: "Gamelan ガムラン" },
  {
    ...{ kind: "pad-state", timeMs: 6, pad: 1, buttons: 0x10001 },
    ...{ axes: [-1, 1, 0, 0], triggers: [0, 1], change: 255 },
    before: [{ buttons: 0, triggers: [1, 0] }, { buttons: 0x1ffff, triggers: [0, 0] }],
  },
  {
    ...{ kind: "pad-state", timeMs: 6, pad: 0, buttons: 0, axes: [0, 0, 0, 0], triggers: [0, 0] },
    ...{ change: 0, before: [] },
  },
  { kind: "pad-connect", timeMs: 7, pad: 0, name: "Xbox pad", rumble: true },
  { kind: "pad-disconnect", timeMs: 8, pad: 3 },
  { kind: "release-all", timeMs: 9 },
];

Deno.test("every kind of event survives encoding and decoding", () => {
  for (const event of examples) assert.deepEqual(decodeInput(encodeInput(event)), event);
});

Deno.test("hostile records are refused with InputFormatError and nothing else", () => {
  let seed = 7;
  const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
  let refused = 0;
  for (let i = 0; i < 20000; i++) {
    const bytes = encodeInput(examples[i % examples.length]).slice();
    for (let k = 0; k < 3; k++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
    const cut = bytes.subarray(0, Math.floor(random() * (bytes.length + 1)));
    for (const record of [bytes, cut]) {
      try {
        decodeInput(record);
      } catch (error) {
        assert.ok(error instanceof InputFormatError, String(error));
        refused++;
      }
    }
  }
  assert.ok(refused > 1000);
  assert.throws(() => decodeInput(new Uint8Array(5000)), InputFormatError);
});
