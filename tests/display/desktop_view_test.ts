/**
 * A part of an X server's window is shown scaled. Here the test itself is the server, so that it
 * sees what Xwayland would be told.
 */
import assert from "node:assert/strict";
import { libc } from "../../ffi/libc.ts";
import {
  ZwpPointerConstraintsV1Lifetime,
  ZwpPointerConstraintsV1Proxy,
} from "../../src/display/wayland/generated/pointer-constraints-unstable-v1.ts";
import { ZwpRelativePointerManagerV1Proxy } from "../../src/display/wayland/generated/relative-pointer-unstable-v1.ts";
import { WlOutputProxy, WlSeatProxy } from "../../src/display/wayland/generated/wayland.ts";
import { DisplayUnderTest, SMALL } from "./display_under_test.ts";
import { record, RED, rgb, TestClient } from "./test_client.ts";

const { width, height } = SMALL;
const server = Deno.pid;
/** In 320×200 it is shown at 2:1 with bars of 80 pixels left and right. */
const PART = { x: 100, y: 50, width: 80, height: 100 };
const GREY = [64, 64, 64, 255] as const;

/** A desktop that is grey, and red where the game is. */
function desktopPixels(): Uint8Array {
  const pixels = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width - PART.x, Math.floor(i / width) - PART.y];
    const inside = x >= 0 && y >= 0 && x < PART.width && y < PART.height;
    pixels.set(inside ? RED : GREY, i * 4);
  }
  return pixels;
}

async function desktop(display: DisplayUnderTest) {
  const client = new TestClient(display.connect());
  const window = client.window((toplevel) => toplevel.setFullscreen(null));
  const seat = client.globals.bind(WlSeatProxy, 8);
  seat.getKeyboard().listener = { keymap: (_format, fd) => void libc.close(fd) };
  const pointer = seat.getPointer();
  const events = record(pointer);
  const buffer = window.show(client.bufferOf(width, height, desktopPixels()), width, height);
  await display.picture("the whole desktop", (picture) => picture.is(2, 2, [64, 64, 64]));
  display.source.setDesktopView({ server, part: PART });
  const shown = await display.picture("the part", (picture) => picture.is(82, 2, rgb(RED)));
  const last = (name: string) => events.findLast((event) => event[0] === name)?.slice(-2);
  const at = (x: number, y: number) =>
    client.until(`the pointer at ${x}, ${y}`, () => {
      const place = last("motion") ?? last("enter");
      return place?.[0] === x && place[1] === y;
    });
  return { client, window, seat, pointer, events, buffer, shown, at };
}

Deno.test("only the part is shown, between black bars, and takes input", () =>
  DisplayUnderTest.run(async (display) => {
    const { shown, at, events, client } = await desktop(display);
    for (const [x, y] of [[81, 1], [238, 1], [81, 198], [238, 198]]) {
      assert.ok(shown.is(x, y, rgb(RED)), `red at ${x}, ${y}`);
    }
    assert.ok(shown.is(77, 100, [0, 0, 0]) && shown.is(242, 100, [0, 0, 0]));
    display.input({ kind: "pointer-absolute", x: 80 / width, y: 0 });
    await at(100, 50);
    display.input({ kind: "pointer-absolute", x: 200 / width, y: 100 / height });
    await at(160, 100);
    display.input({ kind: "pointer-absolute", x: 10 / width, y: 100 / height });
    await client.until("the pointer outside", () => events.some(([name]) => name === "leave"));
  }));

Deno.test("a pointer that rests is told where it is when the part changes, but not while it presses", () =>
  DisplayUnderTest.run(async (display) => {
    const { at, events, client } = await desktop(display);
    display.input({ kind: "pointer-absolute", x: 0.5, y: 0.5 });
    await at(140, 100);
    display.input({ kind: "button", code: 0x110, down: true });
    display.source.setDesktopView({ server });
    await client.until("the press", () => events.some(([name]) => name === "button"));
    display.input({ kind: "pointer-absolute", x: 200 / width, y: 0.5 });
    await at(160, 100);
    display.input({ kind: "button", code: 0x110, down: false });
    await at(200, 100);
    await display.picture("the whole desktop", (picture) => picture.is(2, 2, [64, 64, 64]));
    display.source.setDesktopView({ server, part: PART });
    await at(160, 100);
  }));

