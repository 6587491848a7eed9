import assert from "node:assert/strict";
import { F_GET_SEALS, libc } from "../../ffi/libc.ts";
import {
  WpCursorShapeDeviceV1Shape,
  WpCursorShapeManagerV1Proxy,
} from "../../src/display/wayland/generated/cursor-shape-v1.ts";
import {
  ZwpPointerConstraintsV1Lifetime,
  ZwpPointerConstraintsV1Proxy,
} from "../../src/display/wayland/generated/pointer-constraints-unstable-v1.ts";
import { ZwpRelativePointerManagerV1Proxy } from "../../src/display/wayland/generated/relative-pointer-unstable-v1.ts";
import { ZwpTextInputManagerV3Proxy } from "../../src/display/wayland/generated/text-input-unstable-v3.ts";
import { DisplayUnderTest, SMALL } from "./display_under_test.ts";
import { BLUE, GREEN, record, RED, rgb, TestClient } from "./test_client.ts";

const { width, height } = SMALL;
const KEY_A = 30;
const KEY_LEFTSHIFT = 42;
const KEY_CAPSLOCK = 58;
const KEY_RIGHTALT = 100;
const BTN_LEFT = 0x110;

/** A client whose fullscreen window has the keyboard and, from the first motion on, the pointer. */
function player(display: DisplayUnderTest, seatVersion = 8) {
  const client = new TestClient(display.connect());
  const { seat, keyboard, pointer } = client.seat(seatVersion);
  const keys = record(keyboard);
  const pointerEvents = record(pointer);
  const window = client.window((toplevel) => toplevel.setFullscreen(null));
  window.fill(width, height, RED);
  const named = (events: [string, ...unknown[]][], name: string) =>
    events.filter((event) => event[0] === name);
  return {
    client,
    seat,
    keyboard,
    pointer,
    keys,
    pointerEvents,
    window,
    named,
    async focused() {
      await client.until("keyboard focus", () => named(keys, "enter").length > 0);
    },
    async pointed() {
      display.input({ kind: "pointer-absolute", x: 0.5, y: 0.5 });
      await client.until("pointer focus", () => named(pointerEvents, "enter").length > 0);
    },
  };
}

Deno.test("the keymap is sealed text of the layout", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    const [, format, fd, size] = game.named(game.keys, "keymap")[0] as number[];
    assert.equal(format, 1);
    assert.equal(libc.fcntl(fd, F_GET_SEALS, 0n), 0xf);
    const text = new Uint8Array(size);
    libc.pread(fd, text, BigInt(size), 0n);
    libc.close(fd);
    assert.equal(text.at(-1), 0);
    assert.match(new TextDecoder().decode(text), /xkb_keymap[\s\S]*German/);
  }, { keyboard: { layout: "de", variant: "nodeadkeys" } }));

Deno.test("a very short tap stays down for two frames", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    display.input({ kind: "key", code: KEY_A, down: true });
    display.input({ kind: "key", code: KEY_A, down: false });
    await game.client.until("release", () => game.named(game.keys, "key").length === 2);
    const [down, up] = game.named(game.keys, "key") as unknown as number[][];
    assert.deepEqual([down[3], down[4], up[3], up[4]], [KEY_A, 1, KEY_A, 0]);
    assert.ok(up[2] - down[2] >= 49, `held for ${up[2] - down[2]} ms`);
  }, { mode: { ...SMALL, fps: 40 } }));

