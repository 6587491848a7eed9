import assert from "node:assert/strict";
import {
  HoldDetector,
  isMenuCombo,
  NEUTRAL_PAD,
  padDirection,
  type PadReading,
  readPad,
  samePad,
} from "./mapping.ts";

function pad(change: Partial<PadReading> & { pressed?: number[] } = {}): PadReading {
  const { pressed = [], ...rest } = change;
  return {
    index: 0,
    id: "Test pad",
    mapping: "standard",
    connected: true,
    timestamp: 1,
    buttons: Array.from({ length: 17 }, (_, i) => ({
      pressed: pressed.includes(i),
      value: pressed.includes(i) ? 1 : 0,
    })),
    axes: [0, 0, 0, 0],
    ...rest,
  };
}

Deno.test("a standard pad is read as it is", () => {
  const state = readPad(pad({ pressed: [0, 7, 16], axes: [-1, 0.5, 0, 1] }));
  assert.deepEqual(state, {
    buttons: 1 | (1 << 7) | (1 << 16),
    axes: [-1, 0.5, 0, 1],
    triggers: [0, 1],
  });
});

Deno.test("a pad without standard mapping gets its triggers and hat from the axes", () => {
  const state = readPad(pad({ mapping: "", axes: [0.1, 0.2, -1, 0.3, 0.4, 1, -1, 0] }));
  assert.deepEqual(state, { buttons: 1 << 14, axes: [0.1, 0.2, 0.3, 0.4], triggers: [0, 1] });
});

Deno.test("a pad with few buttons and axes is not an error", () => {
  assert.deepEqual(readPad(pad({ mapping: "", buttons: [], axes: [] })), NEUTRAL_PAD);
});

Deno.test("only changes that reach the wire count", () => {
  assert.ok(samePad(NEUTRAL_PAD, { ...NEUTRAL_PAD, axes: [0.001, 0, 0, 0] }));
  assert.ok(!samePad(NEUTRAL_PAD, { ...NEUTRAL_PAD, axes: [0.02, 0, 0, 0] }));
  assert.ok(!samePad(NEUTRAL_PAD, { ...NEUTRAL_PAD, buttons: 1 }));
  assert.ok(!samePad(NEUTRAL_PAD, { ...NEUTRAL_PAD, triggers: [0, 0.5] }));
});

Deno.test("D-pad and left stick point, a resting stick does not", () => {
  assert.equal(padDirection(readPad(pad({ pressed: [12] }))), "up");
  assert.equal(padDirection(readPad(pad({ pressed: [15] }))), "right");
  assert.equal(padDirection(readPad(pad({ axes: [0.2, -0.9, 0, 0] }))), "up");
  assert.equal(padDirection(readPad(pad({ axes: [-0.8, 0.7, 0, 0] }))), "left");
  assert.equal(padDirection(readPad(pad({ axes: [0.3, 0.3, 1, 1] }))), undefined);
});

Deno.test("the menu combination has to be held, and tells once", () => {
  assert.ok(isMenuCombo(1 << 16));
  assert.ok(isMenuCombo((1 << 8) | (1 << 9)));
  assert.ok(!isMenuCombo(1 << 9));
  const hold = new HoldDetector(700);
  assert.equal(hold.update(true, 0), false);
  assert.equal(hold.update(false, 600), false);
  assert.equal(hold.update(true, 1000), false);
  assert.equal(hold.update(true, 1700), true);
  assert.equal(hold.update(true, 1800), false);
  hold.update(false, 1900);
  hold.update(true, 2000);
  assert.equal(hold.update(true, 2700), true);
});
