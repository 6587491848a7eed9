/** X11 games with a size of their own are scaled to the picture, and input comes back to their pixels. */
import assert from "node:assert/strict";
import {
  ATOM_WINDOW,
  ATOM_WM_NORMAL_HINTS,
  ATOM_WM_TRANSIENT_FOR,
  BUTTON_PRESS,
  BUTTON_RELEASE,
  CONFIG_HEIGHT,
  CONFIG_WIDTH,
  CONFIG_X,
  CONFIG_Y,
  CONFIGURE_NOTIFY,
  CW_BACK_PIXEL,
  MOTION_NOTIFY,
} from "../../ffi/libxcb.ts";
import type { XConnection } from "../../src/display/x11/connection.ts";
import type { InputEvent } from "../../src/protocol/input.ts";
import type { Picture } from "../display/display_under_test.ts";
import { sleep, TestClient, until } from "./test_client.ts";
import { fixedSize, withXwayland } from "./xwayland_under_test.ts";

const CORNER = 40;
const RED = [255, 0, 0] as const;
const GREEN = [0, 255, 0] as const;
const BLUE = [0, 0, 255] as const;
const YELLOW = [255, 255, 0] as const;
const WHITE = [255, 255, 255] as const;
const BLACK = [0, 0, 0] as const;

/** Red, green, blue and yellow squares in the corners; they take no input themselves. */
function paintCorners(connection: XConnection, window: number, width: number, height: number) {
  const { handle, xcb } = connection;
  const corners = [
    [0, 0, 0xff0000],
    [width - CORNER, 0, 0x00ff00],
    [0, height - CORNER, 0x0000ff],
    [width - CORNER, height - CORNER, 0xffff00],
  ];
  for (const [x, y, color] of corners) {
    const id = connection.generateId();
    const pixel = new Uint8Array(Uint32Array.of(color).buffer);
    xcb.xcb_create_window(
      handle,
      0,
      id,
      window,
      x,
      y,
      CORNER,
      CORNER,
      0,
      1,
      0,
      CW_BACK_PIXEL,
      pixel,
    );
    xcb.xcb_map_window(handle, id);
  }
}

function game(width: number, height: number) {
  return (connection: XConnection, window: number) => {
    fixedSize(width, height)(connection, window);
    paintCorners(connection, window, width, height);
  };
}

/** Whether the corners of the game are at the corners of this area of the picture. */
function cornersAt(
  picture: Picture,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): boolean {
  const [right, bottom] = [x + width - 3, y + height - 3];
  return picture.is(x + 2, y + 2, RED) && picture.is(right, y + 2, GREEN) &&
    picture.is(x + 2, bottom, BLUE) && picture.is(right, bottom, YELLOW);
}

/** Clicks at a pixel of the picture. */
function click(
  send: (event: InputEvent) => void,
  x: number,
  y: number,
  picture = { width: 1280, height: 720 },
): void {
  const timeMs = 0;
  send({ kind: "pointer-absolute", timeMs, x: x / picture.width, y: y / picture.height });
  send({ kind: "button", timeMs, code: 0x110, down: true });
  send({ kind: "button", timeMs, code: 0x110, down: false });
}

/** Button presses so far in the window's coordinates. */
const presses = (client: TestClient, type = BUTTON_PRESS) =>
  client.raw(type).map((event) => [event.getInt16(24, true), event.getInt16(26, true)]);

const pressedAt = (client: TestClient, x: number, y: number) =>
  until(
    `a press at ${x}, ${y}`,
    () => presses(client).some((at) => at[0] === x && at[1] === y),
  ).catch((error) => {
    throw new Error(`${error.message}, got ${JSON.stringify(presses(client))}`);
  });

/** Presses until it is felt there: while windows move, a press may still go to their old place. */
const hit = (client: TestClient, x: number, y: number, press: () => void) =>
  until(`a press at ${x}, ${y}`, async () => {
    press();
    await sleep(20);
    return presses(client).some((at) => at[0] === x && at[1] === y);
  });

const destroy = ({ connection, window }: TestClient) => {
  connection.xcb.xcb_destroy_window(connection.handle, window);
  connection.flush();
};

