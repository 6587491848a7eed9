/**
 * wl_buffer: pixels of a client, whatever memory they lie in.
 */
import type { Client } from "./client.ts";
import type { WlBufferRequests, WlBufferResource } from "./generated/wayland.ts";

/**
 * How the bytes of a pixel lie in memory. `bgra` is libyuv's ARGB and Wayland's argb8888, `rgba`
 * libyuv's ABGR and Wayland's abgr8888 (drm_fourcc.h names the word, not the bytes).
 */
export interface PixelFormat {
  order: "bgra" | "rgba";
  /** False: the fourth byte means nothing and every pixel is opaque. */
  alpha: boolean;
}

const fourcc = (code: string) =>
  code.charCodeAt(0) | code.charCodeAt(1) << 8 | code.charCodeAt(2) << 16 |
  code.charCodeAt(3) << 24;

/** DRM fourcc code → format (drm_fourcc.h). */
export const drmFormats = new Map<number, PixelFormat>([
  [fourcc("AR24"), { order: "bgra", alpha: true }],
  [fourcc("XR24"), { order: "bgra", alpha: false }],
  [fourcc("AB24"), { order: "rgba", alpha: true }],
  [fourcc("XB24"), { order: "rgba", alpha: false }],
]);

/** Limits on one buffer: four times the largest output. */
export const MAX_BUFFER_SIDE = 16384;
export const MAX_BUFFER_PIXELS = 3840 * 2160 * 4;

/** Why a picture of this size is refused, or undefined where it is not. */
export function sizeProblem(width: number, height: number): string | undefined {
  if (width <= 0 || height <= 0) return `expected a positive size, got ${width}×${height}`;
  if (
    width > MAX_BUFFER_SIDE || height > MAX_BUFFER_SIDE || width * height > MAX_BUFFER_PIXELS
  ) {
    return `expected at most ${MAX_BUFFER_PIXELS} pixels, got ${width}×${height}`;
  }
}

/** One plane of a picture that lies in a descriptor. */
export interface BufferPlane {
  fd: number;
  /** Bytes to the first row, and between rows. */
  offset: number;
  stride: number;
  /** DRM format modifier; 0 is LINEAR. */
  modifier: bigint;
}

/** Pixels that can be read now; valid until the buffer is released or its memory let go. */
export interface Pixels {
  bytes: Uint8Array<ArrayBuffer>;
  /** Bytes between rows. */
  stride: number;
}

/** The memory behind a buffer cannot be read, for example because the client shrank it. */
export class BufferError extends Error {
  override name = "BufferError";
}

/**
 * A client's buffer. `retain` and `drop` count who still reads its memory: the client's object is
 * one of them, a surface that shows it another, so that destroying the object early is harmless.
 */
export abstract class ClientBuffer implements WlBufferRequests {
  #users = 1;
  #busy = false;

  constructor(
    readonly resource: WlBufferResource,
    readonly width: number,
    readonly height: number,
    readonly format: PixelFormat,
  ) {
    resource.handler = this;
  }

  get client(): Client {
    return this.resource.client as Client;
  }

  /** Where the pixels lie, for stages that can take them without the CPU; absent: only `read`. */
  get planes(): BufferPlane[] | undefined {
    return undefined;
  }

  /** Throws {@linkcode BufferError} where the memory cannot be read. */
  abstract read(): Pixels;
  /** Frees the memory. */
  protected abstract free(): void;

  retain(): void {
    this.#users++;
  }

  drop(): void {
    if (--this.#users === 0) this.free();
  }

  /** The client committed it and must not draw into it. */
  acquire(): void {
    this.#busy = true;
  }

  /** The client may draw into it again. */
  release(): void {
    if (!this.#busy) return;
    this.#busy = false;
    if (this.resource.alive) this.resource.release();
  }

  destroyed(): void {
    this.drop();
  }
}
