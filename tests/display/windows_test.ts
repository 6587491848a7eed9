import assert from "node:assert/strict";
import {
  WlOutputProxy,
  WlSubcompositorProxy,
} from "../../src/display/wayland/generated/wayland.ts";
import { WpPresentationProxy } from "../../src/display/wayland/generated/presentation-time.ts";
import { WpSinglePixelBufferManagerV1Proxy } from "../../src/display/wayland/generated/single-pixel-buffer-v1.ts";
import { WpViewporterProxy } from "../../src/display/wayland/generated/viewporter.ts";
import {
  XdgPositionerAnchor,
  XdgPositionerGravity,
} from "../../src/display/wayland/generated/xdg-shell.ts";
import { ZwpLinuxDmabufV1Proxy } from "../../src/display/wayland/generated/linux-dmabuf-v1.ts";
import { libc } from "../../ffi/libc.ts";
import { DisplayUnderTest, SMALL } from "./display_under_test.ts";
import {
  BLUE,
  GREEN,
  record,
  RED,
  rgb,
  sharedMemory,
  TestClient,
  WHITE,
  writeMemory,
} from "./test_client.ts";

const { width, height } = SMALL;
const BLACK = [0, 0, 0];

Deno.test("a fullscreen window becomes the picture and its buffer is released at once", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => {
      toplevel.setTitle("Red");
      toplevel.setFullscreen(null);
    });
    assert.deepEqual([window.configured[0].width, window.configured[0].height], [width, height]);
    const events = record(window.fill(width, height, RED));
    const picture = await display.picture("red", (picture) => picture.is(160, 100, rgb(RED)));
    assert.deepEqual([picture.width, picture.height], [width, height]);
    client.connection.roundtrip();
    assert.deepEqual(events, [["release"]]);
    await display.event("first-frame");
    await display.event("windows", ({ titles }) => titles[0] === "Red");
  }));

Deno.test("a window of another size is scaled to fit and centred, not put in a corner", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => {
      toplevel.setMinSize(100, 100);
      toplevel.setMaxSize(100, 100);
    });
    assert.deepEqual([window.configured[0].width, window.configured[0].height], [0, 0]);
    window.fill(100, 100, GREEN);
    const picture = await display.picture("green", (picture) => picture.is(160, 100, rgb(GREEN)));
    assert.ok(picture.is(64, 4, rgb(GREEN)) && picture.is(255, 195, rgb(GREEN)));
    assert.ok(picture.is(56, 100, BLACK) && picture.is(264, 100, BLACK));
    const { pointer } = client.seat();
    const events = record(pointer);
    client.connection.roundtrip();
    display.input({ kind: "pointer-absolute", x: 110 / 320, y: 0.25 });
    await client.until("motion", () => events.some(([name]) => name === "motion"));
    const [, , x, y] = events.find(([name]) => name === "motion")!;
    assert.ok(Math.abs(Number(x) - 25) < 0.1 && Math.abs(Number(y) - 25) < 0.1, `${x}, ${y}`);
  }));

Deno.test("a window that can grow gets the output's size", () =>
  DisplayUnderTest.run((display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setMinSize(50, 50));
    assert.deepEqual([window.configured[0].width, window.configured[0].height], [width, height]);
  }));

Deno.test("the size of the stream changes while a window is shown", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    window.fill(width, height, RED);
    await display.picture("red", (picture) => picture.is(10, 10, rgb(RED)));
    display.source.setMode({ width: 640, height: 400, fps: 30 });
    const scaled = await display.picture("larger picture", (picture) => picture.width === 640);
    assert.ok(scaled.is(630, 390, rgb(RED)), "the old picture is scaled until the client follows");
    await client.until("configure", () => window.configured.at(-1)?.width === 640);
    window.fill(640, 400, BLUE);
    await display.picture("blue", (picture) => picture.is(630, 390, rgb(BLUE)));
  }));

Deno.test("subsurfaces are blended above their parent and follow its commit", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    window.fill(width, height, RED);
    const child = client.compositor.createSurface();
    const subsurface = client.globals.bind(WlSubcompositorProxy, 1)
      .getSubsurface(child, window.surface);
    subsurface.setPosition(100, 50);
    child.attach(client.buffer(40, 40, [128, 0, 0, 128], 0), 0, 0);
    child.commit();
    client.connection.roundtrip();
    const before = await display.picture("red", (picture) => picture.is(120, 70, rgb(RED)));
    assert.ok(before.is(110, 60, rgb(RED)), "a synchronised child waits for its parent");
    window.surface.commit();
    client.connection.flush();
    const mixed = await display.picture("half blue", (p) => p.is(120, 70, [127, 0, 128], 12));
    assert.ok(mixed.is(90, 70, rgb(RED)) && mixed.is(150, 70, rgb(RED)));
    window.fill(width, height, GREEN);
    await display.picture("over green", (picture) => picture.is(120, 70, [0, 127, 128], 12));
    subsurface.destroy();
    client.connection.flush();
    await display.picture("child gone", (picture) => picture.is(120, 70, rgb(GREEN)));
  }));

