import {
  CURSOR_NOTIFY_EVENT,
  DISPLAY_CURSOR_NOTIFY_MASK,
  libxcbXfixes,
} from "../../../ffi/libxcb_xfixes.ts";
import { encodePng } from "../../media/png.ts";
import type { DisplayEvent } from "../../media/stages.ts";
import type { XConnection } from "./connection.ts";

type CursorEvent = Extract<DisplayEvent, { type: "cursor" }>;
/** Shapes kept encoded; themes have about fifty. */
const MAX_SHAPES = 64;

/** The desktop's cursor, which the browser draws: XFIXES cursor pictures as PNG. */
export class CursorShapes {
  /** Number of the extension's CursorNotify event. */
  readonly notifyEvent: number;
  readonly #bySerial = new Map<number, CursorEvent>();

  /** `firstEvent`: of the XFIXES extension, whose version was asked for. */
  constructor(readonly connection: XConnection, firstEvent: number) {
    this.notifyEvent = firstEvent + CURSOR_NOTIFY_EVENT;
    libxcbXfixes().xcb_xfixes_select_cursor_input(
      connection.handle,
      connection.root,
      DISPLAY_CURSOR_NOTIFY_MASK,
    );
  }

  /** The shape now. */
  current(): CursorEvent | undefined {
    const { handle } = this.connection;
    const reply = this.connection.reply(libxcbXfixes().xcb_xfixes_get_cursor_image(handle));
    if (!reply) return undefined;
    const view = new DataView(reply.buffer);
    const serial = view.getUint32(20, true);
    const known = this.#bySerial.get(serial);
    if (known) return known;
    const width = view.getUint16(12, true);
    const height = view.getUint16(14, true);
    const rgba = straightAlpha(reply.subarray(32, 32 + width * height * 4));
    const hidden = rgba.every((byte, i) => i % 4 !== 3 || byte === 0);
    const event: CursorEvent = {
      type: "cursor",
      image: hidden
        ? undefined
        : `data:image/png;base64,${encodePng(width, height, rgba).toBase64()}`,
      hotspotX: hidden ? 0 : view.getUint16(16, true),
      hotspotY: hidden ? 0 : view.getUint16(18, true),
    };
    if (this.#bySerial.size >= MAX_SHAPES) this.#bySerial.clear();
    this.#bySerial.set(serial, event);
    return event;
  }
}

/** Premultiplied B, G, R, A (XRender's ARGB32) to straight R, G, B, A. */
export function straightAlpha(bgra: Uint8Array): Uint8Array<ArrayBuffer> {
  const rgba = new Uint8Array(bgra.length);
  for (let i = 0; i + 3 < bgra.length; i += 4) {
    const alpha = bgra[i + 3];
    if (alpha === 0) continue;
    for (let channel = 0; channel < 3; channel++) {
      rgba[i + channel] = Math.min(255, Math.round(bgra[i + 2 - channel] * 255 / alpha));
    }
    rgba[i + 3] = alpha;
  }
  return rgba;
}
