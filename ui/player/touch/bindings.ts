/**
 * What the on-screen controls hold down now, and the events that follow from a change. Two controls
 * may press the same key: it goes up with the last of them.
 */
import { evdevCodes, evdevMouseButtons } from "../../../src/protocol/keycodes.ts";
import { NEUTRAL_PAD, PadButton, type PadSnapshot } from "../../gamepad/mapping.ts";
import type { GamePads } from "../input/pads.ts";
import type { InputSender } from "../input/sender.ts";
import { directionsOf, type TouchControl } from "./layout.ts";

/** Full deflection of a mouse stick, pixels a second. */
const MOUSE_SPEED = 900;
const DEAD = 0.3;
/** Pad states may be lost on their way: told again this often, so that no button stays down. */
const REPEAT_MS = 25;

/** What one control does now: pressed for buttons, a direction (-1 to 1) for sticks and D-pads. */
export interface ControlState {
  pressed: boolean;
  x: number;
  y: number;
}

export interface Held {
  pad: PadSnapshot;
  usesPad: boolean;
  keys: Set<string>;
  mouse: Set<number>;
  look: { x: number; y: number };
}

/** Everything that the controls hold together. Pure. */
export function heldBy(controls: TouchControl[], states: ReadonlyMap<string, ControlState>): Held {
  const held: Held = {
    pad: { ...NEUTRAL_PAD, axes: [0, 0, 0, 0], triggers: [0, 0] },
    usesPad: false,
    keys: new Set(),
    mouse: new Set(),
    look: { x: 0, y: 0 },
  };
  for (const control of controls) {
    const { binding } = control;
    if (binding.to === "pad") held.usesPad = true;
    const state = states.get(control.id);
    if (!state?.pressed) continue;
    if (control.kind === "button") pressButton(held, control.binding);
    else if (control.kind === "stick") moveStick(held, control.binding, state);
    else pressDirections(held, control.binding, state);
  }
  return held;
}

type BindingOf<Kind extends TouchControl["kind"]> = Extract<
  TouchControl,
  { kind: Kind }
>["binding"];

function pressButton(held: Held, binding: BindingOf<"button">): void {
  if (binding.to === "key") held.keys.add(binding.code);
  else if (binding.to === "mouse") held.mouse.add(binding.button);
  else {
    held.pad.buttons |= 1 << binding.button;
    if (binding.button === PadButton.LeftTrigger) held.pad.triggers[0] = 1;
    if (binding.button === PadButton.RightTrigger) held.pad.triggers[1] = 1;
  }
}

function moveStick(held: Held, binding: BindingOf<"stick">, { x, y }: ControlState): void {
  if (binding.to === "mouse") held.look = { x, y };
  else if (binding.to === "keys") pressKeys(held, binding.codes, x, y);
  else {
    const at = binding.side === "left" ? 0 : 2;
    held.pad.axes[at] = x;
    held.pad.axes[at + 1] = y;
  }
}

function pressDirections(held: Held, binding: BindingOf<"dpad">, { x, y }: ControlState): void {
  if (binding.to === "keys") return pressKeys(held, binding.codes, x, y);
  const [up, left, down, right] = directionsOf(x, y, DEAD);
  if (up) held.pad.buttons |= 1 << PadButton.Up;
  if (down) held.pad.buttons |= 1 << PadButton.Down;
  if (left) held.pad.buttons |= 1 << PadButton.Left;
  if (right) held.pad.buttons |= 1 << PadButton.Right;
}

function pressKeys(held: Held, codes: string[], x: number, y: number): void {
  directionsOf(x, y, DEAD).forEach((pressed, i) => {
    if (pressed) held.keys.add(codes[i]);
  });
}

/** Sends what changes between one state of the controls and the next. */
export class TouchBindings {
  #held: Held = heldBy([], new Map());
  #states = new Map<string, ControlState>();
  #look: { frame: number; at: number } | undefined;
  #repeat: ReturnType<typeof setInterval>;

  constructor(
    readonly sender: InputSender,
    readonly pads: GamePads,
    readonly controls: TouchControl[],
  ) {
    this.#apply(performance.now());
    this.#repeat = setInterval(() => this.#apply(performance.now()), REPEAT_MS);
  }

  /** A finger moved on, touched or left a control. */
  set(id: string, state: ControlState, timeMs: number): void {
    this.#states.set(id, state);
    this.#apply(timeMs);
  }

  /** Lets go of everything and takes the on-screen pad away. */
  stop(): void {
    clearInterval(this.#repeat);
    this.#states.clear();
    const timeMs = performance.now();
    this.#apply(timeMs);
    if (this.#look) cancelAnimationFrame(this.#look.frame);
    this.pads.screenPad(undefined, timeMs);
  }

  #apply(timeMs: number): void {
    const before = this.#held;
    const now = heldBy(this.controls, this.#states);
    this.#held = now;
    for (const code of before.keys) if (!now.keys.has(code)) this.#key(code, false, timeMs);
    for (const code of now.keys) if (!before.keys.has(code)) this.#key(code, true, timeMs);
    for (const button of before.mouse) {
      if (!now.mouse.has(button)) this.#button(button, false, timeMs);
    }
    for (const button of now.mouse) {
      if (!before.mouse.has(button)) this.#button(button, true, timeMs);
    }
    if (now.usesPad) this.pads.screenPad(now.pad, timeMs);
    const looking = now.look.x !== 0 || now.look.y !== 0;
    if (looking && !this.#look) {
      this.#look = { frame: requestAnimationFrame(this.#moveMouse), at: timeMs };
    }
  }

  /** A held mouse stick goes on moving. */
  #moveMouse = (now: number) => {
    const { x, y } = this.#held.look;
    if (x === 0 && y === 0) {
      this.#look = undefined;
      return;
    }
    const seconds = Math.min(0.1, Math.max(0, (now - this.#look!.at) / 1000));
    const dx = x * MOUSE_SPEED * seconds;
    const dy = y * MOUSE_SPEED * seconds;
    this.sender.send({ kind: "pointer-relative", timeMs: now, dx, dy });
    this.#look = { frame: requestAnimationFrame(this.#moveMouse), at: now };
  };

  #key(code: string, down: boolean, timeMs: number): void {
    const key = evdevCodes[code];
    if (key !== undefined) this.sender.send({ kind: "key", timeMs, code: key, down });
  }

  #button(button: number, down: boolean, timeMs: number): void {
    this.sender.send({ kind: "button", timeMs, code: evdevMouseButtons[button], down });
  }
}
