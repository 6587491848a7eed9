import {
  BUTTON_PRESS,
  BUTTON_RELEASE,
  KEY_PRESS,
  KEY_RELEASE,
  MOTION_NOTIFY,
} from "../../../ffi/libxcb.ts";
import { libxcbXtest } from "../../../ffi/libxcb_xtest.ts";
import type { InputEvent } from "../../protocol/input.ts";
import { XConnection, XConnectionError } from "./connection.ts";
import { TextKeys } from "./text_keys.ts";

/** X keycodes are evdev codes plus 8 (xkeyboard-config, keycodes/evdev). */
const KEYCODE_OFFSET = 8;
/** evdev BTN_LEFT, RIGHT, MIDDLE, SIDE, EXTRA, FORWARD, BACK → X buttons (xf86-input-libinput). */
const BUTTONS = new Map([
  [0x110, 1],
  [0x111, 3],
  [0x112, 2],
  [0x113, 8],
  [0x114, 9],
  [0x115, 9],
  [0x116, 8],
]);
const WHEEL_UP = 4;
const WHEEL_LEFT = 6;
/** A wheel record may ask for this many clicks at most; more is a broken device. */
const MAX_CLICKS = 40;

/** How the stream's picture lies on the desktop. */
export interface Viewport {
  /** Desktop pixel under a picture position (0–1). */
  toDesktop(position: { x: number; y: number }): { x: number; y: number };
  /** Desktop pixels a pixel of the picture. */
  readonly scale: number;
}

/** Plays input events into an X server by XTEST. Touch moves the pointer and presses button 1. */
export class InputInjection {
  readonly #keys = new Set<number>();
  readonly #buttons = new Set<number>();
  readonly #text: TextKeys;
  #touch: number | undefined;
  #wheelX = 0;
  #wheelY = 0;
  #restX = 0;
  #restY = 0;

  /** Throws {@linkcode XConnectionError} where the server lacks XTEST. */
  constructor(readonly connection: XConnection, readonly viewport: () => Viewport) {
    if (connection.extension("XTEST") === undefined) {
      throw new XConnectionError(`the X server ${connection.display} lacks the XTEST extension`);
    }
    this.#text = new TextKeys(connection, (type, detail) => this.#fake(type, detail));
  }

  mappingChanged(): void {
    this.#text.mappingChanged();
  }

  /** Pads are not for X servers and do nothing here. */
  inject(event: InputEvent): void {
    switch (event.kind) {
      case "key":
        this.#key(event.code + KEYCODE_OFFSET, event.down);
        break;
      case "button": {
        const button = BUTTONS.get(event.code);
        if (button !== undefined) this.#button(button, event.down);
        break;
      }
      case "pointer-absolute":
        this.#moveTo(event);
        break;
      case "pointer-relative":
        this.#moveBy(event.dx, event.dy);
        break;
      case "wheel":
        this.#wheelX = this.#clicks(this.#wheelX + event.dx, WHEEL_LEFT);
        this.#wheelY = this.#clicks(this.#wheelY + event.dy, WHEEL_UP);
        break;
      case "touch":
        this.#touched(event);
        break;
      case "text":
        this.#text.type(event.text);
        break;
      case "release-all":
        this.releaseAll();
        break;
    }
    this.connection.flush();
  }

  releaseAll(): void {
    for (const keycode of [...this.#keys]) this.#key(keycode, false);
    for (const button of [...this.#buttons]) this.#button(button, false);
    this.#touch = undefined;
    this.connection.flush();
  }

  close(): void {
    this.releaseAll();
    this.#text.close();
  }

  #key(keycode: number, down: boolean): void {
    const { minKeycode, maxKeycode } = this.connection.screen;
    if (keycode < minKeycode || keycode > maxKeycode || this.#keys.has(keycode) === down) return;
    if (down) this.#keys.add(keycode);
    else this.#keys.delete(keycode);
    this.#fake(down ? KEY_PRESS : KEY_RELEASE, keycode);
  }

  #button(button: number, down: boolean): void {
    if (this.#buttons.has(button) === down) return;
    if (down) this.#buttons.add(button);
    else this.#buttons.delete(button);
    this.#fake(down ? BUTTON_PRESS : BUTTON_RELEASE, button);
  }

  #moveTo(position: { x: number; y: number }): void {
    const { x, y } = this.viewport().toDesktop(position);
    this.#fake(MOTION_NOTIFY, 0, this.connection.root, x, y);
  }

  #moveBy(dx: number, dy: number): void {
    const { scale } = this.viewport();
    this.#restX += dx * scale;
    this.#restY += dy * scale;
    const limit = (value: number) => Math.max(-32768, Math.min(32767, Math.trunc(value)));
    const [x, y] = [limit(this.#restX), limit(this.#restY)];
    this.#restX -= x;
    this.#restY -= y;
    // Detail 1: relative.
    if (x !== 0 || y !== 0) this.#fake(MOTION_NOTIFY, 1, 0, x, y);
  }

  /** Turns whole detents of `amount` into clicks of `negative` or the button after; returns the rest. */
  #clicks(amount: number, negative: number): number {
    const clicks = Math.trunc(amount / 120);
    const button = clicks < 0 ? negative : negative + 1;
    for (let i = 0; i < Math.min(Math.abs(clicks), MAX_CLICKS); i++) {
      this.#fake(BUTTON_PRESS, button);
      this.#fake(BUTTON_RELEASE, button);
    }
    return amount - clicks * 120;
  }

  /** The first finger is the pointer; further ones have no meaning to a desktop. */
  #touched(event: Extract<InputEvent, { kind: "touch" }>): void {
    if (event.phase === "down" && this.#touch === undefined) {
      this.#touch = event.id;
      this.#moveTo(event);
      this.#button(1, true);
      return;
    }
    if (event.id !== this.#touch) return;
    if (event.phase !== "cancel") this.#moveTo(event);
    if (event.phase === "up" || event.phase === "cancel") {
      this.#touch = undefined;
      this.#button(1, false);
    }
  }

  #fake(type: number, detail: number, root = 0, x = 0, y = 0): void {
    libxcbXtest().xcb_test_fake_input(this.connection.handle, type, detail, 0, root, x, y, 0);
  }
}