Deno.test("shift, AltGr and Caps Lock become modifiers, and a new layout keeps the lock", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    const press = (code: number) => display.input({ kind: "key", code, down: true });
    const release = (code: number) => display.input({ kind: "key", code, down: false });
    const last = () => game.named(game.keys, "modifiers").at(-1)!.slice(2);
    const becomes = (what: string, modifiers: number[]) =>
      game.client.until(what, () => JSON.stringify(last()) === JSON.stringify(modifiers));
    press(KEY_LEFTSHIFT);
    await becomes("shift", [1, 0, 0, 0]);
    release(KEY_LEFTSHIFT);
    await becomes("nothing", [0, 0, 0, 0]);
    press(KEY_RIGHTALT);
    await becomes("AltGr as Mod5", [0x80, 0, 0, 0]);
    release(KEY_RIGHTALT);
    await becomes("nothing", [0, 0, 0, 0]);
    press(KEY_CAPSLOCK);
    release(KEY_CAPSLOCK);
    await becomes("lock", [0, 0, 2, 0]);
    display.source.setKeyboard({ layout: "fr", variant: "" });
    await game.client.until("keymap", () => game.named(game.keys, "keymap").length === 2);
    await becomes("lock", [0, 0, 2, 0]);
    for (const [, , fd] of game.named(game.keys, "keymap")) libc.close(fd as number);
  }, { keyboard: { layout: "de", variant: "" } }));

Deno.test("release-all releases keys and buttons that are held", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    await game.pointed();
    display.input({ kind: "key", code: KEY_A, down: true });
    display.input({ kind: "button", code: BTN_LEFT, down: true });
    display.input({ kind: "release-all" });
    await game.client.until(
      "releases",
      () =>
        game.named(game.keys, "key").some(([, , , code, state]) => code === KEY_A && state === 0) &&
        game.named(game.pointerEvents, "button").some(([, , , code, state]) =>
          code === BTN_LEFT && state === 0
        ),
    );
  }));

Deno.test("pointer, button and wheel reach the window", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    await game.pointed();
    display.input({ kind: "pointer-absolute", x: 0.25, y: 0.75 });
    display.input({ kind: "button", code: BTN_LEFT, down: true });
    display.input({ kind: "button", code: BTN_LEFT, down: false });
    display.input({ kind: "wheel", dx: 0, dy: 60 });
    await game.client.until("wheel", () => game.named(game.pointerEvents, "axis").length > 0);
    const [, , x, y] = game.named(game.pointerEvents, "motion").at(-1) as unknown as number[];
    assert.ok(Math.abs(x - width / 4) < 0.1 && Math.abs(y - height * 0.75) < 0.1);
    assert.deepEqual(
      game.named(game.pointerEvents, "button").map(([, , , code, state]) => [code, state]),
      [[BTN_LEFT, 1], [BTN_LEFT, 0]],
    );
    assert.deepEqual(game.named(game.pointerEvents, "axisValue120"), [["axisValue120", 0, 60]]);
    assert.deepEqual(game.named(game.pointerEvents, "axis")[0].slice(2), [0, 5]);
  }));

Deno.test("older clients get whole wheel steps", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display, 5);
    await game.focused();
    await game.pointed();
    display.input({ kind: "wheel", dx: 0, dy: 60 });
    display.input({ kind: "wheel", dx: 0, dy: 60 });
    await game.client.until("wheel", () => game.named(game.pointerEvents, "axis").length === 2);
    assert.deepEqual(game.named(game.pointerEvents, "axisDiscrete"), [["axisDiscrete", 0, 1]]);
  }));

Deno.test("a locked pointer stays and only tells distances", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    await game.pointed();
    const relative = record(
      game.client.globals.bind(ZwpRelativePointerManagerV1Proxy, 1)
        .getRelativePointer(game.pointer),
    );
    const lock = game.client.globals.bind(ZwpPointerConstraintsV1Proxy, 1).lockPointer(
      game.window.surface,
      game.pointer,
      null,
      ZwpPointerConstraintsV1Lifetime.persistent,
    );
    const locks = record(lock);
    game.client.connection.flush();
    await display.event("pointer-lock", ({ locked }) => locked);
    await game.client.until("locked", () => locks.length > 0);
    const motions = game.named(game.pointerEvents, "motion").length;
    display.input({ kind: "pointer-absolute", x: 0.9, y: 0.9 });
    display.input({ kind: "pointer-relative", dx: 7, dy: -3 });
    await game.client.until("relative motion", () => relative.length > 0);
    assert.deepEqual(relative[0].slice(3), [7, -3, 7, -3]);
    assert.equal(game.named(game.pointerEvents, "motion").length, motions);
    lock.setCursorPositionHint(20, 30);
    lock.destroy();
    game.client.connection.flush();
    await display.event("pointer-lock", ({ locked }) => !locked);
    await game.client.until(
      "warp",
      () => game.named(game.pointerEvents, "motion").at(-1)?.[2] === 20,
    );
  }));

