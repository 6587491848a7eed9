/** Gamepads as the W3C standard layout, whatever the browser makes of them. Pure. */
import type { PadState } from "../../src/protocol/input.ts";

/** The parts of the DOM's Gamepad that are read. */
export interface PadReading {
  index: number;
  id: string;
  mapping: string;
  connected: boolean;
  timestamp: number;
  buttons: readonly { pressed: boolean; value: number }[];
  axes: readonly number[];
}

export type PadSnapshot = Pick<PadState, "buttons" | "axes" | "triggers">;

/** W3C standard gamepad button numbers (Gamepad, 4.1). */
export const PadButton = {
  A: 0,
  B: 1,
  X: 2,
  Y: 3,
  LeftBumper: 4,
  RightBumper: 5,
  LeftTrigger: 6,
  RightTrigger: 7,
  Select: 8,
  Start: 9,
  LeftStick: 10,
  RightStick: 11,
  Up: 12,
  Down: 13,
  Left: 14,
  Right: 15,
  Guide: 16,
} as const;

export const PAD_BUTTON_NAMES = [
  "A",
  "B",
  "X",
  "Y",
  "LB",
  "RB",
  "LT",
  "RT",
  "Select",
  "Start",
  "L3",
  "R3",
  "Up",
  "Down",
  "Left",
  "Right",
  "Guide",
] as const;

const DPAD_MASK = 0b1111 << PadButton.Up;

export const NEUTRAL_PAD: PadSnapshot = { buttons: 0, axes: [0, 0, 0, 0], triggers: [0, 0] };

/**
 * The state of a pad. Pads without standard mapping are read as they most often come on Linux: the
 * first buttons in order, sticks on axes 0, 1 and 3, 4 with triggers on 2 and 5 (-1 is released), and
 * the D-pad as a hat on axes 6 and 7.
 */
export function readPad(pad: PadReading): PadSnapshot {
  let buttons = 0;
  for (let i = 0; i < Math.min(17, pad.buttons.length); i++) {
    if (pad.buttons[i].pressed) buttons |= 1 << i;
  }
  const axis = (i: number) => pad.axes[i] ?? 0;
  const trigger = (i: number) => pad.buttons[i]?.value ?? 0;
  if (pad.mapping === "standard" || pad.axes.length < 6) {
    return {
      buttons,
      axes: [axis(0), axis(1), axis(2), axis(3)],
      triggers: [trigger(PadButton.LeftTrigger), trigger(PadButton.RightTrigger)],
    };
  }
  if (axis(7) < -0.5) buttons |= 1 << PadButton.Up;
  if (axis(7) > 0.5) buttons |= 1 << PadButton.Down;
  if (axis(6) < -0.5) buttons |= 1 << PadButton.Left;
  if (axis(6) > 0.5) buttons |= 1 << PadButton.Right;
  return {
    buttons,
    axes: [axis(0), axis(1), axis(3), axis(4)],
    triggers: [(axis(2) + 1) / 2, (axis(5) + 1) / 2],
  };
}

/** Whether two states would be the same on the wire: axes in 1/256, triggers in 1/255. */
export function samePad(a: PadSnapshot, b: PadSnapshot): boolean {
  if (a.buttons !== b.buttons) return false;
  for (let i = 0; i < 4; i++) if (Math.abs(a.axes[i] - b.axes[i]) > 1 / 256) return false;
  return Math.abs(a.triggers[0] - b.triggers[0]) < 1 / 255 &&
    Math.abs(a.triggers[1] - b.triggers[1]) < 1 / 255;
}

export type PadDirection = "up" | "down" | "left" | "right";

/** The direction a pad points for moving through menus: its D-pad, or its left stick well off centre. */
export function padDirection(state: PadSnapshot): PadDirection | undefined {
  const pressed = (button: number) => (state.buttons & (1 << button)) !== 0;
  if (state.buttons & DPAD_MASK) {
    if (pressed(PadButton.Up)) return "up";
    if (pressed(PadButton.Down)) return "down";
    return pressed(PadButton.Left) ? "left" : "right";
  }
  const [x, y] = state.axes;
  if (Math.max(Math.abs(x), Math.abs(y)) < 0.6) return undefined;
  if (Math.abs(x) > Math.abs(y)) return x < 0 ? "left" : "right";
  return y < 0 ? "up" : "down";
}

/** Guide, or Start and Select together: held, it opens the player's menu. */
export function isMenuCombo(buttons: number): boolean {
  const both = (1 << PadButton.Start) | (1 << PadButton.Select);
  return (buttons & (1 << PadButton.Guide)) !== 0 || (buttons & both) === both;
}

/** Tells once when something has been held for long enough. */
export class HoldDetector {
  #since: number | undefined;
  #told = false;
  constructor(readonly holdMs: number) {}

  /** Call with each state; true at the moment the hold is complete. */
  update(held: boolean, now: number): boolean {
    if (!held) {
      this.#since = undefined;
      this.#told = false;
      return false;
    }
    this.#since ??= now;
    if (this.#told || now - this.#since < this.holdMs) return false;
    return this.#told = true;
  }
}
