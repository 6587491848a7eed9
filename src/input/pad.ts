import {
  ABS_HAT0X,
  ABS_HAT0Y,
  ABS_RX,
  ABS_RY,
  ABS_RZ,
  ABS_X,
  ABS_Y,
  ABS_Z,
  BTN_EAST,
  BTN_MODE,
  BTN_SELECT,
  BTN_SOUTH,
  BTN_START,
  BTN_THUMBL,
  BTN_THUMBR,
  BTN_TL,
  BTN_TR,
  BTN_X,
  BTN_Y,
  BUS_USB,
  EV_ABS,
  EV_KEY,
  type EventTriple,
  FF_RUMBLE,
} from "../../ffi/uinput.ts";
import type { PadState } from "../protocol/input.ts";
import type { AxisRange, DeviceDescription } from "./device.ts";

/**
 * evdev button of each button of the W3C standard gamepad that is a button on an Xbox pad.
 * 6 and 7 are the triggers, 12–15 the directional pad (W3C Gamepad, section "Remapping").
 */
export const padButtons: ReadonlyMap<number, number> = new Map([
  [0, BTN_SOUTH],
  [1, BTN_EAST],
  [2, BTN_X],
  [3, BTN_Y],
  [4, BTN_TL],
  [5, BTN_TR],
  [8, BTN_SELECT],
  [9, BTN_START],
  [10, BTN_THUMBL],
  [11, BTN_THUMBR],
  [16, BTN_MODE],
]);

const stick: AxisRange = { minimum: -32768, maximum: 32767, fuzz: 16, flat: 128 };
const trigger: AxisRange = { minimum: 0, maximum: 255 };
const hat: AxisRange = { minimum: -1, maximum: 1 };

/** Effects a game may have uploaded at a time, as in the kernel's memoryless force feedback. */
export const MAX_EFFECTS = 16;

/** The wired Xbox 360 pad as Linux's xpad driver shows it: every game's library knows it. */
export const xboxPad: DeviceDescription = {
  name: "Microsoft X-Box 360 pad",
  bustype: BUS_USB,
  vendor: 0x045e,
  product: 0x028e,
  version: 0x0114,
  keys: [...padButtons.values()],
  absolute: new Map([
    [ABS_X, stick],
    [ABS_Y, stick],
    [ABS_Z, trigger],
    [ABS_RX, stick],
    [ABS_RY, stick],
    [ABS_RZ, trigger],
    [ABS_HAT0X, hat],
    [ABS_HAT0Y, hat],
  ]),
  forceFeedback: [FF_RUMBLE],
  effects: MAX_EFFECTS,
};

/** Every value of the pad by `type * 0x10000 + code`. */
type PadValues = Map<number, number>;

const key = (type: number, code: number) => type * 0x10000 + code;

function values(state: Pick<PadState, "buttons" | "axes" | "triggers">): PadValues {
  const pressed = (button: number) => state.buttons >>> button & 1;
  const onStick = (value: number) => Math.round(value < 0 ? value * 32768 : value * 32767);
  // A pad that has only digital triggers reports the button and no value.
  const onTrigger = (value: number, button: number) =>
    value === 0 && pressed(button) ? 255 : Math.round(value * 255);
  const found: PadValues = new Map();
  for (const [button, code] of padButtons) found.set(key(EV_KEY, code), pressed(button));
  const [leftX, leftY, rightX, rightY] = state.axes;
  found.set(key(EV_ABS, ABS_X), onStick(leftX));
  found.set(key(EV_ABS, ABS_Y), onStick(leftY));
  found.set(key(EV_ABS, ABS_Z), onTrigger(state.triggers[0], 6));
  found.set(key(EV_ABS, ABS_RX), onStick(rightX));
  found.set(key(EV_ABS, ABS_RY), onStick(rightY));
  found.set(key(EV_ABS, ABS_RZ), onTrigger(state.triggers[1], 7));
  found.set(key(EV_ABS, ABS_HAT0X), pressed(15) - pressed(14));
  found.set(key(EV_ABS, ABS_HAT0Y), pressed(13) - pressed(12));
  return found;
}

/** Turns whole pad states into the few events that changed. */
export class PadEvents {
  #last = values({ buttons: 0, axes: [0, 0, 0, 0], triggers: [0, 0] });

  /** Events that take the pad from the state before to this one, without the report. */
  update(state: Pick<PadState, "buttons" | "axes" | "triggers">): EventTriple[] {
    const next = values(state);
    const events: EventTriple[] = [];
    for (const [at, value] of next) {
      if (this.#last.get(at) !== value) events.push([at >>> 16, at & 0xffff, value]);
    }
    this.#last = next;
    return events;
  }
}