Deno.test("a confined pointer stays in its region", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    await game.pointed();
    const region = game.client.compositor.createRegion();
    region.add(100, 50, 100, 100);
    const confined = record(
      game.client.globals.bind(ZwpPointerConstraintsV1Proxy, 1).confinePointer(
        game.window.surface,
        game.pointer,
        region,
        ZwpPointerConstraintsV1Lifetime.persistent,
      ),
    );
    game.client.connection.flush();
    await game.client.until("confined", () => confined.length > 0);
    display.input({ kind: "pointer-absolute", x: 1, y: 0 });
    await game.client.until("motion", () => {
      const [, , x, y] = game.named(game.pointerEvents, "motion").at(-1) ?? [];
      return x === 199 && y === 50;
    });
  }));

Deno.test("touch reaches who listens to it and is a pointer for who does not", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    display.input({ kind: "touch", id: 3, phase: "down", x: 0.5, y: 0.5 });
    display.input({ kind: "touch", id: 3, phase: "up", x: 0.5, y: 0.5 });
    await game.client.until("click", () => game.named(game.pointerEvents, "button").length === 2);
    const touches = record(game.seat.getTouch());
    game.client.connection.roundtrip();
    display.input({ kind: "touch", id: 1, phase: "down", x: 0.25, y: 0.5 });
    display.input({ kind: "touch", id: 1, phase: "move", x: 0.75, y: 0.5 });
    display.input({ kind: "touch", id: 1, phase: "up", x: 0.75, y: 0.5 });
    await game.client.until("up", () => game.named(touches, "up").length > 0);
    const [down] = game.named(touches, "down");
    const [move] = game.named(touches, "motion");
    assert.deepEqual([down[4], Math.round(down[5] as number)], [1, 80]);
    assert.deepEqual([move[2], Math.round(move[3] as number)], [1, 240]);
    assert.equal(game.named(game.pointerEvents, "button").length, 2);
  }));

Deno.test("text goes through text-input where the client takes it", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    const input = game.client.globals.bind(ZwpTextInputManagerV3Proxy, 1).getTextInput(game.seat);
    const events = record(input);
    input.enable();
    input.commit();
    game.client.connection.roundtrip();
    display.input({ kind: "text", text: "日本語" });
    await game.client.until("done", () => game.named(events, "done").length > 0);
    assert.deepEqual(game.named(events, "commitString"), [["commitString", "日本語"]]);
    assert.equal(game.named(events, "done")[0][1], 1);
    assert.equal(game.named(game.keys, "key").length, 0);
  }));

Deno.test("other text is typed, with a keymap of its own where the layout lacks a character", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    display.input({ kind: "text", text: "aA" });
    await game.client.until("four events", () => game.named(game.keys, "key").length === 4);
    const typed = game.keys.filter(([name]) => name === "key" || name === "modifiers")
      .map(([name, , first, code, state]) => name === "key" ? [code, state] : `mods ${first}`);
    assert.deepEqual(typed.slice(-8), [
      "mods 0",
      [KEY_A, 1],
      [KEY_A, 0],
      "mods 0",
      "mods 1",
      [KEY_A, 1],
      [KEY_A, 0],
      "mods 0",
    ]);
    display.input({ kind: "text", text: "ж" });
    await game.client.until("keymap back", () => game.named(game.keys, "keymap").length === 3);
    const [, , fd, size] = game.named(game.keys, "keymap")[1] as number[];
    const text = new Uint8Array(size);
    libc.pread(fd, text, BigInt(size), 0n);
    assert.match(new TextDecoder().decode(text), /Cyrillic_zhe|U0436/);
    for (const [, , keymap] of game.named(game.keys, "keymap")) libc.close(keymap as number);
  }));

