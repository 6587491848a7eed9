/**
 * Kernel gamepad events (linux/input.h, Documentation/input/gamepad.rst) to the W3C standard
 * gamepad that the Test card draws.
 */
import type { PadView } from "./state.ts";

/** sizeof(struct input_event) on 64-bit: two 64-bit times, u16 type, u16 code, s32 value. */
export const INPUT_EVENT_BYTES = 24;
const EV_KEY = 1;
const EV_ABS = 3;

/** evdev BTN_* → bit of the W3C standard gamepad. */
const BUTTONS = new Map([
  [0x130, 0], // BTN_SOUTH
  [0x131, 1], // BTN_EAST
  [0x133, 2], // BTN_X
  [0x134, 3], // BTN_Y
  [0x136, 4], // BTN_TL
  [0x137, 5], // BTN_TR
  [0x138, 6], // BTN_TL2
  [0x139, 7], // BTN_TR2
  [0x13a, 8], // BTN_SELECT
  [0x13b, 9], // BTN_START
  [0x13d, 10], // BTN_THUMBL
  [0x13e, 11], // BTN_THUMBR
  [0x220, 12], // BTN_DPAD_UP
  [0x221, 13],
  [0x222, 14],
  [0x223, 15],
  [0x13c, 16], // BTN_MODE
]);
/** ABS_X, ABS_Y, ABS_RX, ABS_RY → stick axis. */
const STICKS = new Map([[0, 0], [1, 1], [3, 2], [4, 3]]);
/** ABS_Z, ABS_RZ → trigger. */
const TRIGGERS = new Map([[2, 0], [5, 1]]);
const ABS_HAT0X = 16;
const ABS_HAT0Y = 17;
/** Axes whose range is asked for. */
export const PAD_AXES = [...STICKS.keys(), ...TRIGGERS.keys(), ABS_HAT0X, ABS_HAT0Y];
/** An axis beyond this counts as pressed, below the lower one as let go. */
const AXIS_PRESSED = 0.5;
const AXIS_RELEASED = 0.3;

/** Values an axis takes; absent from the device's answer: see {@linkcode PadDecoder}. */
export interface AxisRange {
  minimum: number;
  maximum: number;
}

/** Follows one pad's events. */
export class PadDecoder {
  readonly view: PadView;
  readonly #ranges: Map<number, AxisRange>;
  readonly #pressedAxes = new Set<string>();

  /** `ranges` by ABS_* code; an axis without one has ±32767, a trigger 0–255, a hat ±1. */
  constructor(name: string, ranges = new Map<number, AxisRange>()) {
    this.view = { name, buttons: 0, axes: [0, 0, 0, 0], triggers: [0, 0] };
    this.#ranges = ranges;
  }

  /**
   * Takes whole `struct input_event`s; a cut-off last one is left out. Returns the presses in them:
   * buttons that went down and axes that left their middle.
   */
  decode(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let presses = 0;
    for (let at = 0; at + INPUT_EVENT_BYTES <= bytes.length; at += INPUT_EVENT_BYTES) {
      const type = view.getUint16(at + 16, true);
      const code = view.getUint16(at + 18, true);
      const value = view.getInt32(at + 20, true);
      if (type === EV_KEY) presses += this.#button(BUTTONS.get(code), value !== 0);
      else if (type === EV_ABS) presses += this.#axis(code, value);
    }
    return presses;
  }

  #button(bit: number | undefined, down: boolean): number {
    if (bit === undefined) return 0;
    const before = this.view.buttons >> bit & 1;
    if (down) this.view.buttons |= 1 << bit;
    else this.view.buttons &= ~(1 << bit);
    return down && !before ? 1 : 0;
  }

  #axis(code: number, value: number): number {
    const stick = STICKS.get(code);
    if (stick !== undefined) {
      const { minimum, maximum } = this.#range(code, -32767, 32767);
      this.view.axes[stick] = scale(value, minimum, maximum) * 2 - 1;
      return this.#moved(`stick ${stick >> 1}`, Math.abs(this.view.axes[stick]), stick);
    }
    const trigger = TRIGGERS.get(code);
    if (trigger !== undefined) {
      const { minimum, maximum } = this.#range(code, 0, 255);
      this.view.triggers[trigger] = scale(value, minimum, maximum);
      return this.#moved(`trigger ${trigger}`, this.view.triggers[trigger]);
    }
    if (code === ABS_HAT0X) return this.#button(14, value < 0) + this.#button(15, value > 0);
    if (code === ABS_HAT0Y) return this.#button(12, value < 0) + this.#button(13, value > 0);
    return 0;
  }

  /** A stick is one control: it counts once, until both its axes are back. */
  #moved(control: string, amount: number, stick?: number): number {
    const other = stick === undefined ? 0 : Math.abs(this.view.axes[stick ^ 1]);
    const most = Math.max(amount, other);
    if (most < AXIS_RELEASED) this.#pressedAxes.delete(control);
    if (most < AXIS_PRESSED || this.#pressedAxes.has(control)) return 0;
    this.#pressedAxes.add(control);
    return 1;
  }

  #range(code: number, minimum: number, maximum: number): AxisRange {
    const range = this.#ranges.get(code);
    return range && range.maximum > range.minimum ? range : { minimum, maximum };
  }
}

/** Where `value` is between the ends, 0–1. */
function scale(value: number, minimum: number, maximum: number): number {
  return Math.min(1, Math.max(0, (value - minimum) / (maximum - minimum)));
}
