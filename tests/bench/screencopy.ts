/**
 * Reads a wlroots compositor's output by wlr-screencopy-unstable-v1, version 3: the peer of our own
 * capture.
 */
import { cstring, libc, MAP_SHARED, MFD_CLOEXEC, PROT_READ, PROT_WRITE } from "../../ffi/libc.ts";
import { WaylandConnection } from "../../src/display/wayland/connection.ts";
import {
  type WlBufferProxy,
  WlOutputProxy,
  WlShmProxy,
} from "../../src/display/wayland/generated/wayland.ts";
import { type EventSpec, WaylandProxy } from "../../src/display/wayland/proxy.ts";

interface FrameEvents {
  buffer(format: number, width: number, height: number, stride: number): void;
  flags(flags: number): void;
  ready(secondsHigh: number, secondsLow: number, nanoseconds: number): void;
  failed(): void;
  damage(x: number, y: number, width: number, height: number): void;
  linuxDmabuf(format: number, width: number, height: number): void;
  bufferDone(): void;
}

class ScreencopyFrameProxy extends WaylandProxy<FrameEvents> {
  static readonly interfaceName = "zwlr_screencopy_frame_v1";
  static readonly interfaceVersion = 3;
  static readonly events: readonly EventSpec[] = [
    { name: "buffer", decode: (m) => [m.uint(), m.uint(), m.uint(), m.uint()] },
    { name: "flags", decode: (m) => [m.uint()] },
    { name: "ready", decode: (m) => [m.uint(), m.uint(), m.uint()] },
    { name: "failed", decode: () => [] },
    { name: "damage", decode: (m) => [m.uint(), m.uint(), m.uint(), m.uint()] },
    { name: "linuxDmabuf", decode: (m) => [m.uint(), m.uint(), m.uint()] },
    { name: "bufferDone", decode: () => [] },
  ];

  destroy(): void {
    this.request(1).end();
    this.destructed();
  }

  copyWithDamage(buffer: WlBufferProxy): void {
    this.request(2).uint(buffer.id).end();
  }
}

class ScreencopyManagerProxy extends WaylandProxy {
  static readonly interfaceName = "zwlr_screencopy_manager_v1";
  static readonly interfaceVersion = 3;
  static readonly events: readonly EventSpec[] = [];

  captureOutput(output: WlOutputProxy): ScreencopyFrameProxy {
    const frame = this.connection.create(ScreencopyFrameProxy, this.version);
    this.request(0).uint(frame.id).int(0).uint(output.id).end();
    return frame;
  }
}

/** Upside down, as OpenGL's pictures are. */
const Y_INVERT = 1;

/** A screen capture client with one buffer of shared memory. */
export class Screencopy {
  readonly #connection: WaylandConnection;
  readonly #manager: ScreencopyManagerProxy;
  readonly #output: WlOutputProxy;
  readonly #shm: WlShmProxy;
  #frame: ScreencopyFrameProxy | undefined;
  #buffer: WlBufferProxy | undefined;
  #ready = false;
  #mapping: Deno.PointerValue = null;
  #fd = -1;
  /** Bytes B, G, R, X of the picture that {@linkcode finish} read. */
  pixels = new Uint8Array();
  stride = 0;
  width = 0;
  height = 0;

  constructor(socketPath: string) {
    this.#connection = WaylandConnection.connect(socketPath);
    const globals = this.#connection.globals();
    this.#manager = globals.bind(ScreencopyManagerProxy, 3);
    this.#output = globals.bind(WlOutputProxy, 1);
    this.#shm = globals.bind(WlShmProxy, 1);
  }

  /** Asks for the next picture that differs from the last one. Returns once the compositor knows. */
  request(): void {
    const frame = this.#frame = this.#manager.captureOutput(this.#output);
    let described = false;
    this.#ready = false;
    frame.listener = {
      buffer: (format, width, height, stride) => this.#allocate(format, width, height, stride),
      bufferDone: () => described = true,
      flags: (flags) => {
        if (flags & Y_INVERT) throw new Error("expected pictures from top to bottom");
      },
      ready: () => this.#ready = true,
      failed: () => {
        throw new Error("the compositor could not copy its output");
      },
    };
    this.#until(() => described);
    frame.copyWithDamage(this.#buffer!);
    this.#connection.roundtrip();
  }

  /** Blocks until the picture that was asked for is in {@linkcode pixels}. */
  finish(): void {
    this.#until(() => this.#ready);
    this.#frame!.destroy();
    this.#connection.flush();
  }

  close(): void {
    this.#connection.close();
    if (this.#mapping) libc.munmap(this.#mapping, BigInt(this.pixels.length));
    if (this.#fd >= 0) libc.close(this.#fd);
  }

  #until(done: () => boolean): void {
    while (!done()) {
      if (!this.#connection.wait(5000)) throw new Error("the compositor copied nothing in 5 s");
      this.#connection.dispatch();
    }
  }

  #allocate(format: number, width: number, height: number, stride: number): void {
    if (this.#buffer) return;
    // wl_shm.format: 0 argb8888, 1 xrgb8888.
    if (format > 1) throw new Error(`expected 8 bits of each colour, got format ${format}`);
    const length = stride * height;
    this.#fd = libc.memfd_create(cstring("screencopy"), MFD_CLOEXEC);
    libc.ftruncate(this.#fd, BigInt(length));
    const protection = PROT_READ | PROT_WRITE;
    this.#mapping = libc.mmap(null, BigInt(length), protection, MAP_SHARED, this.#fd, 0n);
    this.pixels = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(this.#mapping!, length));
    const pool = this.#shm.createPool(this.#fd, length);
    this.#buffer = pool.createBuffer(0, width, height, stride, format);
    [this.width, this.height, this.stride] = [width, height, stride];
  }
}
