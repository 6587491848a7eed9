/** wl_seat: the player's keyboard, pointer and touch screen, and the input records that drive them. */
import { monotonicMs } from "../../media/clock.ts";
import type { InputEvent } from "../../protocol/input.ts";
import type { KeyboardLayout } from "../../protocol/session.ts";
import type { Compositor } from "./compositor.ts";
import { WlSeatCapability, type WlSeatRequests, type WlSeatResource } from "./generated/wayland.ts";
import type {
  ZwpRelativePointerManagerV1Requests,
  ZwpRelativePointerManagerV1Resource,
} from "./generated/relative-pointer-unstable-v1.ts";
import { Keyboard } from "./keyboard.ts";
import { Pointer } from "./pointer.ts";
import type { Surface } from "./surface.ts";
import { TextEntry } from "./text_entry.ts";
import { Touch } from "./touch.ts";

/** evdev's BTN_LEFT. */
const LEFT_BUTTON = 0x110;

function isMovement(event: InputEvent): boolean {
  return event.kind === "pointer-absolute" || event.kind === "pointer-relative" ||
    (event.kind === "touch" && event.phase === "move");
}

export class Seat {
  readonly keyboard: Keyboard;
  readonly pointer: Pointer;
  readonly touch: Touch;
  readonly text: TextEntry;
  /** When the newest input was handed to a client, in monotonicMs time; 0: never. */
  newestInputMs = 0;
  /** The same of the newest input that is more than movement. */
  newestPressMs = 0;
  /** The finger that moves the pointer, for clients that do not listen to touch. */
  #pointingFinger: number | undefined;

  constructor(readonly compositor: Compositor, layout: KeyboardLayout) {
    this.keyboard = new Keyboard(compositor, layout);
    this.pointer = new Pointer(compositor);
    this.touch = new Touch(compositor);
    this.text = new TextEntry(compositor, this.keyboard);
  }

  bind(resource: WlSeatResource): void {
    const handler: WlSeatRequests = {
      getPointer: (id) => this.pointer.add(id),
      getKeyboard: (id) => this.keyboard.add(id),
      getTouch: (id) => this.touch.add(id),
    };
    resource.handler = handler;
    const { pointer, keyboard, touch } = WlSeatCapability;
    resource.capabilities(pointer | keyboard | touch);
    resource.name("seat0");
  }

  bindRelative(resource: ZwpRelativePointerManagerV1Resource): void {
    const handler: ZwpRelativePointerManagerV1Requests = {
      getRelativePointer: (id) => this.pointer.addRelative(id),
    };
    resource.handler = handler;
  }

  /** True while a button or a finger is down. */
  get pressed(): boolean {
    return this.pointer.pressed || this.touch.pressed;
  }

  /** Hands one event of a player to the client it is for. Pads are not the seat's. */
  input(event: InputEvent): void {
    const { width, height } = this.compositor.output.mode;
    switch (event.kind) {
      case "key":
        this.keyboard.key(event.code, event.down);
        break;
      case "pointer-absolute":
        // Under a lock only relative motion counts; the page sends it once it holds the lock itself.
        if (this.compositor.constraints.locked) return;
        this.pointer.moveTo(event.x * width, event.y * height);
        break;
      case "pointer-relative":
        this.pointer.moveBy(event.dx, event.dy);
        break;
      case "button":
        this.pointer.button(event.code, event.down);
        break;
      case "wheel":
        this.pointer.wheel(event.dx, event.dy);
        break;
      case "touch":
        this.#touched(event, event.x * width, event.y * height);
        break;
      case "text":
        this.text.type(event.text);
        break;
      case "release-all":
        this.releaseAll();
        break;
      default:
        return;
    }
    this.newestInputMs = monotonicMs();
    if (!isMovement(event)) this.newestPressMs = this.newestInputMs;
  }

  #touched(event: Extract<InputEvent, { kind: "touch" }>, x: number, y: number): void {
    const { id, phase } = event;
    if (phase === "down" && this.#pointingFinger === undefined && !this.touch.reaches(x, y)) {
      this.#pointingFinger = id;
      this.pointer.moveTo(x, y);
      this.pointer.button(LEFT_BUTTON, true);
    } else if (id !== this.#pointingFinger) {
      this.touch.event(id, phase, x, y);
    } else if (phase === "move") {
      this.pointer.moveTo(x, y);
    } else {
      this.#pointingFinger = undefined;
      this.pointer.button(LEFT_BUTTON, false);
    }
  }

  releaseAll(): void {
    this.keyboard.releaseAll();
    this.pointer.releaseAll();
    this.touch.releaseAll();
    this.#pointingFinger = undefined;
  }

  /** Focus follows the windows: the grabbing popup or the topmost window has the keyboard. */
  refocus(): void {
    const { scene } = this.compositor;
    const grabbing = scene.popups.findLast(({ grabbed }) => grabbed)?.surface;
    const surface = grabbing ?? scene.toplevels.at(-1)?.xdgSurface.surface;
    const before = this.keyboard.focus;
    if (surface && surface.client !== before?.client) {
      this.compositor.clipboard.offerTo(surface.client);
      this.compositor.primary.offerTo(surface.client);
    }
    this.keyboard.setFocus(surface);
    this.pointer.refocus();
    if (before !== surface) this.compositor.keyboardFocusChanged(before, surface);
  }

  surfaceGone(surface: Surface): void {
    this.touch.surfaceGone(surface);
    if (this.keyboard.focus === surface || this.pointer.focus === surface) this.refocus();
  }

  close(): void {
    this.text.close();
    this.keyboard.close();
  }
}
