/** Clients that misuse objects in ways the protocol allows or nearly allows. */
import assert from "node:assert/strict";
import { libc, O_CLOEXEC } from "../../ffi/libc.ts";
import { ConnectionError, type WaylandConnection } from "../../src/display/wayland/connection.ts";
import {
  WpCursorShapeDeviceV1Shape,
  WpCursorShapeManagerV1Proxy,
} from "../../src/display/wayland/generated/cursor-shape-v1.ts";
import { ZwpIdleInhibitManagerV1Proxy } from "../../src/display/wayland/generated/idle-inhibit-unstable-v1.ts";
import {
  ZwpPointerConstraintsV1Lifetime,
  ZwpPointerConstraintsV1Proxy,
} from "../../src/display/wayland/generated/pointer-constraints-unstable-v1.ts";
import {
  WlDataDeviceManagerProxy,
  type WlDataOfferProxy,
  WlSubcompositorProxy,
} from "../../src/display/wayland/generated/wayland.ts";
import { WpViewporterProxy } from "../../src/display/wayland/generated/viewporter.ts";
import type { DisplayEvent } from "../../src/media/stages.ts";
import {
  descriptors,
  DisplayUnderTest,
  filesClosed,
  openFiles,
  SMALL,
  until,
} from "./display_under_test.ts";
import { BLUE, GREEN, RED, rgb, TestClient, WHITE } from "./test_client.ts";

const { width, height } = SMALL;
const TEXT = "text/plain;charset=utf-8";
/** No event that goes to the players comes more often, ms. */
const EVENT_INTERVAL_MS = 15;

/** A game plays on while `attack` runs, and descriptors return to what they were. */
async function attackedBy(attack: (display: DisplayUnderTest) => Promise<void>): Promise<void> {
  await DisplayUnderTest.run(async (display) => {
    const game = new TestClient(display.connect());
    const window = game.window((toplevel) => toplevel.setFullscreen(null));
    window.fill(width, height, RED);
    await display.picture("red", (picture) => picture.is(160, 100, rgb(RED)));
    const before = openFiles();
    await attack(display);
    await filesClosed(before);
    game.connection.roundtrip();
    window.fill(width, height, GREEN);
    await display.picture("green", (picture) => picture.is(160, 100, rgb(GREEN)));
    const internal = display.events.filter((event) =>
      "message" in event && /internal error/.test(event.message)
    );
    assert.deepEqual(internal, []);
  });
}

/** Runs `act` as a client of its own, which may be cut off, and gives why it was. */
async function attempt(
  display: DisplayUnderTest,
  act: (client: TestClient) => void | Promise<void>,
): Promise<string> {
  const client = new TestClient(display.connect());
  let reason = "";
  try {
    await act(client);
    client.connection.roundtrip();
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    reason = error.message;
    // The end can come while the client still sends; the reason lies in what it has not read.
    reason = read(client.connection) ?? reason;
  }
  display.forget(client.connection);
  return reason;
}

function read(connection: WaylandConnection): string | undefined {
  try {
    while (connection.wait(0)) connection.dispatch();
  } catch (error) {
    return (error as Error).message;
  }
}

Deno.test("buffers and pools destroyed while they are shown, and shown again by others above", () =>
  attackedBy(async (display) => {
    const reason = await attempt(display, async (client) => {
      const below = client.window((toplevel) => toplevel.setFullscreen(null));
      const shown = below.fill(width, height, BLUE);
      await display.picture("blue", (picture) => picture.is(2, 2, rgb(BLUE)));
      shown.destroy();
      // Needs a copy of what lies below, whose buffer is gone.
      const above = client.window((toplevel) => toplevel.setParent(below.toplevel));
      const waiting = client.buffer(40, 40, WHITE);
      above.surface.attach(waiting, 0, 0);
      waiting.destroy();
      above.surface.commit();
      client.connection.flush();
      await display.picture(
        "white above blue",
        (now) => now.is(160, 100, rgb(WHITE)) && now.is(2, 2, rgb(BLUE)),
      );
      for (let i = 0; i < 200; i++) {
        const buffer = client.buffer(16, 16, i % 2 ? RED : BLUE);
        above.surface.attach(buffer, 0, 0);
        if (i % 3) buffer.destroy();
        if (i % 5) above.surface.commit();
        if (i % 7 === 0) above.surface.attach(null, 0, 0);
        if (i % 3 === 0) buffer.destroy();
      }
    });
    assert.equal(reason, "");
  }));

