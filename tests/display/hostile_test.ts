/** Clients that break the rules: they are cut off, the session lives, and nothing stays behind. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { cstring, errno, libc, O_CLOEXEC, O_RDWR } from "../../ffi/libc.ts";
import {
  ConnectionError,
  connectUnix,
  type WaylandConnection,
} from "../../src/display/wayland/connection.ts";
import {
  WlCompositorProxy,
  type WlShmPoolProxy,
  WlShmProxy,
  WlSubcompositorProxy,
} from "../../src/display/wayland/generated/wayland.ts";
import { WpViewporterProxy } from "../../src/display/wayland/generated/viewporter.ts";
import { WireSocket } from "../../src/display/wayland/wire.ts";
import { DisplayUnderTest, filesClosed, openFiles, SMALL, until } from "./display_under_test.ts";
import { type Bgra, BLUE, GREEN, RED, rgb, sharedMemory, TestClient } from "./test_client.ts";

const { width, height } = SMALL;
const O_CREAT = 0x40;

/** Descriptor counts include the clients' own ends, so a test closes those before it compares. */
async function attackedBy(
  attack: (display: DisplayUnderTest) => Promise<void>,
): Promise<void> {
  await DisplayUnderTest.run(async (display) => {
    const bystander = new TestClient(display.connect());
    const window = bystander.window((toplevel) => toplevel.setFullscreen(null));
    window.fill(width, height, RED);
    await display.picture("red", (picture) => picture.is(160, 100, rgb(RED)));
    const before = openFiles();
    await attack(display);
    await filesClosed(before);
    bystander.connection.roundtrip();
    window.fill(width, height, GREEN);
    await display.picture("green", (picture) => picture.is(160, 100, rgb(GREEN)));
  });
}

/** Waits for the compositor to cut the client off and returns what it said. */
async function refusal(connection: WaylandConnection): Promise<string> {
  let message = "";
  await until("the connection to be ended", () => {
    try {
      if (connection.wait(0)) connection.dispatch();
      return false;
    } catch (error) {
      message = (error as Error).message;
      return true;
    }
  });
  return message;
}

async function refused(
  display: DisplayUnderTest,
  expected: RegExp,
  act: (connection: WaylandConnection) => void,
): Promise<void> {
  const connection = display.connect();
  try {
    act(connection);
    connection.flush();
  } catch {
    // The end can come while the client still sends.
  }
  assert.match(await refusal(connection), expected);
  display.forget(connection);
  const { pid } = await display.event("client-error", ({ message }) => expected.test(message));
  assert.equal(pid, Deno.pid);
}

const shm = (connection: WaylandConnection) => connection.globals().bind(WlShmProxy, 1);

function pool(connection: WaylandConnection, size: number, fd = sharedMemory(size)) {
  const made = shm(connection).createPool(fd, size);
  libc.close(fd);
  return made;
}

/** A plain file, which takes no seals. */
function plainFile(display: DisplayUnderTest, size: number): number {
  const path = join(display.directory, "pool");
  const fd = libc.open(cstring(path), O_RDWR | O_CREAT | O_CLOEXEC, 0o600);
  assert.ok(fd >= 0, `open failed with errno ${errno()}`);
  libc.ftruncate(fd, BigInt(size));
  Deno.removeSync(path);
  return fd;
}

Deno.test("a sealed pool cannot be truncated any more", () =>
  attackedBy((display) => {
    const client = new TestClient(display.connect());
    const fd = sharedMemory(width * height * 4);
    client.shm.createPool(fd, width * height * 4);
    client.connection.roundtrip();
    assert.equal(libc.ftruncate(fd, 0n), -1);
    libc.close(fd);
    display.forget(client.connection);
    return Promise.resolve();
  }));