/** 640×480 in 1280×720: enlarged by 1.5, with bars of 160 pixels. */
const SCALED = { x: 160, y: 0, width: 960, height: 720 };

Deno.test("a game of a fixed size is enlarged, and clicks hit its pixels", async () => {
  await withXwayland(async ({ client, picture, send }) => {
    const window = client(640, 480, game(640, 480));
    const seen = await picture("the corners", (now) => cornersAt(now, SCALED));
    assert.ok(seen.is(155, 360, BLACK) && seen.is(1125, 360, BLACK), "black bars");
    assert.ok(seen.is(640, 360, WHITE));
    // Sharp at the border: the first pixel inside is the game's, the last outside is not.
    assert.ok(seen.is(160, 100, WHITE, 40) && seen.is(157, 100, BLACK, 40));
    click(send, 160, 0);
    await pressedAt(window, 0, 0);
    click(send, 160 + 100.5 * 1.5, 200.5 * 1.5);
    await pressedAt(window, 100, 200);
    click(send, 1119, 719);
    await pressedAt(window, 639, 479);
  });
});

Deno.test("movement of a captured mouse is told in the game's pixels", async () => {
  await withXwayland(async ({ client, picture, send }) => {
    const window = client(640, 480, game(640, 480));
    await picture("the corners", (now) => cornersAt(now, SCALED));
    click(send, 640, 360);
    await pressedAt(window, 320, 240);
    send({ kind: "pointer-relative", timeMs: 0, dx: 150, dy: -75 });
    await until(
      "the movement",
      () =>
        window.raw(MOTION_NOTIFY).some((event) =>
          event.getInt16(24, true) === 420 && event.getInt16(26, true) === 190
        ),
    );
  });
});

Deno.test("menus and dialogs beyond the game's window are shown and can be clicked", async () => {
  await withXwayland(async ({ xwayland, client, picture, send }) => {
    const window = client(640, 480, game(640, 480));
    await picture("the corners", (now) => cornersAt(now, SCALED));
    const { display, xauthority } = xwayland;
    // A menu inside the window, which is at 320, 120, changes nothing.
    const inside = new TestClient(display, 400, 200, 100, 100, { xauthority });
    const within = await picture("the menu", (now) => now.is(300, 150, WHITE));
    assert.ok(cornersAt(within, SCALED));
    click(send, 160 + 85.5 * 1.5, 85.5 * 1.5);
    await pressedAt(inside, 5, 5);
    inside.close();
    // One that reaches 160 pixels beyond its left side: what is shown is 800×480.
    const beyond = new TestClient(display, 160, 120, 300, 200, { xauthority });
    const scale = 720 / 480;
    const left = (1280 - 800 * scale) / 2;
    const wider = await picture("the game and its menu", (now) => now.is(left + 3, 3, WHITE));
    assert.ok(wider.is(left + 800 * scale - 3, 3, GREEN), "the game's right corner");
    click(send, left + 10.5 * scale, 20.5 * scale);
    await pressedAt(beyond, 10, 20);
    beyond.close();
    await picture("the game alone", (now) => cornersAt(now, SCALED));
    // Larger than the game and as high as the screen.
    const dialog = client(
      1000,
      720,
      (connection, id) =>
        connection.setProperty32(id, ATOM_WM_TRANSIENT_FOR, ATOM_WINDOW, [window.window]),
    );
    await picture("the dialog", (now) => now.is(143, 3, WHITE) && now.is(1136, 716, WHITE));
    click(send, 140.5, 0.5);
    await pressedAt(dialog, 0, 0);
    destroy(dialog);
    await picture("the game again", (now) => cornersAt(now, SCALED));
  });
});

Deno.test("what is pressed is released over the same thing, though a menu changes the scale", async () => {
  await withXwayland(async ({ xwayland, client, picture, send }) => {
    const window = client(640, 480, game(640, 480));
    await picture("the corners", (now) => cornersAt(now, SCALED));
    send({ kind: "pointer-absolute", timeMs: 0, x: 0.5, y: 0.5 });
    send({ kind: "button", timeMs: 0, code: 0x110, down: true });
    await pressedAt(window, 320, 240);
    const { display, xauthority } = xwayland;
    const menu = new TestClient(display, 0, 0, 320, 720, { xauthority });
    await until("the menu's place", () => menu.geometry()[2] === 320);
    send({ kind: "button", timeMs: 0, code: 0x110, down: false });
    await until(
      "the release",
      () => presses(window, BUTTON_RELEASE).some(([x, y]) => x === 320 && y === 240),
    );
    await picture("the menu at the left", (now) => now.is(165, 3, WHITE));
    menu.close();
  });
});

