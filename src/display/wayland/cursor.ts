/** Cursors: not part of the picture, but sent to the page, which draws them without delay. */
import { encodePng } from "../../media/png.ts";
import type { DisplayEvent } from "../../media/stages.ts";
import type { Compositor } from "./compositor.ts";
import {
  WpCursorShapeDeviceV1Error,
  type WpCursorShapeDeviceV1Requests,
  type WpCursorShapeDeviceV1Resource,
  WpCursorShapeDeviceV1Shape,
  type WpCursorShapeManagerV1Requests,
  type WpCursorShapeManagerV1Resource,
} from "./generated/cursor-shape-v1.ts";
import { WlPointerResource } from "./generated/wayland.ts";
import { ProtocolError } from "./resource.ts";
import type { Surface, SurfaceRole } from "./surface.ts";

type CursorEvent = Extract<DisplayEvent, { type: "cursor" }>;

/** Browsers ignore larger cursors. */
const MAX_SIDE = 128;

/** wp_cursor_shape_device_v1.shape → CSS cursor name; the enum is made after CSS. */
const shapeNames = new Map<number, string>(
  Object.entries(WpCursorShapeDeviceV1Shape).map(([name, value]) => [value, cssName(name)]),
);

function cssName(name: string): string {
  const exceptions: Record<string, string> = { dndAsk: "copy", allResize: "move" };
  return exceptions[name] ??
    name.replace(/^(\w+?)Resize$/, (_, sides) => `${sides}-resize`)
      .replace(/[A-Z]/g, (letter) => "-" + letter.toLowerCase());
}

export class Cursor {
  #surface: Surface | undefined;
  #hotspot = { x: 0, y: 0 };
  #sent = "";

  constructor(readonly compositor: Compositor) {}

  /** Gives a surface the role of a cursor. */
  adopt(surface: Surface): void {
    const role: SurfaceRole = {
      name: "cursor",
      committed: () => this.#committed(surface),
      surfaceDestroyed: () => this.#gone(surface),
    };
    surface.role = role;
  }

  /** Shows the picture of `surface`; the hotspot is in its coordinates. */
  show(surface: Surface, hotspotX: number, hotspotY: number): void {
    this.#surface = surface;
    this.#hotspot = { x: hotspotX, y: hotspotY };
    if (surface.content.present) this.#committed(surface);
  }

  hide(): void {
    this.#surface = undefined;
    this.#send({ type: "cursor", hotspotX: 0, hotspotY: 0 });
  }

  /** No client has said anything about the cursor: the page's own arrow. */
  reset(): void {
    this.#named("default");
  }

  #named(name: string): void {
    this.#surface = undefined;
    this.#send({ type: "cursor", name, hotspotX: 0, hotspotY: 0 });
  }

  bindShapes(manager: WpCursorShapeManagerV1Resource): void {
    const handler: WpCursorShapeManagerV1Requests = {
      getPointer: (device, pointer) => this.#addDevice(device, pointer),
      // There are no tablets, so no tool can exist.
      getTabletToolV2: () => {},
    };
    manager.handler = handler;
  }

  #addDevice(device: WpCursorShapeDeviceV1Resource, pointer: WlPointerResource): void {
    const handler: WpCursorShapeDeviceV1Requests = {
      setShape: (serial, shape) => {
        const name = shapeNames.get(shape);
        if (!name) {
          throw new ProtocolError(
            device,
            WpCursorShapeDeviceV1Error.invalidShape,
            `expected a cursor shape, got ${shape}`,
          );
        }
        if (this.compositor.seat.pointer.mayChangeCursor(pointer, serial)) this.#named(name);
      },
    };
    device.handler = handler;
  }

  #committed(surface: Surface): void {
    if (surface !== this.#surface || !surface.content.present) return;
    const { width, height } = surface.content;
    if (width > MAX_SIDE || height > MAX_SIDE) {
      return this.#send({ type: "cursor", name: "default", hotspotX: 0, hotspotY: 0 });
    }
    const perUnit = width / surface.size.width;
    const png = encodePng(width, height, straightRgba(surface));
    this.#send({
      type: "cursor",
      image: `data:image/png;base64,${png.toBase64()}`,
      hotspotX: Math.round(this.#hotspot.x * perUnit),
      hotspotY: Math.round(this.#hotspot.y * perUnit),
    });
  }

  #gone(surface: Surface): void {
    if (surface === this.#surface) this.hide();
  }

  #send(event: CursorEvent): void {
    const text = JSON.stringify(event);
    if (text === this.#sent) return;
    this.#sent = text;
    this.compositor.emit(event);
  }
}

/** The picture as PNG wants it: R, G, B, A with colours not multiplied by alpha. */
function straightRgba({ content }: Surface): Uint8Array {
  const { width, height, format } = content;
  const { bytes, stride } = content.pixels();
  const [red, blue] = format.order === "bgra" ? [2, 0] : [0, 2];
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = y * stride + x * 4;
      const to = (y * width + x) * 4;
      const alpha = format.alpha ? bytes[from + 3] : 255;
      const straight = (value: number) =>
        alpha === 0 ? 0 : Math.min(255, Math.round(value * 255 / alpha));
      rgba[to] = straight(bytes[from + red]);
      rgba[to + 1] = straight(bytes[from + 1]);
      rgba[to + 2] = straight(bytes[from + blue]);
      rgba[to + 3] = alpha;
    }
  }
  return rgba;
}