Deno.test("trees of surfaces whose parents go, that turn round or never end", () =>
  attackedBy(async (display) => {
    const family = (client: TestClient, count: number) => {
      const subcompositor = client.globals.bind(WlSubcompositorProxy, 1);
      const surfaces = Array.from({ length: count }, () => client.compositor.createSurface());
      const chain = () =>
        surfaces.slice(1).map((child, i) => subcompositor.getSubsurface(child, surfaces[i]));
      return { subcompositor, surfaces, chain };
    };
    const cyclic = await attempt(display, (client) => {
      const { subcompositor, surfaces, chain } = family(client, 6);
      chain();
      subcompositor.getSubsurface(surfaces[0], surfaces[5]);
    });
    assert.match(cyclic, /its own ancestor/);
    const deep = await attempt(display, (client) => void family(client, 100).chain());
    assert.match(deep, /nested subsurfaces/);
    const orphaned = await attempt(display, (client) => {
      const window = client.window();
      const { subcompositor, surfaces, chain } = family(client, 8);
      const root = subcompositor.getSubsurface(surfaces[0], window.surface);
      const roles = chain();
      for (const surface of surfaces) {
        surface.attach(client.buffer(20, 20, BLUE), 0, 0);
        surface.commit();
      }
      window.fill(60, 60, WHITE);
      // From the middle outwards, in either order, and used after it.
      surfaces[4].destroy();
      roles[0].destroy();
      roles[6].setPosition(5, 5);
      roles[6].placeAbove(surfaces[6]);
      roles[1].setDesync();
      surfaces[2].commit();
      window.surface.commit();
      client.connection.roundtrip();
      root.destroy();
      surfaces[0].destroy();
      for (const surface of surfaces.slice(5)) surface.commit();
      window.surface.destroy();
    });
    assert.equal(orphaned, "");
    const restless = await attempt(display, (client) => {
      const { surfaces, chain } = family(client, 2);
      const [role] = chain();
      for (let i = 0; i < 5000; i++) role.setPosition(i, i);
      surfaces[0].commit();
    });
    assert.match(restless, /before a commit of their parent/);
  }));

Deno.test("popups whose parent is gone, and grabs that come too late", () =>
  attackedBy(async (display) => {
    const popupOf = (client: TestClient) => {
      const parent = client.window();
      parent.fill(60, 60, WHITE);
      const positioner = client.shell.createPositioner();
      positioner.setSize(20, 20);
      positioner.setAnchorRect(0, 0, 1, 1);
      const surface = client.compositor.createSurface();
      const xdgSurface = client.shell.getXdgSurface(surface);
      const popup = xdgSurface.getPopup(parent.xdgSurface, positioner);
      xdgSurface.listener = { configure: (serial) => xdgSurface.ackConfigure(serial) };
      surface.commit();
      client.connection.roundtrip();
      return { parent, positioner, surface, xdgSurface, popup };
    };
    const orphan = await attempt(display, (client) => {
      const { seat } = client.seat();
      const { parent, positioner, surface, popup } = popupOf(client);
      parent.toplevel.destroy();
      parent.xdgSurface.destroy();
      parent.surface.destroy();
      popup.grab(seat, 1);
      popup.reposition(positioner, 7);
      surface.attach(client.buffer(20, 20, RED), 0, 0);
      surface.commit();
      client.connection.roundtrip();
      popup.destroy();
    });
    assert.equal(orphan, "");
    const late = await attempt(display, async (client) => {
      const { seat } = client.seat();
      const { surface, popup } = popupOf(client);
      surface.attach(client.buffer(20, 20, RED), 0, 0);
      surface.commit();
      client.connection.roundtrip();
      await new Promise((resolve) => setTimeout(resolve, 50));
      popup.grab(seat, 1);
    });
    assert.match(late, /before it is shown/);
  }));