Deno.test("the view follows the window as it grows, goes, and as another takes its place", async () => {
  await withXwayland(async ({ client, picture }) => {
    const window = client(640, 480, fixedSize(640, 480));
    await picture("the game", (now) => now.is(164, 4, WHITE) && now.is(150, 4, BLACK));
    const { connection } = window;
    const hints = [48, 0, 0, 0, 0, 1280, 360, 1280, 360, ...Array(9).fill(0)];
    connection.setProperty32(window.window, ATOM_WM_NORMAL_HINTS, 41, hints);
    connection.flush();
    await picture("a wide game", (now) => now.is(4, 184, WHITE) && now.is(640, 170, BLACK));
    const next = client(320, 240, game(320, 240));
    await picture("the next window", (now) => cornersAt(now, SCALED));
    destroy(next);
    await picture("the first again", (now) => now.is(4, 184, WHITE) && now.is(640, 170, BLACK));
    const resizable = client(640, 480);
    await picture("the whole screen", (now) => now.is(4, 4, WHITE) && now.is(1276, 716, WHITE));
    destroy(resizable);
    destroy(window);
    await picture("nothing", (now) => now.is(640, 360, BLACK));
  });
});

Deno.test("the output changes its size while such a game is played", async () => {
  await withXwayland(async ({ compositor, client, picture, send }) => {
    const window = client(640, 480, game(640, 480));
    await picture("the corners", (now) => cornersAt(now, SCALED));
    compositor.setMode({ width: 1920, height: 1080, fps: 60 });
    await picture(
      "the corners at 1080p",
      (now) => now.width === 1920 && cornersAt(now, { x: 240, y: 0, width: 1440, height: 1080 }),
    );
    await hit(
      window,
      10,
      20,
      () => click(send, 240 + 10.5 * 2.25, 20.5 * 2.25, { width: 1920, height: 1080 }),
    );
    // Smaller than the game: the desktop stays large enough for it.
    compositor.setMode({ width: 480, height: 270, fps: 60 });
    await picture(
      "the corners at 270p",
      (now) => now.width === 480 && cornersAt(now, { x: 60, y: 0, width: 360, height: 270 }),
    );
    await hit(
      window,
      300,
      400,
      () => click(send, 60 + 300.5 * 0.5625, 400.5 * 0.5625, { width: 480, height: 270 }),
    );
    assert.deepEqual(window.geometry().slice(2), [640, 480]);
  });
});

Deno.test("the picture of a game that fills the screen follows the output's size at once", async () => {
  await withXwayland(async ({ compositor, client, picture }) => {
    const window = client(640, 480, (connection, id) => paintCorners(connection, id, 1920, 1080));
    await picture("the game", (now) => now.is(2, 2, RED) && now.is(1270, 710, WHITE));
    // A game that draws all the time leaves the server no time to tidy up.
    const { handle, xcb } = window.connection;
    const mover = window.connection.generateId();
    const pixel = new Uint8Array(Uint32Array.of(0).buffer);
    const { window: parent } = window;
    xcb.xcb_create_window(handle, 0, mover, parent, 0, 99, 9, 9, 0, 1, 0, CW_BACK_PIXEL, pixel);
    xcb.xcb_map_window(handle, mover);
    let x = 0;
    const drawing = setInterval(() => {
      const place = new Uint8Array(Uint32Array.of(++x % 500).buffer);
      xcb.xcb_configure_window(handle, mover, CONFIG_X, place);
      window.connection.flush();
    }, 10);
    try {
      compositor.setMode({ width: 1920, height: 1080, fps: 60 });
      const whole = { x: 0, y: 0, width: 1920, height: 1080 };
      await picture("all four corners", (now) => now.width === 1920 && cornersAt(now, whole));
      compositor.setMode({ width: 800, height: 600, fps: 60 });
      await picture(
        "white to the border",
        (now) => now.width === 800 && now.is(2, 2, RED) && now.is(790, 590, WHITE),
      );
    } finally {
      clearInterval(drawing);
    }
  });
});