Deno.test("locks, hints, relative movement and confinement are in the desktop's pixels", () =>
  DisplayUnderTest.run(async (display) => {
    const { client, window, pointer, at } = await desktop(display);
    display.input({ kind: "pointer-absolute", x: 0.5, y: 0.5 });
    await at(140, 100);
    const relative = record(
      client.globals.bind(ZwpRelativePointerManagerV1Proxy, 1).getRelativePointer(pointer),
    );
    const constraints = client.globals.bind(ZwpPointerConstraintsV1Proxy, 1);
    const { persistent } = ZwpPointerConstraintsV1Lifetime;
    const lock = constraints.lockPointer(window.surface, pointer, null, persistent);
    client.connection.flush();
    await display.event("pointer-lock", ({ locked }) => locked);
    display.input({ kind: "pointer-relative", dx: 8, dy: -4 });
    await client.until("movement", () => relative.length > 0);
    assert.deepEqual(relative[0].slice(3), [4, -2, 4, -2]);
    lock.setCursorPositionHint(120, 60);
    lock.destroy();
    client.connection.flush();
    await at(120, 60);
    const confined = record(
      constraints.confinePointer(window.surface, pointer, null, persistent),
    );
    client.connection.flush();
    await client.until("confined", () => confined.length > 0);
    display.input({ kind: "pointer-absolute", x: 0, y: 1 });
    await at(100, 150 - 1 / 256);
  }));

Deno.test("fingers come down on the part's pixels", () =>
  DisplayUnderTest.run(async (display) => {
    const { client, seat } = await desktop(display);
    const touches = record(seat.getTouch());
    client.connection.roundtrip();
    display.input({ kind: "touch", id: 1, phase: "down", x: 100 / width, y: 20 / height });
    display.input({ kind: "touch", id: 1, phase: "up", x: 100 / width, y: 20 / height });
    await client.until("up", () => touches.some(([name]) => name === "up"));
    const [, , , , , x, y] = touches.find(([name]) => name === "down")!;
    assert.deepEqual([Math.round(x as number), Math.round(y as number)], [110, 60]);
  }));

Deno.test("a desktop that needs more room is told of a larger output, other programs are not shown less", () =>
  DisplayUnderTest.run(async (display) => {
    const { client, window } = await desktop(display);
    const output = record(client.globals.bind(WlOutputProxy, 4));
    client.connection.roundtrip();
    display.source.setDesktopView({ server, room: { width: 640, height: 100 } });
    await client.until(
      "the mode",
      () => output.some((event) => event[0] === "mode" && event[2] === 640 && event[3] === 200),
    );
    await client.until("the window's size", () => {
      const { width, height } = window.configured.at(-1)!;
      return width === 640 && height === 200;
    });
    // The picture keeps its size; the larger desktop is scaled into it.
    window.fill(640, 200, RED);
    const picture = await display.picture("the larger desktop", (now) => now.is(2, 20, [0, 0, 0]));
    assert.deepEqual([picture.width, picture.height], [width, height]);
    assert.ok(picture.is(2, 100, rgb(RED)) && picture.is(317, 100, rgb(RED)));
    display.source.setDesktopView({ server });
    await client.until("the former size", () => window.configured.at(-1)!.width === width);
  }));

Deno.test("buffers of the desktop's former size are kept until one of the new size comes", () =>
  DisplayUnderTest.run(async (display) => {
    const { client, window } = await desktop(display);
    display.source.setDesktopView({ server });
    display.source.setMode({ width: 160, height: 100, fps: 60 });
    await display.picture("the new size", (picture) => picture.width === 160);
    const former = window.fill(width, height, RED);
    const kept = record(former);
    await display.picture("red", (picture) => picture.is(2, 2, rgb(RED)));
    client.connection.roundtrip();
    assert.deepEqual(kept, []);
    const next = record(window.fill(160, 100, GREY));
    await client.until("both back", () => kept.length === 1 && next.length === 1);
    // A server that never takes the new size gets its buffers back after a few.
    display.source.setMode({ width: 80, height: 50, fps: 60 });
    await display.picture("the next size", (picture) => picture.width === 80);
    let released = 0;
    for (let i = 0; i < 8; i++) {
      const buffer = window.fill(160, 100, i % 2 ? GREY : RED);
      buffer.listener = { release: () => released++ };
      const colour = i % 2 ? [64, 64, 64] as const : rgb(RED);
      await display.picture("its colour", (picture) => picture.is(40, 25, colour));
    }
    await client.until("releases", () => released === 4);
  }));

Deno.test("a part of a client that is not the X server, or outside its window, changes nothing", () =>
  DisplayUnderTest.run(async (display) => {
    await desktop(display);
    display.source.setDesktopView({ server, part: { x: 9000, y: 0, width: 10, height: 10 } });
    await display.picture("the whole desktop", (picture) => picture.is(2, 2, [64, 64, 64]));
    display.source.setDesktopView({ server, part: PART });
    await display.picture("the part", (picture) => picture.is(82, 2, rgb(RED)));
    display.source.setDesktopView({ server: 1, part: PART });
    await display.picture("the whole desktop", (picture) => picture.is(2, 2, [64, 64, 64]));
  }));
