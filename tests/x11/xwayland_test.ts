import assert from "node:assert/strict";
import { join } from "node:path";
import {
  ATOM_ATOM,
  ATOM_WINDOW,
  ATOM_WM_NORMAL_HINTS,
  ATOM_WM_TRANSIENT_FOR,
  CLIENT_MESSAGE,
  KEY_PRESS,
} from "../../ffi/libxcb.ts";
import { XConnection, XConnectionError } from "../../src/display/x11/connection.ts";
import { startX11Source } from "../../src/display/x11/source.ts";
import { startXwayland } from "../../src/display/xwayland/xwayland.ts";
import { FrameReader, FrameRing } from "../../src/media/frame_ring.ts";
import { type TestClient, until } from "./test_client.ts";
import { fixedSize, tellManager, withXwayland } from "./xwayland_under_test.ts";

const has = (client: TestClient, ...expected: number[]) =>
  client.geometry().every((value, i) => value === expected[i]);

Deno.test("a window fills the screen, has the focus and gets the player's keys", async () => {
  await withXwayland(async ({ client, send }) => {
    const game = client(640, 480);
    await until("the whole screen", () => has(game, 0, 0, 1280, 720));
    await until("the focus", () => game.focus() === game.window);
    // The compositor gives Xwayland its keyboard when it sees the window.
    await until("the key", () => {
      send({ kind: "key", timeMs: 0, code: 30, down: true });
      send({ kind: "key", timeMs: 0, code: 30, down: false });
      return game.seen(KEY_PRESS).some(([keycode]) => keycode === 38);
    });
  });
});

Deno.test("a fixed size is centred, full screen comes and goes on request", async () => {
  await withXwayland(async ({ client }) => {
    const game = client(800, 600, fixedSize(800, 600));
    await until("the centre", () => has(game, 240, 60, 800, 600));
    const fullscreen = game.connection.atom("_NET_WM_STATE_FULLSCREEN");
    tellManager(game, "_NET_WM_STATE", [1, fullscreen]);
    await until("full screen", () => has(game, 0, 0, 1280, 720));
    const state = game.connection.atom("_NET_WM_STATE");
    const states = await until("the state", () => {
      const { data } = game.connection.property(game.window, state);
      return data.length >= 4 && [...new Uint32Array(data.buffer)];
    });
    assert.ok(states.includes(fullscreen));
    tellManager(game, "_NET_WM_STATE", [2, fullscreen]);
    await until("the centre again", () => has(game, 240, 60, 800, 600));
  });
});

Deno.test("a dialog keeps its size, has the focus, and gives it back when it goes", async () => {
  await withXwayland(async ({ client }) => {
    const game = client(640, 480);
    await until("the focus", () => game.focus() === game.window);
    const dialog = client(
      300,
      200,
      (connection, window) =>
        connection.setProperty32(window, ATOM_WM_TRANSIENT_FOR, ATOM_WINDOW, [game.window]),
    );
    await until("the dialog's place", () => has(dialog, 490, 260, 300, 200));
    await until("the dialog's focus", () => game.focus() === dialog.window);
    dialog.connection.xcb.xcb_destroy_window(dialog.connection.handle, dialog.window);
    dialog.connection.flush();
    await until("the game's focus", () => game.focus() === game.window);
  });
});

Deno.test("asked to close, a window that knows how is told, another loses its connection", async () => {
  await withXwayland(async ({ client, xwayland, exits }) => {
    const polite = client(640, 480, (connection, window) => {
      const [protocols, close] = connection.atoms(["WM_PROTOCOLS", "WM_DELETE_WINDOW"]);
      connection.setProperty32(window, protocols, ATOM_ATOM, [close]);
    });
    const rude = client(640, 480);
    await until("the focus", () => polite.focus() === rude.window);
    xwayland.requestClose();
    const close = polite.connection.atom("WM_DELETE_WINDOW");
    await until(
      "the request",
      () => polite.raw(CLIENT_MESSAGE).some((message) => message.getUint32(12, true) === close),
    );
    await until("the rude client's end", () => {
      try {
        rude.geometry();
        return false;
      } catch (error) {
        return error instanceof XConnectionError;
      }
    });
    assert.deepEqual(exits, []);
  });
});

Deno.test("windows with nonsense in their properties, gone at once, leave the manager well", async () => {
  await withXwayland(async ({ client, exits }) => {
    let seed = 21;
    const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
    const below = (limit: number) => Math.floor(random() * limit);
    const game = client(640, 480);
    const { connection } = game;
    const properties = [
      ATOM_WM_NORMAL_HINTS,
      ATOM_WM_TRANSIENT_FOR,
      35, // WM_HINTS
      ...connection.atoms(["_NET_WM_STATE", "_NET_WM_WINDOW_TYPE", "WM_PROTOCOLS"]),
    ];
    for (let i = 0; i < 40; i++) {
      const nonsense = client(1 + below(3000), 1 + below(3000), (own, window) => {
        for (const property of properties) {
          const bytes = Uint8Array.from({ length: random() * 100 }, () => random() * 256);
          own.setProperty8(window, property, ATOM_ATOM, bytes);
        }
      });
      const messages = ["_NET_WM_STATE", "_NET_ACTIVE_WINDOW", "_NET_REQUEST_FRAME_EXTENTS"];
      for (const message of messages) {
        tellManager(nonsense, message, [below(4), below(2 ** 31), below(2 ** 31)]);
      }
      const { handle, xcb } = nonsense.connection;
      if (i % 2) xcb.xcb_destroy_window(handle, nonsense.window);
      nonsense.connection.flush();
      nonsense.close();
    }
    await until("the game's focus", () => game.focus() === game.window);
    assert.ok(has(game, 0, 0, 1280, 720));
    assert.deepEqual(exits, []);
  });
});