Deno.test("truncating a pool that takes no seals is an error and not a crash", () =>
  attackedBy(async (display) => {
    const size = width * height * 4;
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    const fd = plainFile(display, size);
    const made: WlShmPoolProxy = client.shm.createPool(fd, size);
    window.show(made.createBuffer(0, width, height, width * 4, 1), width, height);
    await display.picture("black", (picture) => picture.is(160, 100, [0, 0, 0]));
    libc.ftruncate(fd, 4096n);
    window.show(made.createBuffer(0, width, height, width * 4, 1), width, height);
    assert.match(await refusal(client.connection), /file ends/);
    libc.close(fd);
    display.forget(client.connection);
    await display.event("client-error", ({ message }) => /file ends/.test(message));
  }));

Deno.test("a composed surface over a truncated pool is cut off too", () =>
  attackedBy(async (display) => {
    const size = 64 * 64 * 4;
    const client = new TestClient(display.connect());
    const window = client.window((toplevel) => toplevel.setFullscreen(null));
    window.fill(width, height, BLUE);
    await display.picture("blue", (picture) => picture.is(160, 100, rgb(BLUE)));
    const other = client.window();
    const fd = plainFile(display, size);
    const made = client.shm.createPool(fd, size);
    const buffer = made.createBuffer(0, 64, 64, 256, 1);
    client.connection.roundtrip();
    libc.ftruncate(fd, 100n);
    other.show(buffer, 64, 64);
    assert.match(await refusal(client.connection), /file ends/);
    libc.close(fd);
    display.forget(client.connection);
  }));

Deno.test("a pool longer than its file is refused", () =>
  attackedBy((display) =>
    refused(display, /expected a file of 8192 bytes, got 4096/, (connection) => {
      pool(connection, 8192, sharedMemory(4096));
    })
  ));

Deno.test("buffers outside their pool, and sizes nobody has, are refused", () =>
  attackedBy(async (display) => {
    await refused(display, /ends at byte 4100/, (connection) => {
      pool(connection, 4096).createBuffer(4, 32, 32, 128, 1);
    });
    await refused(display, /got stride 64/, (connection) => {
      pool(connection, 4096).createBuffer(0, 32, 32, 64, 1);
    });
    await refused(display, /at offset -4/, (connection) => {
      pool(connection, 4096).createBuffer(-4, 32, 32, 128, 1);
    });
    await refused(display, /pixels, got 20000×20000/, (connection) => {
      const size = 512 * 1024 * 1024;
      pool(connection, size).createBuffer(0, 20000, 20000, 80000, 1);
    });
    await refused(display, /positive size, got -1×1/, (connection) => {
      pool(connection, 4096).createBuffer(0, -1, 1, 4, 1);
    });
    await refused(display, /format 7 was not offered/, (connection) => {
      pool(connection, 4096).createBuffer(0, 1, 1, 4, 7);
    });
  }));

/** Memory that is closed also where the connection is cut before all is sent. */
function ownMemory(size: number): Disposable & { fd: number } {
  const fd = sharedMemory(size);
  return { fd, [Symbol.dispose]: () => void libc.close(fd) };
}

Deno.test("one client cannot hold any amount of memory or descriptors", () =>
  attackedBy(async (display) => {
    await refused(display, /MiB of buffers/, (connection) => {
      const global = shm(connection);
      const size = 400 * 1024 * 1024;
      using memory = ownMemory(size);
      for (let i = 0; i < 3; i++) global.createPool(memory.fd, size);
    });
    await refused(display, /descriptors/, (connection) => {
      const global = shm(connection);
      using memory = ownMemory(4096);
      for (let i = 0; i < 300; i++) {
        global.createPool(memory.fd, 4096);
        if (i % 20 === 0) connection.flush();
      }
    });
    await refused(display, /more than 20000 objects/, (connection) => {
      const compositor = connection.globals().bind(WlCompositorProxy, 5);
      for (let i = 0; i < 21_000; i++) compositor.createRegion();
    });
  }));