Deno.test("a viewport crops and scales, and one pixel can fill the screen", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    const viewport = client.globals.bind(WpViewporterProxy, 1).getViewport(window.surface);
    const quarters = new Uint8Array(4 * 4 * 4);
    for (let i = 0; i < 16; i++) quarters.set(i % 4 < 2 ? RED : BLUE, i * 4);
    viewport.setSource(2, 0, 2, 4);
    viewport.setDestination(width, height);
    window.show(client.bufferOf(4, 4, quarters), 4, 4);
    const cropped = await display.picture("blue", (picture) => picture.is(160, 100, rgb(BLUE)));
    assert.ok(cropped.is(2, 2, rgb(BLUE)) && cropped.is(317, 197, rgb(BLUE)));
    viewport.setSource(-1, -1, -1, -1);
    const pixel = client.globals.bind(WpSinglePixelBufferManagerV1Proxy, 1)
      .createU32RgbaBuffer(0, 0xffffffff, 0, 0xffffffff);
    window.show(pixel, 1, 1);
    await display.picture("green", (picture) => picture.is(300, 180, rgb(GREEN)));
  }));

Deno.test("a picture turned by its client is turned back", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    // The upright picture is red left and blue right; turned 90° counter-clockwise, blue is on top.
    const turned = new Uint8Array(width * height * 4);
    for (let i = 0; i < width * height; i++) {
      turned.set(i < width * height / 2 ? BLUE : RED, i * 4);
    }
    window.surface.setBufferTransform(1);
    window.show(client.bufferOf(height, width, turned), height, width);
    const picture = await display.picture("two halves", (p) => p.is(40, 100, rgb(RED)));
    assert.ok(picture.is(280, 100, rgb(BLUE)));
  }));

Deno.test("a popup lies where its positioner says", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    window.fill(width, height, RED);
    await display.picture("red", (picture) => picture.is(160, 100, rgb(RED)));
    const positioner = client.shell.createPositioner();
    positioner.setSize(60, 40);
    positioner.setAnchorRect(100, 50, 10, 10);
    positioner.setAnchor(XdgPositionerAnchor.bottomRight);
    positioner.setGravity(XdgPositionerGravity.bottomRight);
    const surface = client.compositor.createSurface();
    const xdgSurface = client.shell.getXdgSurface(surface);
    const popup = xdgSurface.getPopup(window.xdgSurface, positioner);
    const events = record(popup);
    xdgSurface.listener = { configure: (serial) => xdgSurface.ackConfigure(serial) };
    surface.commit();
    client.connection.roundtrip();
    assert.deepEqual(events[0], ["configure", 110, 60, 60, 40]);
    surface.attach(client.buffer(60, 40, WHITE), 0, 0);
    surface.commit();
    client.connection.flush();
    const picture = await display.picture("white", (p) => p.is(140, 80, rgb(WHITE)));
    assert.ok(picture.is(104, 80, rgb(RED)) && picture.is(176, 80, rgb(RED)));
    popup.destroy();
    client.connection.flush();
    await display.picture("popup gone", (p) => p.is(140, 80, rgb(RED)));
  }));

Deno.test("commits that change nothing are not published", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    const buffer = window.fill(width, height, RED);
    await display.picture("red", (picture) => picture.is(160, 100, rgb(RED)));
    const before = display.ring.published;
    for (let i = 0; i < 5; i++) {
      let done = false;
      window.surface.frame().listener = { done: () => done = true };
      if (i % 2) window.surface.attach(buffer, 0, 0);
      else window.show(buffer, width, height);
      window.surface.commit();
      await client.until("frame callback", () => done);
    }
    assert.equal(display.ring.published, before);
  }));

