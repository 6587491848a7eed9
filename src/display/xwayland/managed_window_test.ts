import assert from "node:assert/strict";
import { type ManagedWindow, noteSizeWish } from "./managed_window.ts";
import { place } from "./size_hints.ts";

const screen = { width: 1280, height: 720 };

/** What the window manager does with a wish; gives the size that the window gets. */
function wish(window: ManagedWindow, width: number, height: number): [number, number] {
  noteSizeWish(window, width, height);
  window.placement = place(window, screen);
  return [window.placement.width, window.placement.height];
}

function newWindow(): ManagedWindow {
  return {
    id: 1,
    fullscreen: false,
    dialog: false,
    hints: { fixed: undefined, minimum: undefined },
    width: 640,
    height: 480,
    insistsOn: undefined,
    refusals: 0,
    acceptsFocus: true,
    takesFocus: false,
    deletable: false,
    placement: { x: 0, y: 0, ...screen },
  };
}

Deno.test("a window that asks for its size again and again is given it, and later ones too", () => {
  const window = newWindow();
  assert.deepEqual(wish(window, 640, 480), [1280, 720]);
  assert.deepEqual(wish(window, 640, 480), [1280, 720]);
  assert.deepEqual(wish(window, 640, 480), [640, 480]);
  assert.deepEqual(wish(window, 640, 480), [640, 480]);
  assert.deepEqual(wish(window, 800, 600), [800, 600]);
});

Deno.test("a window that takes what it is given after a wish keeps filling the screen", () => {
  const window = newWindow();
  for (const [width, height] of [[640, 480], [800, 600], [1280, 720], [800, 600], [640, 480]]) {
    assert.deepEqual(wish(window, width, height), [1280, 720]);
  }
});