Deno.test("only clients with the cookie may connect", async () => {
  await withXwayland(async ({ xwayland }) => {
    const empty = await Deno.makeTempFile();
    assert.throws(() => XConnection.open(xwayland.display, empty), XConnectionError);
    const wrong = (await Deno.readFile(xwayland.xauthority)).map((byte, i, all) =>
      i >= all.length - 16 ? byte ^ 255 : byte
    );
    await Deno.writeFile(empty, wrong);
    assert.throws(() => XConnection.open(xwayland.display, empty), XConnectionError);
    await Deno.remove(empty);
    assert.equal((await Deno.stat(xwayland.xauthority)).mode! & 0o777, 0o600);
  });
});

Deno.test("two sessions have their own displays, and closing leaves no socket behind", async () => {
  await withXwayland(async ({ xwayland: first }) => {
    let second = "";
    await withXwayland(({ xwayland }) => {
      second = xwayland.display;
      return Promise.resolve();
    });
    assert.notEqual(first.display, second);
    await assert.rejects(Deno.stat(`/tmp/.X11-unix/X${second.slice(1)}`), Deno.errors.NotFound);
    await assert.rejects(Deno.stat(`/tmp/.X${second.slice(1)}-lock`), Deno.errors.NotFound);
  });
});

Deno.test("the X server sees its sockets and programs, nothing else of the machine", async () => {
  await withXwayland(async ({ xwayland }) => {
    const lock = await Deno.readTextFile(`/tmp/.X${xwayland.display.slice(1)}-lock`);
    const root = `/proc/${Number.parseInt(lock)}/root`;
    assert.equal(await Deno.readTextFile(root.replace(/root$/, "comm")), "Xwayland\n");
    const seen = [...Deno.readDirSync(root)].map(({ name }) => name);
    for (const name of ["root", "home", "var", "run", "boot"]) {
      assert.ok(!seen.includes(name), name);
    }
    assert.ok(![...Deno.readDirSync(`${root}/etc`)].some(({ name }) => name === "shadow"));
    const abstract = (await Deno.readTextFile("/proc/net/unix")).split("\n")
      .filter((line) => line.endsWith(` @/tmp/.X11-unix/X${xwayland.display.slice(1)}`));
    assert.deepEqual(abstract, []);
  });
});

Deno.test("the X server's death is reported in words, once", async () => {
  await withXwayland(async ({ xwayland, exits }) => {
    const pid = Number.parseInt(
      await Deno.readTextFile(`/tmp/.X${xwayland.display.slice(1)}-lock`),
    );
    Deno.kill(pid, "SIGKILL");
    await until("the report", () => exits.length > 0);
    assert.match(exits[0], /the X server was ended by SIGKILL/);
    await xwayland.close();
    assert.equal(exits.length, 1);
  });
});

Deno.test("windows and the X11 source follow a change of the output's size", async () => {
  await withXwayland(async ({ xwayland, compositor, client }) => {
    const game = client(640, 480);
    await until("the whole screen", () => has(game, 0, 0, 1280, 720));
    const { display, xauthority } = xwayland;
    const ring = FrameRing.allocate(1920, 1080);
    const reader = new FrameReader(ring);
    const source = startX11Source({
      display,
      xauthority,
      mode: { width: 1280, height: 720, fps: 60 },
      ring,
    });
    const luma = (x: number, y: number) => {
      if (ring.published === 0) return undefined;
      const frame = reader.take() ?? reader.current();
      return frame.y[y * frame.yStride + x];
    };
    await until("the game in the picture", () => luma(2, 360) === 235);
    compositor.setMode({ width: 800, height: 600, fps: 60 });
    await until("the new size", () => has(game, 0, 0, 800, 600));
    await until("bars beside a 4:3 desktop", () => luma(2, 360) === 16 && luma(640, 360) === 235);
    await source.close();
  });
});

Deno.test("a compositor that is not there is reported with the server's words", async () => {
  const runDir = await Deno.makeTempDir();
  await assert.rejects(
    startXwayland({
      waylandDisplay: join(runDir, "nothing"),
      runDir,
      mode: { width: 640, height: 480, fps: 60 },
    }),
    /expected Xwayland to start/,
  );
  await Deno.remove(runDir, { recursive: true });
});