Deno.test("frame callbacks come at the stream's rate and feedback tells the refresh", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    const presentation = client.globals.bind(WpPresentationProxy, 1);
    const times: number[] = [];
    const feedback = record(presentation.feedback(window.surface));
    window.fill(width, height, RED);
    while (times.length < 6) {
      const count = times.length;
      window.surface.frame().listener = { done: (time) => times.push(time) };
      window.surface.commit();
      await client.until("frame callback", () => times.length > count);
    }
    const mean = (times.at(-1)! - times[0]) / (times.length - 1);
    assert.ok(mean >= 24, `at 40 fps callbacks are 25 ms apart or more, not ${mean}`);
    const presented = feedback.find(([name]) => name === "presented")!;
    assert.equal(presented[4], 25_000_000);
  }, { mode: { ...SMALL, fps: 40 } }));

Deno.test("a LINEAR dmabuf is shown and another modifier is refused", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    const dmabuf = client.globals.bind(ZwpLinuxDmabufV1Proxy, 3);
    const XRGB8888 = 0x34325258;
    const fd = sharedMemory(width * height * 4);
    writeMemory(fd, 0, new Uint8Array(width * height * 4).fill(255));
    const params = dmabuf.createParams();
    params.add(fd, 0, 0, width * 4, 0, 0);
    window.show(params.createImmed(width, height, XRGB8888, 0), width, height);
    await display.picture("white", (picture) => picture.is(160, 100, rgb(WHITE)));
    const tiled = dmabuf.createParams();
    const events = record(tiled);
    tiled.add(fd, 0, 0, width * 4, 1, 2);
    tiled.create(width, height, XRGB8888, 0);
    client.connection.roundtrip();
    assert.deepEqual(events, [["failed"]]);
    libc.close(fd);
  }));

Deno.test("a window is asked to close and its end is told", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setTitle("Game"));
    window.fill(width, height, RED);
    await display.event("windows", ({ titles }) => titles[0] === "Game");
    display.source.requestClose();
    await client.until("close", () => window.closed);
    display.events.length = 0;
    window.toplevel.destroy();
    client.connection.flush();
    await display.event("windows", ({ titles }) => titles.length === 0);
  }));

Deno.test("a crop beyond the picture shows what there is and reads nothing else", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    const viewport = client.globals.bind(WpViewporterProxy, 1).getViewport(window.surface);
    viewport.setSource(30, 30, 1000, 1000);
    window.fill(40, 40, RED);
    await display.picture("red", (picture) => picture.is(160, 100, rgb(RED)));
    viewport.setSource(5000, 5000, 10, 10);
    window.fill(40, 40, GREEN);
    await display.picture("green", (picture) => picture.is(160, 100, rgb(GREEN)));
  }));

Deno.test("pixels in R, G, B, A order are shown alone, scaled and composed", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const ABGR8888 = 0x34324241;
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    // Stored as blue, green, red; read as red, green, blue.
    window.fill(width, height, RED, ABGR8888);
    await display.picture("blue", (picture) => picture.is(160, 100, rgb(BLUE)));
    window.fill(50, 50, BLUE, ABGR8888);
    await display.picture("red", (picture) => picture.is(160, 100, rgb(RED)));
    const above = client.window();
    above.fill(100, 100, RED, ABGR8888);
    await display.picture("blue above", (picture) => picture.is(160, 100, rgb(BLUE)));
  }));

Deno.test("a dialog lies in the middle of its parent at the same scale", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window();
    window.fill(width / 2, height / 2, RED);
    const dialog = client.window((toplevel) => toplevel.setParent(window.toplevel));
    dialog.fill(20, 20, WHITE);
    const picture = await display.picture("white", (p) => p.is(160, 100, rgb(WHITE)));
    assert.ok(picture.is(144, 84, rgb(WHITE)) && picture.is(136, 76, rgb(RED)));
    dialog.toplevel.destroy();
    client.connection.flush();
    await display.picture("dialog gone", (p) => p.is(160, 100, rgb(RED)));
  }));

Deno.test("a client that draws when called back is shown at once, also after extra pictures", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    const buffers = [client.buffer(width, height, RED), client.buffer(width, height, GREEN)];
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      let called = false;
      window.surface.frame().listener = { done: () => called = true };
      const buffer = buffers[i % 2];
      window.show(buffer, width, height);
      // As after input: in three ticks a second picture follows, which waits for the tick's end.
      if (i >= 2 && i <= 4) window.show(buffers[(i + 1) % 2], width, height);
      await client.until("frame callback", () => called);
      const frame = display.reader.take();
      if (frame) waits.push(frame.capturedMs - frame.commitMs);
    }
    assert.ok(waits.slice(-3).every((wait) => wait < 50), `waits in ticks of 100 ms: ${waits}`);
  }, { mode: { ...SMALL, fps: 10 } }));

