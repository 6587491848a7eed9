import {
  type WlKeyboardProxy,
  type WlPointerProxy,
  WlSeatCapability,
  type WlSeatProxy,
  type WlTouchProxy,
} from "../wayland/generated/wayland.ts";
import { buttonName, keyName } from "./key_names.ts";
import type { TestCardState } from "./state.ts";

const PRESSED = 1;
const DETENT = 120;
/** Pixels of `wl_pointer.axis` that are one detent, where the compositor counts none itself. */
const PIXELS_PER_DETENT = 10;

/** Follows a seat's keyboard, pointer and touch into the card's state. */
export class SeatInput {
  #keyboard: WlKeyboardProxy | undefined;
  #pointer: WlPointerProxy | undefined;
  #touch: WlTouchProxy | undefined;

  /** `onInput` is called after each change with the presses in it. */
  constructor(
    readonly seat: WlSeatProxy,
    readonly state: TestCardState,
    readonly onInput: (presses: number) => void,
  ) {
    seat.listener = {
      capabilities: (capabilities) => {
        if (capabilities & WlSeatCapability.keyboard) this.#takeKeyboard();
        if (capabilities & WlSeatCapability.pointer) this.#takePointer();
        if (capabilities & WlSeatCapability.touch) this.#takeTouch();
      },
    };
  }

  #takeKeyboard(): void {
    if (this.#keyboard) return;
    const { state } = this;
    this.#keyboard = this.seat.getKeyboard();
    this.#keyboard.listener = {
      leave: () => {
        state.keys.clear();
        this.onInput(0);
      },
      key: (_serial, _time, key, keyState) => {
        if (keyState === PRESSED) {
          state.keys.add(key);
          state.last = keyName(key);
        } else {
          state.keys.delete(key);
        }
        this.onInput(keyState === PRESSED ? 1 : 0);
      },
    };
  }

  #takePointer(): void {
    if (this.#pointer) return;
    const { state } = this;
    const pointer = this.seat.getPointer();
    this.#pointer = pointer;
    const moved = (x: number, y: number) => {
      state.pointer = { x, y };
      this.onInput(0);
    };
    pointer.listener = {
      enter: (serial, _surface, x, y) => {
        // The card draws its own cross, whose delay is what the player wants to see.
        pointer.setCursor(serial, null, 0, 0);
        moved(x, y);
      },
      leave: () => {
        state.pointer = undefined;
        state.buttons.clear();
        this.onInput(0);
      },
      motion: (_time, x, y) => moved(x, y),
      button: (_serial, _time, button, buttonState) => {
        if (buttonState === PRESSED) {
          state.buttons.add(button);
          state.last = `${buttonName(button)} button`;
        } else {
          state.buttons.delete(button);
        }
        this.onInput(buttonState === PRESSED ? 1 : 0);
      },
      axis: (_time, axis, value) => {
        if (pointer.version < 5) this.#turned(axis, value / PIXELS_PER_DETENT);
      },
      axisDiscrete: (axis, discrete) => {
        if (pointer.version < 8) this.#turned(axis, discrete);
      },
      axisValue120: (axis, value120) => this.#turned(axis, value120 / DETENT),
    };
  }

  /** `axis` 0 is vertical, 1 horizontal (wl_pointer.axis). */
  #turned(axis: number, detents: number): void {
    const { wheel } = this.state;
    const side = axis === 0 ? "y" : "x";
    const before = Math.trunc(wheel[side]);
    wheel[side] += detents;
    this.state.last = "Wheel";
    this.onInput(Math.abs(Math.trunc(wheel[side]) - before));
  }

  #takeTouch(): void {
    if (this.#touch) return;
    const { state } = this;
    this.#touch = this.seat.getTouch();
    this.#touch.listener = {
      down: (_serial, _time, _surface, id, x, y) => {
        state.touches.set(id, { x, y });
        state.last = `Touch ${id}`;
        this.onInput(1);
      },
      motion: (_time, id, x, y) => {
        if (state.touches.has(id)) state.touches.set(id, { x, y });
        this.onInput(0);
      },
      up: (_serial, _time, id) => {
        state.touches.delete(id);
        this.onInput(0);
      },
      cancel: () => {
        state.touches.clear();
        this.onInput(0);
      },
    };
  }
}
