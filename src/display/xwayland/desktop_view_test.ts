import assert from "node:assert/strict";
import { desktopView } from "./desktop_view.ts";
import { place, type PlacementRequest } from "./size_hints.ts";

const screen = { width: 1280, height: 720 };

function window(width: number, height: number, wish: Partial<PlacementRequest> = {}) {
  const hints = { fixed: undefined, minimum: undefined };
  const request = { fullscreen: false, dialog: false, hints, width, height, ...wish };
  return { insistsOn: undefined, ...request, placement: place(request, screen) };
}

function fixed(width: number, height: number, wish: Partial<PlacementRequest> = {}) {
  const size = { width, height };
  return window(width, height, { hints: { fixed: size, minimum: size }, ...wish });
}

const part = (...[windows, menus = []]: [Parameters<typeof desktopView>[0], Menus?]) =>
  desktopView(windows, menus, screen).part;
type Menus = Parameters<typeof desktopView>[1];

Deno.test("a window of a fixed size is shown alone", () => {
  assert.deepEqual(part([fixed(640, 480)]), { x: 320, y: 120, width: 640, height: 480 });
});

Deno.test("nothing, a window that fills the screen, and full screen are shown whole", () => {
  assert.equal(part([]), undefined);
  assert.equal(part([window(640, 480)]), undefined);
  assert.equal(part([fixed(640, 480, { fullscreen: true })]), undefined);
  assert.equal(part([fixed(640, 480), window(300, 300)]), undefined);
});

Deno.test("what lies below the game does not count, dialogs and menus above it do", () => {
  const game = fixed(640, 480);
  assert.deepEqual(part([window(300, 300), game]), game.placement);
  assert.deepEqual(part([game, window(200, 100, { dialog: true })]), game.placement);
  assert.deepEqual(
    part([game, window(800, 200, { dialog: true })]),
    { x: 240, y: 120, width: 800, height: 480 },
  );
  assert.deepEqual(
    part([game], [{ x: 900, y: 500, width: 1000, height: 1000 }]),
    { x: 320, y: 120, width: 960, height: 600 },
  );
});

Deno.test("windows outside the screen and of one pixel change nothing", () => {
  const game = fixed(640, 480);
  const menus = [
    { x: -100, y: -100, width: 10, height: 10 },
    { x: 0, y: 0, width: 1, height: 1 },
    { x: 2000, y: 0, width: 500, height: 500 },
  ];
  assert.deepEqual(part([game], menus), game.placement);
  assert.deepEqual(part([game, fixed(10, 10)], menus), game.placement);
  assert.equal(part([], menus), undefined);
});

Deno.test("the screen has room for what cannot be made smaller, within limits", () => {
  const room = (...windows: Parameters<typeof desktopView>[0]) =>
    desktopView(windows, [], screen).room;
  assert.equal(room(window(3000, 2000)), undefined);
  assert.deepEqual(room(fixed(1600, 100), fixed(200, 1200)), { width: 1600, height: 1200 });
  assert.deepEqual(room(fixed(32767, 32767)), { width: 3840, height: 2160 });
});