Deno.test("scales, crops and places at the ends of their ranges", () =>
  attackedBy(async (display) => {
    const ends = [-0x80000000, -1, 0, 1, 0x7fffffff];
    const reason = await attempt(display, (client) => {
      const viewporter = client.globals.bind(WpViewporterProxy, 1);
      const subcompositor = client.globals.bind(WlSubcompositorProxy, 1);
      const window = client.window();
      const child = client.compositor.createSurface();
      const role = subcompositor.getSubsurface(child, window.surface);
      role.setDesync();
      child.attach(client.buffer(50, 50, WHITE), 0, 0);
      child.commit();
      const viewport = viewporter.getViewport(window.surface);
      for (const scale of [1, 2, 1000, 0x7fffffff]) {
        for (const end of ends) {
          window.surface.setBufferScale(scale);
          window.xdgSurface.setWindowGeometry(end, ends[4 - ends.indexOf(end)], 0x7fffffff, 1);
          role.setPosition(end, -end);
          window.surface.damage(end, end, 0x7fffffff, 0x7fffffff);
          viewport.setSource(0, 8_000_000, 1 / 256, 8_000_000);
          viewport.setDestination(16384, 1);
          window.fill(30, 30, BLUE);
          client.connection.roundtrip();
          viewport.setSource(-1, -1, -1, -1);
          viewport.setDestination(-1, -1);
          window.fill(30, 30, RED);
          display.input({ kind: "pointer-absolute", x: 0.3, y: 0.7 });
          client.connection.roundtrip();
        }
      }
    });
    assert.equal(reason, "");
  }));

Deno.test("callbacks, feedback, regions and inhibitors without end", () =>
  attackedBy(async (display) => {
    const frames = await attempt(display, (client) => {
      const surface = client.compositor.createSurface();
      for (let i = 0; i < 3000; i++) surface.frame();
    });
    assert.match(frames, /frame callbacks/);
    // Each commit is kept until the parent's, which never comes.
    const kept = await attempt(display, (client) => {
      const subcompositor = client.globals.bind(WlSubcompositorProxy, 1);
      const window = client.window();
      const child = client.compositor.createSurface();
      subcompositor.getSubsurface(child, window.surface);
      for (let i = 0; i < 30_000; i++) {
        child.frame();
        child.commit();
        if (i % 1000 === 0) client.connection.flush();
      }
    });
    assert.match(kept, /objects/);
    const region = await attempt(display, (client) => {
      const made = client.compositor.createRegion();
      for (let i = 0; i < 5000; i++) made.add(i, i, 1, 1);
    });
    assert.match(region, /rectangles in a region/);
    const inhibitors = await attempt(display, (client) => {
      const manager = client.globals.bind(ZwpIdleInhibitManagerV1Proxy, 1);
      const { surface } = client.window();
      for (let i = 0; i < 30_000; i++) {
        manager.createInhibitor(surface);
        if (i % 1000 === 0) client.connection.flush();
      }
    });
    assert.match(inhibitors, /objects/);
  }));

/** A client whose window has the keyboard and the pointer. */
async function focused(display: DisplayUnderTest, client: TestClient) {
  const { seat, keyboard, pointer } = client.seat();
  let keys = false;
  let serial = 0;
  keyboard.listener = {
    keymap: (_format, fd) => void libc.close(fd),
    enter: () => keys = true,
  };
  pointer.listener = { enter: (enterSerial) => serial = enterSerial };
  const window = client.window((toplevel) => toplevel.setFullscreen(null));
  window.fill(width, height, BLUE);
  await client.until("the keyboard", () => keys);
  display.input({ kind: "pointer-absolute", x: 0.4, y: 0.6 });
  display.input({ kind: "pointer-absolute", x: 0.5, y: 0.5 });
  await client.until("the pointer", () => serial > 0);
  return { seat, pointer, window, serial };
}