Deno.test("pictures drawn faster than the stream are dropped, the newest is shown", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    const buffers = [RED, GREEN, BLUE].map((color) => client.buffer(width, height, color));
    const started = performance.now();
    for (let i = 0; i < 300; i++) {
      window.show(buffers[i % 2], width, height);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    window.show(buffers[2], width, height);
    await display.picture("blue", (picture) => picture.is(10, 10, rgb(BLUE)));
    const ticks = (performance.now() - started) / 100;
    assert.ok(display.ring.published <= ticks + 3, `${display.ring.published} in ${ticks} ticks`);
  }, { mode: { ...SMALL, fps: 10 } }));

Deno.test("all the globals that games and toolkits ask for are offered", () =>
  DisplayUnderTest.run((display) => {
    const connection = display.connect();
    const offered = new Map<string, number>();
    connection.display.getRegistry().listener = {
      global: (_name, interfaceName, version) => void offered.set(interfaceName, version),
    };
    connection.roundtrip();
    assert.deepEqual(Object.fromEntries(offered), {
      wl_compositor: 5,
      wl_subcompositor: 1,
      wl_shm: 1,
      wl_output: 4,
      wl_seat: 8,
      wl_data_device_manager: 3,
      xdg_wm_base: 3,
      wp_viewporter: 1,
      wp_presentation: 1,
      zwp_linux_dmabuf_v1: 3,
      zwp_relative_pointer_manager_v1: 1,
      zwp_pointer_constraints_v1: 1,
      zxdg_decoration_manager_v1: 1,
      zxdg_output_manager_v1: 3,
      wp_fractional_scale_manager_v1: 1,
      zwp_idle_inhibit_manager_v1: 1,
      wp_single_pixel_buffer_manager_v1: 1,
      zwp_primary_selection_device_manager_v1: 1,
      wp_cursor_shape_manager_v1: 1,
      zwp_text_input_manager_v3: 1,
    });
  }));

Deno.test("a popup with a grab has the keyboard and goes when another program is clicked", () =>
  DisplayUnderTest.run(async (display) => {
    const below = new TestClient(display.connect());
    below.window((toplevel) => toplevel.setFullscreen(null)).fill(width, height, BLUE);
    await display.picture("blue", (picture) => picture.is(160, 100, rgb(BLUE)));
    const client = new TestClient(display.connect());
    const { seat, keyboard } = client.seat();
    const keys = record(keyboard);
    const window = client.window();
    // It takes no input, so that clicks beside the popup are for the program below.
    window.surface.setInputRegion(client.compositor.createRegion());
    window.fill(width, height, RED);
    await client.until("focus", () => keys.some(([name]) => name === "enter"));
    const positioner = client.shell.createPositioner();
    positioner.setSize(60, 40);
    positioner.setAnchorRect(0, 0, 1, 1);
    positioner.setGravity(XdgPositionerGravity.bottomRight);
    const surface = client.compositor.createSurface();
    const xdgSurface = client.shell.getXdgSurface(surface);
    const popup = xdgSurface.getPopup(window.xdgSurface, positioner);
    const events = record(popup);
    popup.grab(seat, 1);
    xdgSurface.listener = { configure: (serial) => xdgSurface.ackConfigure(serial) };
    surface.commit();
    client.connection.roundtrip();
    surface.attach(client.buffer(60, 40, WHITE), 0, 0);
    surface.commit();
    client.connection.flush();
    await client.until("popup focus", () => keys.at(-2)?.[2] === surface);
    display.input({ kind: "pointer-absolute", x: 0.9, y: 0.9 });
    display.input({ kind: "button", code: 0x110, down: true });
    display.input({ kind: "button", code: 0x110, down: false });
    await client.until("popup done", () => events.some(([name]) => name === "popupDone"));
    popup.destroy();
    client.connection.flush();
    await client.until("focus back", () => keys.at(-2)?.[2] === window.surface);
  }));

Deno.test("a window hears which output it is on, however late it binds the output", () =>
  DisplayUnderTest.run(async (display) => {
    const client = new TestClient(display.connect());
    const early = client.globals.bind(WlOutputProxy, 4);
    const outputEvents = record(early);
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    const events = record(window.surface);
    window.fill(width, height, RED);
    await client.until("enter", () => events.some(([, output]) => output === early));
    const late = client.globals.bind(WlOutputProxy, 4);
    await client.until("enter", () => events.some(([, output]) => output === late));
    assert.deepEqual(outputEvents.find(([name]) => name === "mode"), [
      "mode",
      3,
      width,
      height,
      60_000,
    ]);
    window.surface.attach(null, 0, 0);
    window.surface.commit();
    await client.until("leave", () => events.some(([name]) => name === "leave"));
  }));
