/**
 * An X client with a scrolling landscape at 60 pictures a second:
 * `deno run -A tests/bench/x11_animation.ts DISPLAY screen|window`. On the whole screen, as a game
 * is, or in its middle quarter with the rest still, as a video on a desktop is. Says "ready" when it
 * is drawing; the server copies inside itself, so that drawing costs as little as it can.
 */
import { MovingPicture } from "../../src/cli/bench/moving_picture.ts";
import { sleepUntil } from "../../src/cli/bench/capture_latency.ts";
import { XConnection } from "../../src/display/x11/connection.ts";
import { monotonicMs } from "../../src/media/clock.ts";
import { CW_OVERRIDE_REDIRECT, IMAGE_FORMAT_Z_PIXMAP } from "../../ffi/libxcb.ts";

const FPS = 60;
const GC_GRAPHICS_EXPOSURES = 1 << 16;
/** Rows that fit one PutImage of the core protocol's 256 KB. */
const ROWS = 16;

// Drawing, which the product never does; as in <xcb/xproto.h>.
const drawing = Deno.dlopen("libxcb.so.1", {
  // connection, depth, id, drawable, width, height
  xcb_create_pixmap: { parameters: ["pointer", "u8", "u32", "u32", "u16", "u16"], result: "u32" },
  // connection, id, drawable, value mask, values
  xcb_create_gc: { parameters: ["pointer", "u32", "u32", "u32", "buffer"], result: "u32" },
  // connection, format, drawable, gc, width, height, x, y, left pad, depth, bytes, data
  xcb_put_image: {
    parameters: [
      "pointer",
      "u8",
      "u32",
      "u32",
      "u16",
      "u16",
      "i16",
      "i16",
      "u8",
      "u8",
      "u32",
      "buffer",
    ],
    result: "u32",
  },
  // connection, from, to, gc, from x, y, to x, y, width, height
  xcb_copy_area: {
    parameters: ["pointer", "u32", "u32", "u32", "i16", "i16", "i16", "i16", "u16", "u16"],
    result: "u32",
  },
}).symbols;

const connection = XConnection.open(Deno.args[0]);
const { handle, root, xcb, screen } = connection;
const { width, height, depth } = screen;
const words = (...values: number[]) => new Uint8Array(new Uint32Array(values).buffer);

const window = connection.generateId();
xcb.xcb_create_window(
  handle,
  0,
  window,
  root,
  0,
  0,
  width,
  height,
  0,
  1,
  0,
  CW_OVERRIDE_REDIRECT,
  words(1),
);
xcb.xcb_map_window(handle, window);
const picture = new MovingPicture(width, height);
const pixmap = connection.generateId();
drawing.xcb_create_pixmap(handle, depth, pixmap, root, width, picture.rows);
const gc = connection.generateId();
drawing.xcb_create_gc(handle, gc, root, GC_GRAPHICS_EXPOSURES, words(0));
const bytes = new Uint8Array(picture.pixels.buffer);
for (let row = 0; row < picture.rows; row += ROWS) {
  const rows = Math.min(ROWS, picture.rows - row);
  const band = bytes.subarray(row * width * 4, (row + rows) * width * 4);
  drawing.xcb_put_image(
    handle,
    IMAGE_FORMAT_Z_PIXMAP,
    pixmap,
    gc,
    width,
    rows,
    0,
    row,
    0,
    depth,
    band.length,
    band,
  );
}
// A round trip: everything is at the server.
connection.atom("READY");
console.log("ready");
drawing.xcb_copy_area(handle, pixmap, window, gc, 0, 0, 0, 0, width, height);
const part = Deno.args[1] === "window" ? 2 : 1;
const moving = {
  x: (width - width / part) / 2,
  y: (height - height / part) / 2,
  width: width / part,
  height: height / part,
};
const startMs = monotonicMs();
for (let number = 0;; number++) {
  sleepUntil(startMs + number * 1000 / FPS);
  const from = picture.firstRow(number);
  drawing.xcb_copy_area(
    handle,
    pixmap,
    window,
    gc,
    moving.x,
    moving.y + from,
    moving.x,
    moving.y,
    moving.width,
    moving.height,
  );
  connection.flush();
  connection.check();
}