Deno.test("pasted text that nobody reads holds up nothing and is given up", () =>
  attackedBy(async (display) => {
    const pipes: number[] = [];
    const reason = await attempt(display, async (client) => {
      const { seat } = await focused(display, client);
      const offers: WlDataOfferProxy[] = [];
      client.globals.bind(WlDataDeviceManagerProxy, 3).getDataDevice(seat).listener = {
        dataOffer: (offer) => offers.push(offer),
      };
      client.connection.roundtrip();
      display.source.setClipboard("x".repeat(200_000));
      await client.until("an offer", () => offers.length > 0);
      for (let i = 0; i < 60; i++) {
        const ends = new Int32Array(2);
        assert.equal(libc.pipe2(new Uint8Array(ends.buffer), O_CLOEXEC), 0);
        offers[0].receive(TEXT, ends[1]);
        client.connection.flush();
        libc.close(ends[1]);
        pipes.push(ends[0]);
      }
      client.connection.roundtrip();
    });
    assert.equal(reason, "");
    // The readers stay, as in a program that hangs: the writers' patience ends.
    const held = descriptors();
    const deadline = Date.now() + 15_000;
    while (descriptors() > held - 30 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(descriptors() <= held - 30, `${descriptors()} descriptors, ${held} before`);
    for (const fd of pipes) libc.close(fd);
  }));

Deno.test("a selection without end is not read to the end", () =>
  attackedBy(async (display) => {
    let written = 0;
    const reason = await attempt(display, async (client) => {
      const { seat } = await focused(display, client);
      const manager = client.globals.bind(WlDataDeviceManagerProxy, 3);
      const source = manager.createDataSource();
      source.offer(TEXT);
      let asked: number | undefined;
      source.listener = { send: (_type, fd) => asked = fd };
      manager.getDataDevice(seat).setSelection(source, 1);
      await client.until("the request", () => asked !== undefined);
      const chunk = new Uint8Array(65536).fill(120);
      for (let i = 0; i < 1000; i++) {
        const count = Number(libc.write(asked!, chunk, BigInt(chunk.length)));
        if (count < 0) break;
        written += count;
      }
      libc.close(asked!);
    });
    assert.equal(reason, "");
    assert.ok(written < 4 * 1024 * 1024, `${written} bytes were taken`);
    assert.ok(!display.events.some(({ type }) => type === "clipboard"));
  }));

/** How often an event came, and how often it may have since `startMs`. */
function rate(events: DisplayEvent[], type: DisplayEvent["type"], startMs: number) {
  const most = (performance.now() - startMs) / EVENT_INTERVAL_MS + 3;
  return { count: events.filter((event) => event.type === type).length, most };
}

Deno.test("titles, cursors and locks that change all the time do not flood the players", () =>
  attackedBy(async (display) => {
    const reason = await attempt(display, async (client) => {
      const { pointer, window, serial } = await focused(display, client);
      const shapes = client.globals.bind(WpCursorShapeManagerV1Proxy, 1).getPointer(pointer);
      const constraints = client.globals.bind(ZwpPointerConstraintsV1Proxy, 1);
      const { crosshair, text } = WpCursorShapeDeviceV1Shape;
      const { persistent } = ZwpPointerConstraintsV1Lifetime;
      const startMs = performance.now();
      display.events.length = 0;
      for (let i = 0; i < 1500; i++) {
        window.toplevel.setTitle(`title ${i}`);
        shapes.setShape(serial, i % 2 ? crosshair : text);
        constraints.lockPointer(window.surface, pointer, null, persistent).destroy();
        client.connection.roundtrip();
      }
      // The newest state comes in the end.
      await display.event("windows", ({ titles }) => titles.includes("title 1499"));
      await until("the last cursor", () => {
        const last = display.events.findLast(({ type }) => type === "cursor");
        return last?.type === "cursor" && last.name === "crosshair";
      });
      await until("the last lock", () => {
        const last = display.events.findLast(({ type }) => type === "pointer-lock");
        return last?.type === "pointer-lock" && !last.locked;
      });
      for (const type of ["windows", "cursor", "pointer-lock"] as const) {
        const { count, most } = rate(display.events, type, startMs);
        assert.ok(count <= most, `${count} events ${type}, expected at most ${most}`);
      }
    });
    assert.equal(reason, "");
  }));

Deno.test("a cursor larger than any browser shows is no picture for the players", () =>
  attackedBy(async (display) => {
    const reason = await attempt(display, async (client) => {
      const { pointer, serial } = await focused(display, client);
      const surface = client.compositor.createSurface();
      display.events.length = 0;
      pointer.setCursor(serial, surface, 0x7fffffff, -0x80000000);
      for (const side of [4096, 2000, 129]) {
        surface.attach(client.buffer(side, side, RED), 0, 0);
        surface.damage(0, 0, side, side);
        surface.commit();
        client.connection.roundtrip();
      }
      surface.attach(client.buffer(128, 128, RED), 0, 0);
      surface.commit();
      client.connection.roundtrip();
      await display.event("cursor", ({ image }) => image !== undefined);
      const cursors = display.events.filter(({ type }) => type === "cursor");
      assert.ok(cursors.every((event) => JSON.stringify(event).length < 200_000));
    });
    assert.equal(reason, "");
  }));
