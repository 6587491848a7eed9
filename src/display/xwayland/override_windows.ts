import {
  CONFIGURE_NOTIFY,
  DESTROY_NOTIFY,
  INPUT_ONLY,
  MAP_NOTIFY,
  UNMAP_NOTIFY,
} from "../../../ffi/libxcb.ts";
import type { XConnection } from "../x11/connection.ts";
import type { Placement } from "./size_hints.ts";

/** More are not followed: a game does not show so many menus at once. */
const MAX_FOLLOWED = 256;

/**
 * The mapped windows that place themselves (override-redirect): menus, tooltips, and games that want
 * no window manager.
 */
export class OverrideWindows {
  readonly #areas = new Map<number, Placement>();

  constructor(readonly connection: XConnection) {}

  /** Where they are, in screen pixels. */
  get areas(): Placement[] {
    return [...this.#areas.values()];
  }

  /** Follows an event of the root window's substructure; any other is ignored. */
  handle(event: Uint8Array): void {
    const view = new DataView(event.buffer, event.byteOffset);
    const id = view.getUint32(8, true);
    switch (event[0] & 127) {
      case MAP_NOTIFY:
        if (event[12] === 1) this.add(id);
        break;
      case CONFIGURE_NOTIFY:
        if (this.#areas.has(id)) this.#areas.set(id, area(view, 16));
        break;
      case UNMAP_NOTIFY:
      case DESTROY_NOTIFY:
        this.#areas.delete(id);
        break;
    }
  }

  /** Follows a window that is mapped. */
  add(id: number): void {
    if (this.#areas.size >= MAX_FOLLOWED) return;
    const { handle, xcb } = this.connection;
    const attributes = this.connection.reply(xcb.xcb_get_window_attributes(handle, id));
    const geometry = this.connection.reply(xcb.xcb_get_geometry(handle, id));
    if (!attributes || !geometry) return;
    const [described, placed] = [attributes, geometry].map((reply) => new DataView(reply.buffer));
    if (described.getUint16(12, true) !== INPUT_ONLY) this.#areas.set(id, area(placed, 12));
  }
}

/** Position, size and border as X events and replies have them one after the other. */
function area(view: DataView, offset: number): Placement {
  const borders = 2 * view.getUint16(offset + 8, true);
  return {
    x: view.getInt16(offset, true),
    y: view.getInt16(offset + 2, true),
    width: view.getUint16(offset + 4, true) + borders,
    height: view.getUint16(offset + 6, true) + borders,
  };
}