Deno.test("many clients together cannot hold any amount of memory, and give back what they held", () =>
  attackedBy(async (display) => {
    const size = 900 * 1024 * 1024;
    const holders = [1, 2].map(() => {
      const connection = display.connect();
      pool(connection, size);
      connection.roundtrip();
      return connection;
    });
    await refused(display, /MiB of buffers/, (connection) => pool(connection, size));
    for (const connection of holders) {
      connection.close();
      display.forget(connection);
    }
    await until("memory to be given back", () => {
      const connection = display.connect();
      try {
        pool(connection, size);
        connection.roundtrip();
        return true;
      } catch {
        return false;
      } finally {
        connection.close();
        display.forget(connection);
      }
    });
  }));

Deno.test("descriptors that belong to no request do not pile up", () =>
  attackedBy(async (display) => {
    const socket = new WireSocket(connectUnix(display.socketPath));
    const fd = sharedMemory(4096);
    let state = "sent";
    for (let i = 0; i < 100 && state !== "closed"; i++) {
      // wl_display.sync with 20 descriptors beside it.
      socket.writer.begin(1, 0).uint(2 + i).end();
      for (let j = 0; j < 20; j++) socket.writer.fd(fd);
      state = socket.flush();
    }
    await until("the connection to be ended", () => socket.receive() === "closed");
    socket.close();
    libc.close(fd);
    await display.event("client-error", ({ message }) => /descriptors/.test(message));
  }));

