/**
 * A client with a moving picture that carries a number, which can be read back after capture to
 * measure how long a commit takes to become a readable frame.
 */
import { cstring, libc, MAP_SHARED, MFD_ALLOW_SEALING, MFD_CLOEXEC } from "../../../ffi/libc.ts";
import { PROT_READ, PROT_WRITE } from "../../../ffi/libc.ts";
import { WaylandConnection } from "../../display/wayland/connection.ts";
import {
  type WlBufferProxy,
  WlCompositorProxy,
  WlShmProxy,
  type WlSurfaceProxy,
} from "../../display/wayland/generated/wayland.ts";
import { XdgWmBaseProxy } from "../../display/wayland/generated/xdg-shell.ts";
import { monotonicMs } from "../../media/clock.ts";
import type { CapturedFrame } from "../../media/frame_ring.ts";
import { MovingPicture } from "./moving_picture.ts";

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
  readonly #picture: MovingPicture;
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
    this.#picture = new MovingPicture(width, height);
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
    page.pixels.set(this.#picture.at(number));
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

/** The number in a captured picture of a {@linkcode StampingClient}. */
export function readStamp({ y, yStride }: CapturedFrame): number {
  return stampIn(y, yStride, 1);
}

/**
 * The number in the pixels of a picture.
 *
 * @param stride bytes a row
 * @param pixelBytes bytes a pixel, the first of which is bright where the picture is
 */
export function stampIn(pixels: Uint8Array, stride: number, pixelBytes: number): number {
  let number = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const centre = pixels[SQUARE / 2 * stride + (bit * SQUARE + SQUARE / 2) * pixelBytes];
    if (centre > 126) number |= 1 << bit;
  }
  return number;
}
