/** A Wayland client for tests: windows filled with colours, and a record of what it is told. */
import {
  cstring,
  libc,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  PROT_READ,
  PROT_WRITE,
} from "../../ffi/libc.ts";
import type { Globals, WaylandConnection } from "../../src/display/wayland/connection.ts";
import {
  type WlBufferProxy,
  WlCompositorProxy,
  type WlKeyboardProxy,
  type WlPointerProxy,
  WlSeatProxy,
  WlShmProxy,
  type WlSurfaceProxy,
} from "../../src/display/wayland/generated/wayland.ts";
import {
  type XdgSurfaceProxy,
  type XdgToplevelProxy,
  XdgWmBaseProxy,
} from "../../src/display/wayland/generated/xdg-shell.ts";
import type { WaylandProxy } from "../../src/display/wayland/proxy.ts";
import { until } from "./display_under_test.ts";

/** Bytes B, G, R, A. */
export type Bgra = readonly [number, number, number, number];
export const RED: Bgra = [0, 0, 255, 255];
export const GREEN: Bgra = [0, 255, 0, 255];
export const BLUE: Bgra = [255, 0, 0, 255];
export const WHITE: Bgra = [255, 255, 255, 255];
export const rgb = ([b, g, r]: Bgra) => [r, g, b] as const;

/** Memory that can be shared; the caller closes `fd`. */
export function sharedMemory(size: number, sealable = true): number {
  const flags = MFD_CLOEXEC | (sealable ? MFD_ALLOW_SEALING : 0);
  const fd = libc.memfd_create(cstring("test"), flags);
  libc.ftruncate(fd, BigInt(size));
  return fd;
}

/** Writes `bytes` at `offset`; holes and all the rest stay as they are. */
export function writeMemory(fd: number, offset: number, bytes: Uint8Array): void {
  const size = offset + bytes.length;
  const pointer = libc.mmap(null, BigInt(size), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0n)!;
  new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, size)).set(bytes, offset);
  libc.munmap(pointer, BigInt(size));
}

/** Every event an object gets, as [name, ...arguments]. */
export function record(proxy: WaylandProxy): [string, ...unknown[]][] {
  const seen: [string, ...unknown[]][] = [];
  proxy.listener = new Proxy({}, {
    get: (_, name) => (...values: unknown[]) => void seen.push([String(name), ...values]),
  });
  return seen;
}

export class TestClient {
  readonly globals: Globals;
  readonly compositor: WlCompositorProxy;
  readonly shm: WlShmProxy;
  readonly shell: XdgWmBaseProxy;

  constructor(readonly connection: WaylandConnection) {
    this.globals = connection.globals();
    this.compositor = this.globals.bind(WlCompositorProxy, 5);
    this.shm = this.globals.bind(WlShmProxy, 1);
    this.shell = this.globals.bind(XdgWmBaseProxy, 6);
  }

  seat(version = 8): {
    seat: WlSeatProxy;
    keyboard: WlKeyboardProxy;
    pointer: WlPointerProxy;
  } {
    const seat = this.globals.bind(WlSeatProxy, version);
    return { seat, keyboard: seat.getKeyboard(), pointer: seat.getPointer() };
  }

  /** A buffer of one colour; `format` 0 is argb8888, 1 xrgb8888. */
  buffer(width: number, height: number, color: Bgra, format = 1): WlBufferProxy {
    const bytes = new Uint8Array(width * height * 4);
    new Uint32Array(bytes.buffer).fill(new Uint32Array(Uint8Array.from(color).buffer)[0]);
    return this.bufferOf(width, height, bytes, format);
  }

  bufferOf(width: number, height: number, bytes: Uint8Array, format = 1): WlBufferProxy {
    const fd = sharedMemory(bytes.length);
    writeMemory(fd, 0, bytes);
    const pool = this.shm.createPool(fd, bytes.length);
    const buffer = pool.createBuffer(0, width, height, width * 4, format);
    pool.destroy();
    libc.close(fd);
    return buffer;
  }

  /** A window that is configured and has no picture yet. */
  window(prepare: (toplevel: XdgToplevelProxy) => void = () => {}): TestWindow {
    return new TestWindow(this, prepare);
  }

  /** Handles events as they come until `condition` holds. */
  async until(what: string, condition: () => boolean): Promise<void> {
    await until(what, () => {
      if (this.connection.wait(0)) this.connection.dispatch();
      return condition();
    });
  }
}

export class TestWindow {
  readonly surface: WlSurfaceProxy;
  readonly xdgSurface: XdgSurfaceProxy;
  readonly toplevel: XdgToplevelProxy;
  readonly configured: { width: number; height: number; states: number[] }[] = [];
  closed = false;

  constructor(readonly client: TestClient, prepare: (toplevel: XdgToplevelProxy) => void) {
    this.surface = client.compositor.createSurface();
    this.xdgSurface = client.shell.getXdgSurface(this.surface);
    this.toplevel = this.xdgSurface.getToplevel();
    this.xdgSurface.listener = { configure: (serial) => this.xdgSurface.ackConfigure(serial) };
    this.toplevel.listener = {
      configure: (width, height, states) => {
        const words = [...new Uint32Array(new Uint8Array(states).buffer)];
        this.configured.push({ width, height, states: words });
      },
      close: () => this.closed = true,
    };
    prepare(this.toplevel);
    this.surface.commit();
    client.connection.roundtrip();
  }

  /** Shows one colour and gives the buffer. */
  fill(width: number, height: number, color: Bgra, format = 1): WlBufferProxy {
    return this.show(this.client.buffer(width, height, color, format), width, height);
  }

  show(buffer: WlBufferProxy, width: number, height: number): WlBufferProxy {
    this.surface.attach(buffer, 0, 0);
    this.surface.damageBuffer(0, 0, width, height);
    this.surface.commit();
    this.client.connection.flush();
    return buffer;
  }
}
