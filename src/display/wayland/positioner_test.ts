import assert from "node:assert/strict";
import { XdgPositionerConstraintAdjustment as Adjustment } from "./generated/xdg-shell.ts";
import { place, type Placement } from "./positioner.ts";

const screen = { x: 0, y: 0, width: 200, height: 100 };
const menu: Placement = {
  width: 50,
  height: 40,
  anchorRect: { x: 100, y: 20, width: 20, height: 10 },
  anchor: { x: -1, y: 1 },
  gravity: { x: 1, y: 1 },
  adjustment: Adjustment.none,
  offsetX: 0,
  offsetY: 2,
  reactive: false,
};

Deno.test("anchor, gravity and offset say where a popup goes", () => {
  assert.deepEqual(place(menu, screen), { x: 100, y: 32, width: 50, height: 40 });
  const centred = { ...menu, anchor: { x: 0, y: 0 }, gravity: { x: 0, y: 0 } };
  assert.deepEqual(place(centred, screen), { x: 85, y: 7, width: 50, height: 40 });
});

Deno.test("without leave to adjust a popup stays outside", () => {
  const low = { ...menu, anchorRect: { x: 180, y: 80, width: 10, height: 10 } };
  assert.deepEqual(place(low, screen), { x: 180, y: 92, width: 50, height: 40 });
});

Deno.test("a popup flips to the other side of its anchor where that fits", () => {
  const low = {
    ...menu,
    anchorRect: { x: 100, y: 80, width: 20, height: 10 },
    adjustment: Adjustment.flipY | Adjustment.slideY,
  };
  assert.deepEqual(place(low, screen), { x: 100, y: 38, width: 50, height: 40 });
});

Deno.test("where flipping does not help it slides, and resizes at last", () => {
  const wide = {
    ...menu,
    width: 150,
    adjustment: Adjustment.flipX | Adjustment.slideX | Adjustment.resizeX,
  };
  assert.deepEqual(place(wide, screen), { x: 50, y: 32, width: 150, height: 40 });
  assert.deepEqual(place({ ...wide, width: 300 }, screen), {
    x: 0,
    y: 32,
    width: 200,
    height: 40,
  });
});
