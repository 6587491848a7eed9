import { CW_BACK_PIXEL, CW_EVENT_MASK, CW_OVERRIDE_REDIRECT } from "../../ffi/libxcb.ts";
import { XConnection } from "../../src/display/x11/connection.ts";

const WHITE = 0xffffff;

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Polls until `condition` holds; fails the test after ten seconds. */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (let i = 0; i < 1000; i++) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    await sleep(10);
  }
  throw new Error(`expected within 10 s: ${what}`);
}

export interface TestClientOptions {
  xauthority?: string;
  /** Left to the window manager. */
  managed?: boolean;
  /** Called before the window is mapped, to set its properties. */
  prepare?: (connection: XConnection, window: number) => void;
}

/** A plain X client with one white window that takes all input. */
export class TestClient {
  readonly connection: XConnection;
  readonly window: number;
  readonly events: Uint8Array[] = [];

  constructor(
    display: string,
    x: number,
    y: number,
    width: number,
    height: number,
    { xauthority, managed = false, prepare }: TestClientOptions = {},
  ) {
    this.connection = XConnection.open(display, xauthority);
    const { handle, root, xcb } = this.connection;
    this.window = this.connection.generateId();
    // Keys, buttons, motion, structure, focus and properties.
    const events = 1 | 2 | 4 | 8 | 64 | 1 << 17 | 1 << 21 | 1 << 22;
    const values = new Uint32Array([WHITE, managed ? 0 : 1, events]);
    xcb.xcb_create_window(
      handle,
      0,
      this.window,
      root,
      x,
      y,
      width,
      height,
      0,
      1,
      0,
      CW_BACK_PIXEL | CW_OVERRIDE_REDIRECT | CW_EVENT_MASK,
      new Uint8Array(values.buffer),
    );
    prepare?.(this.connection, this.window);
    xcb.xcb_map_window(handle, this.window);
    if (!managed) xcb.xcb_set_input_focus(handle, 1, this.window, 0);
    this.connection.atom("SYNC_1");
  }

  /** Events of a type so far, as bytes. */
  raw(type: number): DataView[] {
    for (let event = this.connection.nextEvent(); event; event = this.connection.nextEvent()) {
      this.events.push(event);
    }
    return this.events.filter((event) => (event[0] & 127) === type)
      .map((event) => new DataView(event.buffer));
  }

  /** Input events of a type as [detail, x, y] so far. */
  seen(type: number): number[][] {
    return this.raw(type).map((view) => [
      view.getUint8(1),
      view.getInt16(20, true),
      view.getInt16(22, true),
    ]);
  }

  /** Size and place as the server has them. */
  geometry(): [x: number, y: number, width: number, height: number] {
    const { handle, xcb } = this.connection;
    const reply = this.connection.reply(xcb.xcb_get_geometry(handle, this.window))!;
    const view = new DataView(reply.buffer);
    return [
      view.getInt16(12, true),
      view.getInt16(14, true),
      view.getUint16(16, true),
      view.getUint16(18, true),
    ];
  }

  /** The window that has the keyboard. */
  focus(): number {
    const { handle, xcb } = this.connection;
    const reply = this.connection.reply(xcb.xcb_get_input_focus(handle))!;
    return new DataView(reply.buffer).getUint32(8, true);
  }

  close(): void {
    this.connection.close();
  }
}
