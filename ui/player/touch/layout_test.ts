import assert from "node:assert/strict";
import { heldBy } from "./bindings.ts";
import {
  controlBox,
  directionsOf,
  MAX_SIZE,
  moveControl,
  removeControl,
  resizeControl,
  stickValue,
  TouchLayout,
} from "./layout.ts";
import { presetLayout, TOUCH_PRESETS } from "./presets.ts";

Deno.test("every preset is a valid layout with controls of distinct names", () => {
  for (const { layout, id } of TOUCH_PRESETS) {
    assert.deepEqual(TouchLayout.parse(layout), layout);
    const names = layout.controls.map((control) => control.id);
    assert.equal(new Set(names).size, names.length, id);
  }
  assert.equal(presetLayout("no such"), TOUCH_PRESETS[0].layout);
});

Deno.test("controls of a preset do not overlap on a phone held sideways", () => {
  const phone = { width: 844, height: 390 };
  for (const { layout, id } of TOUCH_PRESETS) {
    const discs = layout.controls.map((control) => {
      const { left, top, size } = controlBox(control, phone);
      assert.ok(left >= 0 && top >= 0 && left + size <= 844 && top + size <= 390, control.id);
      return { id: control.id, x: left + size / 2, y: top + size / 2, r: size / 2 };
    });
    for (const [i, a] of discs.entries()) {
      for (const b of discs.slice(i + 1)) {
        const gap = Math.hypot(a.x - b.x, a.y - b.y) - a.r - b.r;
        assert.ok(gap > -8, `${id}: ${a.id} and ${b.id} overlap by ${-gap}`);
      }
    }
  }
});

Deno.test("moving and resizing keep a control on the screen and within its limits", () => {
  const layout = presetLayout("gamepad");
  const moved = moveControl(layout, "a", 3, -1).controls.find(({ id }) => id === "a")!;
  assert.deepEqual([moved.x, moved.y], [0.98, 0.02]);
  let grown = layout;
  for (let i = 0; i < 50; i++) grown = resizeControl(grown, "a", 1.3);
  assert.equal(grown.controls.find(({ id }) => id === "a")!.size, MAX_SIZE);
  assert.deepEqual(TouchLayout.parse(grown), grown);
  assert.equal(removeControl(layout, "a").controls.length, layout.controls.length - 1);
  assert.equal(
    layout.controls.find(({ id }) => id === "a")!.size,
    0.15,
    "the input stays as it was",
  );
});

Deno.test("a stick is zero in its middle, full at its edge and never longer", () => {
  assert.deepEqual(stickValue(0, 0, 50), [0, 0]);
  assert.deepEqual(stickValue(3, 0, 50), [0, 0]);
  assert.deepEqual(stickValue(50, 0, 50), [1, 0]);
  const [x, y] = stickValue(-400, 300, 50);
  assert.ok(Math.abs(Math.hypot(x, y) - 1) < 1e-9);
  assert.ok(x < 0 && y > 0);
});

Deno.test("directions are eight sectors", () => {
  assert.deepEqual(directionsOf(0.1, 0.1, 0.3), [false, false, false, false]);
  assert.deepEqual(directionsOf(1, 0.1, 0.3), [false, false, false, true]);
  assert.deepEqual(directionsOf(-0.7, -0.7, 0.3), [true, true, false, false]);
  assert.deepEqual(directionsOf(0, 1, 0.3), [false, false, true, false]);
});

Deno.test("controls together hold pad, keys and mouse, and two may hold the same key", () => {
  const pressed = { pressed: true, x: 0, y: 0 };
  const pad = heldBy(
    presetLayout("gamepad").controls,
    new Map([
      ["a", pressed],
      ["rt", pressed],
      ["dpad", { pressed: true, x: -1, y: 0 }],
      ["stick-right", { pressed: true, x: 0.5, y: -0.25 }],
    ]),
  );
  assert.equal(pad.usesPad, true);
  assert.equal(pad.pad.buttons, (1 << 0) | (1 << 7) | (1 << 14));
  assert.deepEqual(pad.pad.axes, [0, 0, 0.5, -0.25]);
  assert.deepEqual(pad.pad.triggers, [0, 1]);

  const keys = heldBy(
    presetLayout("keys-mouse").controls,
    new Map([
      ["move", { pressed: true, x: 0.7, y: -0.7 }],
      ["look", { pressed: true, x: 0.2, y: 0 }],
      ["fire", pressed],
      ["jump", { ...pressed, pressed: false }],
    ]),
  );
  assert.equal(keys.usesPad, false);
  assert.deepEqual([...keys.keys].sort(), ["KeyD", "KeyW"]);
  assert.deepEqual([...keys.mouse], [0]);
  assert.deepEqual(keys.look, { x: 0.2, y: 0 });
});