Deno.test("a game larger than the output is made smaller as a whole", async () => {
  await withXwayland(async ({ client, picture, send }) => {
    const window = client(1600, 1200, game(1600, 1200));
    await picture("the corners", (now) => cornersAt(now, SCALED));
    click(send, 160 + 1500.5 * 0.6, 1100.5 * 0.6);
    await pressedAt(window, 1500, 1100);
    destroy(window);
    const resizable = client(300, 300);
    await until("the output's size again", () => {
      const [, , width, height] = resizable.geometry();
      return width === 1280 && height === 720;
    });
  });
});

Deno.test("a window that takes no other size is left with its own and scaled", async () => {
  await withXwayland(async ({ client, picture, send }) => {
    const window = client(
      640,
      480,
      (connection, id) => paintCorners(connection, id, 640, 480),
    );
    const { connection } = window;
    const size = new Uint8Array(Uint32Array.of(640, 480).buffer);
    let answered = 0;
    await picture("the corners", (now) => {
      const configured = window.raw(CONFIGURE_NOTIFY);
      for (const event of configured.slice(answered)) {
        if (event.getUint16(20, true) === 640) continue;
        const mask = CONFIG_WIDTH | CONFIG_HEIGHT;
        connection.xcb.xcb_configure_window(connection.handle, window.window, mask, size);
        connection.flush();
      }
      answered = configured.length;
      return cornersAt(now, SCALED);
    });
    click(send, 160 + 100.5 * 1.5, 200.5 * 1.5);
    await pressedAt(window, 100, 200);
  });
});

Deno.test("a game that wants no window manager is scaled where it has put itself", async () => {
  await withXwayland(async ({ xwayland, picture, send }) => {
    const { display, xauthority } = xwayland;
    const prepare = (connection: XConnection, id: number) => paintCorners(connection, id, 320, 240);
    const window = new TestClient(display, 0, 0, 320, 240, { xauthority, prepare });
    await picture("the corners", (now) => cornersAt(now, SCALED));
    const place = new Uint8Array(Uint32Array.of(700, 400).buffer);
    const { handle, xcb } = window.connection;
    xcb.xcb_configure_window(handle, window.window, CONFIG_X | CONFIG_Y, place);
    window.connection.flush();
    await hit(window, 0, 0, () => click(send, 160, 0));
    await picture("the corners again", (now) => cornersAt(now, SCALED));
    window.close();
  });
});

Deno.test("a dialog before the game is enlarged too, helper windows are not", async () => {
  await withXwayland(async ({ client, picture }) => {
    const helper = client(1, 1, fixedSize(1, 1));
    await until("its place", () => helper.geometry()[2] === 1);
    const launcher = client(320, 240, (connection, id) => {
      const [type, dialog] = connection.atoms([
        "_NET_WM_WINDOW_TYPE",
        "_NET_WM_WINDOW_TYPE_DIALOG",
      ]);
      connection.setProperty32(id, type, 4, [dialog]);
      paintCorners(connection, id, 320, 240);
    });
    await picture("the corners", (now) => cornersAt(now, SCALED));
    launcher.close();
  });
});

Deno.test("windows that change all the time do not flood the session", async () => {
  await withXwayland(async ({ xwayland, client, picture, views }) => {
    client(640, 480, game(640, 480));
    await picture("the corners", (now) => cornersAt(now, SCALED));
    const { display, xauthority } = xwayland;
    const menu = new TestClient(display, 0, 0, 200, 200, { xauthority });
    const { handle, xcb } = menu.connection;
    const startMs = performance.now();
    const before = views.length;
    for (let i = 0; i < 1000; i++) {
      const place = new Uint8Array(Uint32Array.of(i % 300).buffer);
      xcb.xcb_configure_window(handle, menu.window, CONFIG_X, place);
      menu.geometry();
    }
    const most = (performance.now() - startMs) / 30 + 3;
    assert.ok(views.length - before <= most, `${views.length - before} views, most ${most}`);
    menu.close();
    await picture("the game alone", (now) => cornersAt(now, SCALED));
  });
});