Deno.test("cursors go to the page as picture, name, or nothing", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    await game.pointed();
    const serial = game.named(game.pointerEvents, "enter")[0][1] as number;
    const surface = game.client.compositor.createSurface();
    game.pointer.setCursor(serial, surface, 3, 4);
    surface.attach(game.client.buffer(16, 16, GREEN, 0), 0, 0);
    surface.commit();
    game.client.connection.flush();
    const picture = await display.event("cursor", ({ image }) => image !== undefined);
    assert.deepEqual([picture.hotspotX, picture.hotspotY], [3, 4]);
    const png = Uint8Array.from(atob(picture.image!.split(",")[1]), (c) => c.charCodeAt(0));
    assert.deepEqual([...png.subarray(16, 24)], [0, 0, 0, 16, 0, 0, 0, 16]);
    const shapes = game.client.globals.bind(WpCursorShapeManagerV1Proxy, 1);
    shapes.getPointer(game.pointer).setShape(serial, WpCursorShapeDeviceV1Shape.nwseResize);
    game.client.connection.flush();
    await display.event("cursor", ({ name }) => name === "nwse-resize");
    game.pointer.setCursor(serial, null, 0, 0);
    game.client.connection.flush();
    await display.event("cursor", ({ name, image }) => !name && !image);
  }));

Deno.test("a picture knows the newest input that was given before it", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    await display.picture("red", (picture) => picture.inputMs === 0);
    display.input({ kind: "key", code: KEY_A, down: true });
    await game.client.until("key", () => game.named(game.keys, "key").length > 0);
    game.window.fill(width, height, GREEN);
    await display.picture("green", (picture) => picture.inputMs > 0);
  }));

Deno.test("the picture after a press does not wait for the end of its tick", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    // One of them is the first of its tick, so that the next would wait for the tick's end.
    for (const color of [GREEN, RED, GREEN]) game.window.fill(width, height, color);
    display.input({ kind: "key", code: KEY_A, down: true });
    await game.client.until("key", () => game.named(game.keys, "key").length > 0);
    game.window.fill(width, height, BLUE);
    const { capturedMs, commitMs } = await display.picture(
      "blue",
      (picture) => picture.is(10, 10, rgb(BLUE)),
    );
    assert.ok(capturedMs - commitMs < 200, `waited ${capturedMs - commitMs} ms in a tick of 1 s`);
  }, { mode: { ...SMALL, fps: 1 } }));

Deno.test("a position that is repeated is no motion", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    await game.pointed();
    for (let i = 0; i < 3; i++) display.input({ kind: "pointer-absolute", x: 0.25, y: 0.75 });
    display.input({ kind: "button", code: BTN_LEFT, down: true });
    await game.client.until("button", () => game.named(game.pointerEvents, "button").length > 0);
    const at = game.named(game.pointerEvents, "motion").slice(-2).map(([, , x]) => x);
    assert.notEqual(at[0], at[1]);
  }));

Deno.test("a layout that does not exist changes nothing", () =>
  DisplayUnderTest.run(async (display) => {
    const game = player(display);
    await game.focused();
    display.source.setKeyboard({ layout: "nowhere", variant: "" });
    display.input({ kind: "key", code: KEY_A, down: true });
    await game.client.until("key", () => game.named(game.keys, "key").length > 0);
    assert.equal(game.named(game.keys, "keymap").length, 1);
  }));
