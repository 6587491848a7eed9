import { CW_BACK_PIXEL, CW_OVERRIDE_REDIRECT, INPUT_OUTPUT } from "../../../ffi/libxcb.ts";
import type { XConnection } from "../x11/connection.ts";

/** Pictures of the old size can be under way still, so that one redraw is not enough. */
const REDRAWS = 4;
const INTERVAL_MS = 100;

/**
 * Draws a pixel for a moment, some times after the screen changed its size. Xwayland sends no
 * picture of its new size before something is drawn, and a game may have nothing to draw.
 */
export class ScreenRedraw {
  #left = 0;
  #dueMs = 0;

  constructor(readonly connection: XConnection) {}

  get pending(): boolean {
    return this.#left > 0;
  }

  start(): void {
    this.#left = REDRAWS;
    this.#dueMs = performance.now() + INTERVAL_MS;
  }

  /** Draws where it is time to; sent with the next flush. */
  step(): void {
    const now = performance.now();
    if (!this.pending || now < this.#dueMs) return;
    this.#left--;
    this.#dueMs = now + INTERVAL_MS;
    const { handle, root, xcb } = this.connection;
    const pixel = this.connection.generateId();
    const mask = CW_BACK_PIXEL | CW_OVERRIDE_REDIRECT;
    const values = new Uint8Array(Uint32Array.of(0, 1).buffer);
    xcb.xcb_create_window(handle, 0, pixel, root, 0, 0, 1, 1, 0, INPUT_OUTPUT, 0, mask, values);
    xcb.xcb_map_window(handle, pixel);
    xcb.xcb_destroy_window(handle, pixel);
  }
}