Deno.test("a client that never reads is cut off", () =>
  attackedBy(async (display) => {
    const socket = new WireSocket(connectUnix(display.socketPath));
    let state = "sent";
    for (let i = 0; i < 400_000 && state !== "closed"; i++) {
      // The same id again and again: each sync is answered and its id freed.
      socket.writer.begin(1, 0).uint(2).end();
      if (i % 500 === 499) state = socket.flush();
      if (state === "blocked") await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.equal(state, "closed");
    socket.close();
    await display.event("client-error", ({ message }) => /does not read/.test(message));
  }));

/** Sends bytes as they are and waits for the end. */
async function raw(display: DisplayUnderTest, words: number[]): Promise<void> {
  const fd = connectUnix(display.socketPath);
  const bytes = new Uint8Array(new Uint32Array(words).buffer);
  libc.send(fd, bytes, BigInt(bytes.length), 0);
  const socket = new WireSocket(fd);
  await until("the connection to be ended", () => socket.receive() === "closed");
  socket.close();
}

Deno.test("malformed messages are refused", () =>
  attackedBy(async (display) => {
    await raw(display, [1, 4 << 16]); // shorter than its own head
    await raw(display, [1, 10 << 16, 0]); // not a multiple of 4
    await raw(display, [1, 8192 << 16]); // too long
    await raw(display, [77, 8 << 16]); // no such object
    await raw(display, [1, 8 << 16 | 9]); // no such request
    await raw(display, [1, 8 << 16]); // sync without its argument
    await raw(display, [1, 16 << 16, 2, 3]); // one argument too many
    await raw(display, [1, 12 << 16, 0]); // id 0
    await raw(display, [1, 12 << 16, 1]); // id taken
    await raw(display, [1, 12 << 16, 0xff000001]); // the server's id
    const registry = [1, 12 << 16 | 1, 2];
    await raw(display, [...registry, 2, 24 << 16, 1, 0, 1, 3]); // null as interface
    await raw(display, [...registry, 2, 28 << 16, 1, 4, 0x61616161, 1, 3]); // no NUL
    await raw(display, [...registry, 2, 24 << 16, 1, 0xffffffff, 1, 3]); // length beyond the end
    await raw(display, [...registry, 2, 28 << 16, 999, 2, 0x61, 1, 3]); // no such global
    const message = (event: { type: string }) => "message" in event ? String(event.message) : "";
    const messages = display.events.filter(({ type }) => type === "client-error").map(message);
    assert.ok(messages.every((text) => !text.startsWith("internal error")), messages.join("\n"));
  }));

Deno.test("rules of the shell are kept", () =>
  attackedBy(async (display) => {
    const attempt = (expected: RegExp, act: (client: TestClient) => void) =>
      refused(display, expected, (connection) => act(new TestClient(connection)));
    await attempt(/before the first configure/, (client) => {
      const surface = client.compositor.createSurface();
      client.shell.getXdgSurface(surface).getToplevel();
      surface.attach(client.buffer(8, 8, RED), 0, 0);
      surface.commit();
    });
    await attempt(/has no role yet/, (client) => {
      const surface = client.compositor.createSurface();
      client.shell.getXdgSurface(surface);
      surface.commit();
    });
    await attempt(/serial 12345 was not sent/, (client) => {
      client.window().xdgSurface.ackConfigure(12345);
    });
    await attempt(/has an xdg_surface already/, (client) => {
      client.shell.getXdgSurface(client.window().surface);
    });
    await attempt(/size and an anchor/, (client) => {
      const parent = client.window();
      const popup = client.shell.getXdgSurface(client.compositor.createSurface());
      popup.getPopup(parent.xdgSurface, client.shell.createPositioner());
    });
    await attempt(/its own ancestor/, (client) => {
      const [a, b] = [client.window(), client.window()];
      a.toplevel.setParent(b.toplevel);
      b.toplevel.setParent(a.toplevel);
    });
  }));

/** Mulberry32: small, and the same everywhere. */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Requests of random objects, opcodes and arguments, as a client with all globals bound. */
function fuzz(display: DisplayUnderTest, seed: number): void {
  const next = random(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  const socket = new WireSocket(connectUnix(display.socketPath));
  const { writer } = socket;
  const interfaces = bindable;
  writer.begin(1, 1).uint(2).end();
  interfaces.forEach(([name, version], index) =>
    writer.begin(2, 0).uint(index + 1).string(name).uint(version).uint(3 + index).end()
  );
  let newest = 3 + interfaces.length;
  const memory = sharedMemory(65536);
  const interesting = [0, 1, 2, 8, 64, 256, 4096, 65535, 0x7fffffff, 0x80000000, 0xffffffff];
  for (let i = 0; i < 60; i++) {
    writer.begin(1 + below(newest), below(12));
    for (let argument = below(7); argument > 0; argument--) {
      const kind = below(10);
      if (kind < 4) writer.uint(1 + below(newest));
      else if (kind < 6) writer.uint(newest++);
      else if (kind < 8) writer.uint(interesting[below(interesting.length)]);
      else if (kind < 9) writer.string("x".repeat(below(20)));
      else writer.fd(memory);
    }
    writer.end();
  }
  socket.flush();
  socket.receive();
  socket.close();
  libc.close(memory);
}

let bindable: [string, number][] = [];

Deno.test("random requests end in protocol errors, never in an internal one", () =>
  attackedBy(async (display) => {
    const probe = display.connect();
    const found: [string, number][] = [];
    probe.display.getRegistry().listener = {
      global: (_name, interfaceName, version) => void found.push([interfaceName, version]),
    };
    probe.roundtrip();
    display.forget(probe);
    bindable = found;
    for (let seed = 1; seed <= 400; seed++) {
      fuzz(display, seed);
      if (seed % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const check = display.connect();
    check.roundtrip();
    display.forget(check);
    const internal = display.events.filter((event) =>
      event.type === "failed" ||
      (event.type === "client-error" && event.message.startsWith("internal error"))
    );
    assert.deepEqual(internal, []);
  }));

Deno.test("clients that come and go leave no memory behind", () =>
  attackedBy(async (display) => {
    const rss = () => Deno.memoryUsage().rss;
    const visit = async () => {
      const client = new TestClient(display.connect());
      const window = client.window();
      window.fill(1024, 1024, BLUE);
      const other = client.window();
      other.fill(1024, 1024, RED);
      client.connection.roundtrip();
      display.forget(client.connection);
      await new Promise((resolve) => setTimeout(resolve, 2));
    };
    for (let i = 0; i < 20; i++) await visit();
    const before = rss();
    for (let i = 0; i < 40; i++) await visit();
    // Each visit shows 8 MiB, so that a leak would be 320 MiB.
    assert.ok(rss() - before < 100 * 1024 * 1024, `${(rss() - before) >> 20} MiB more`);
  }));

Deno.test("more clients than allowed are turned away", () =>
  attackedBy(async (display) => {
    const sockets = Array.from(
      { length: 80 },
      () => new WireSocket(connectUnix(display.socketPath)),
    );
    await until(
      "some to be turned away",
      () => sockets.filter((socket) => socket.receive() === "closed").length >= 16,
    );
    for (const socket of sockets) socket.close();
  }));

/** Draws with random sizes, crops, scales, turns and stacking, nearly all of it allowed. */
function draw(display: DisplayUnderTest, seed: number): void {
  const next = random(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  const client = new TestClient(display.connect());
  const subcompositor = client.globals.bind(WlSubcompositorProxy, 1);
  const viewporter = client.globals.bind(WpViewporterProxy, 1);
  const ABGR8888 = 0x34324241;
  try {
    const windows = [client.window(), client.window((top) => top.setMinSize(9, 9))];
    const children = Array.from({ length: 4 }, (_, i) => {
      const surface = client.compositor.createSurface();
      const parent = windows[i % 2].surface;
      return { surface, parent, role: subcompositor.getSubsurface(surface, parent) };
    });
    const surfaces = [...windows.map(({ surface }) => surface), ...children.map((c) => c.surface)];
    const viewports = surfaces.map((surface) => viewporter.getViewport(surface));
    for (let i = 0; i < 120; i++) {
      const index = below(surfaces.length);
      const surface = surfaces[index];
      const child = children[below(children.length)];
      const [a, b] = [1 + below(300), 1 + below(300)];
      switch (below(12)) {
        case 0:
          surface.setBufferTransform(below(8));
          break;
        case 1:
          surface.setBufferScale(1 + below(3));
          break;
        case 2:
          viewports[index].setSource(
            next() * 400,
            next() * 400,
            0.1 + next() * a,
            0.1 + next() * b,
          );
          break;
        case 3:
          viewports[index].setDestination(1 + below(4000), 1 + below(4000));
          break;
        case 4:
          child.role.setPosition(below(800) - 400, below(800) - 400);
          break;
        case 5:
          if (next() < 0.5) child.role.placeBelow(child.parent);
          else child.role.placeAbove(child.parent);
          break;
        case 6:
          if (next() < 0.5) child.role.setDesync();
          else child.role.setSync();
          break;
        case 7:
          windows[index % 2].xdgSurface.setWindowGeometry(below(500) - 250, below(99), a, b);
          break;
        case 8:
          if (index >= 2) surface.attach(null, 0, 0);
          break;
        default: {
          const format = [0, 1, ABGR8888][below(3)];
          const color: Bgra = [below(256), below(256), below(256), below(256)];
          surface.attach(client.buffer(a, b, color, format), 0, 0);
          surface.damageBuffer(below(200) - 100, below(200) - 100, a, b);
        }
      }
      if (next() < 0.7) surface.commit();
      if (i % 10 === 0) client.connection.roundtrip();
    }
    client.connection.roundtrip();
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
  }
  display.forget(client.connection);
}

Deno.test("random drawing never disturbs the display", () =>
  attackedBy(async (display) => {
    for (let seed = 1; seed <= 40; seed++) {
      draw(display, seed);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const internal = display.events.filter((event) =>
      event.type === "failed" || event.type === "client-error"
    );
    assert.deepEqual(internal, []);
  }));
