/**
 * A client whose pictures carry a number that can be read back after conversion to I420, to measure
 * how long a commit takes to become a readable frame.
 */
import { cstring, libc, MAP_SHARED, MFD_ALLOW_SEALING, MFD_CLOEXEC } from "../../ffi/libc.ts";
import { PROT_READ, PROT_WRITE } from "../../ffi/libc.ts";
import { WaylandConnection } from "../../src/display/wayland/connection.ts";
import {
  type WlBufferProxy,
  WlCompositorProxy,
  WlShmProxy,
  type WlSurfaceProxy,
} from "../../src/display/wayland/generated/wayland.ts";
import { XdgWmBaseProxy } from "../../src/display/wayland/generated/xdg-shell.ts";
import { monotonicMs } from "../../src/media/clock.ts";
import type { CapturedFrame, FrameReader } from "../../src/media/frame_ring.ts";

const BITS = 24;
/** Pixels of a bit's square; even, so that chroma does not mix two bits. */
const SQUARE = 8;

interface Page {
  buffer: WlBufferProxy;
  pixels: Uint32Array;
  free: boolean;
}

/** A fullscreen window, double-buffered, that draws when it is told to. */
export class StampingClient {
  readonly #connection: WaylandConnection;
  readonly #surface: WlSurfaceProxy;
  readonly #pages: Page[] = [];
  readonly #fd: number;
  readonly #mapping: Deno.PointerObject;
  readonly #length: number;
  #number = 0;

  constructor(socketPath: string, readonly width: number, readonly height: number) {
    this.#connection = WaylandConnection.connect(socketPath);
    const globals = this.#connection.globals();
    const shm = globals.bind(WlShmProxy, 1);
    this.#surface = globals.bind(WlCompositorProxy, 4).createSurface();
    const xdgSurface = globals.bind(XdgWmBaseProxy, 1).getXdgSurface(this.#surface);
    const toplevel = xdgSurface.getToplevel();
    xdgSurface.listener = { configure: (serial) => xdgSurface.ackConfigure(serial) };
    toplevel.setFullscreen(null);
    this.#surface.commit();
    this.#connection.roundtrip();
    const page = width * height * 4;
    this.#length = 2 * page;
    this.#fd = libc.memfd_create(cstring("stamps"), MFD_CLOEXEC | MFD_ALLOW_SEALING);
    libc.ftruncate(this.#fd, BigInt(this.#length));
    const protection = PROT_READ | PROT_WRITE;
    this.#mapping = libc.mmap(null, BigInt(this.#length), protection, MAP_SHARED, this.#fd, 0n)!;
    const memory = Deno.UnsafePointerView.getArrayBuffer(this.#mapping, this.#length);
    const pool = shm.createPool(this.#fd, this.#length);
    for (let i = 0; i < 2; i++) {
      const buffer = pool.createBuffer(i * page, width, height, width * 4, 1);
      const pixels = new Uint32Array(memory, i * page, width * height);
      const made: Page = { buffer, pixels, free: true };
      buffer.listener = { release: () => made.free = true };
      this.#pages.push(made);
    }
  }

  /** Draws the next number and commits. `atMs`: monotonic time just before the commit was sent. */
  commit(): { number: number; atMs: number } {
    let page = this.#pages.find(({ free }) => free);
    while (!page) {
      this.#connection.wait(1000);
      this.#connection.dispatch();
      page = this.#pages.find(({ free }) => free);
    }
    const number = this.#number = (this.#number + 1) % 2 ** BITS;
    // All of the picture changes, as it does in a game.
    page.pixels.fill(0xff000000 | (number * 0x050301) & 0xffffff);
    this.#stamp(page.pixels, number);
    page.free = false;
    const atMs = monotonicMs();
    this.#surface.attach(page.buffer, 0, 0);
    this.#surface.damageBuffer(0, 0, this.width, this.height);
    this.#surface.commit();
    this.#connection.flush();
    return { number, atMs };
  }

  #stamp(pixels: Uint32Array, number: number): void {
    for (let bit = 0; bit < BITS; bit++) {
      const color = number >> bit & 1 ? 0xffffffff : 0xff000000;
      for (let y = 0; y < SQUARE; y++) {
        const from = y * this.width + bit * SQUARE;
        pixels.fill(color, from, from + SQUARE);
      }
    }
  }

  close(): void {
    this.#connection.close();
    libc.munmap(this.#mapping, BigInt(this.#length));
    libc.close(this.#fd);
  }
}

/** The number in a picture of a {@linkcode StampingClient}. */
export function readStamp({ y, yStride }: CapturedFrame): number {
  let number = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const centre = y[SQUARE / 2 * yStride + bit * SQUARE + SQUARE / 2];
    if (centre > 126) number |= 1 << bit;
  }
  return number;
}

/**
 * Milliseconds from just before a commit is sent until this thread has found the picture in the
 * ring, for each of `count` commits one after the other at the rate of the stream. Blocks the thread.
 */
export function commitToFrame(
  client: StampingClient,
  reader: FrameReader,
  count: number,
  periodMs: number,
): number[] {
  const found: number[] = [];
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let i = 0; i < count; i++) {
    const { number, atMs } = client.commit();
    for (;;) {
      if (!reader.waitSync(1000)) throw new Error(`picture ${number} did not come within 1 s`);
      const frame = reader.take();
      if (!frame || readStamp(frame) !== number) continue;
      found.push(monotonicMs() - atMs);
      break;
    }
    // Somewhat more than a period, so that no commit falls into the same tick as the one before.
    Atomics.wait(never, 0, 0, Math.max(0, atMs + periodMs * 1.05 - monotonicMs()));
  }
  return found;
}
