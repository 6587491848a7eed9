import {
  ABS_MT_POSITION_X,
  ABS_MT_POSITION_Y,
  ABS_MT_SLOT,
  ABS_MT_TRACKING_ID,
  ABS_X,
  ABS_Y,
  BTN_LEFT,
  BTN_MIDDLE,
  BTN_RIGHT,
  BTN_TASK,
  BTN_TOUCH,
  BUS_VIRTUAL,
  EV_ABS,
  EV_KEY,
  EV_REL,
  type EventTriple,
  INPUT_PROP_DIRECT,
  REL_HWHEEL,
  REL_HWHEEL_HI_RES,
  REL_WHEEL,
  REL_WHEEL_HI_RES,
  REL_X,
  REL_Y,
} from "../../ffi/uinput.ts";
import type { InputEvent } from "../protocol/input.ts";
import { evdevCodes } from "../protocol/keycodes.ts";
import type { DeviceDescription } from "./device.ts";

/** Devices for programs that read evdev instead of a Wayland seat, such as whole desktops. */
export type SeatDeviceKind = "keyboard" | "mouse" | "tablet" | "touch";

const identity = { bustype: BUS_VIRTUAL, vendor: 0, version: 1 };
const position = { minimum: 0, maximum: 65535 };
const mouseButtons = Array.from({ length: BTN_TASK - BTN_LEFT + 1 }, (_, i) => BTN_LEFT + i);
const MAX_TOUCHES = 32;

export const seatDeviceKinds: SeatDeviceKind[] = ["keyboard", "mouse", "tablet", "touch"];

/**
 * KEY_POWER, KEY_SLEEP, KEY_WAKEUP, KEY_SUSPEND: the machine itself listens to every keyboard of its kernel, and a
 * player must not switch it off (logind.conf(5), HandlePowerKey=).
 */
const MACHINE_KEYS = [116, 142, 143, 205];

export const seatDevices: Record<SeatDeviceKind, DeviceDescription> = {
  keyboard: {
    ...identity,
    name: "Gamelan keyboard",
    product: 1,
    keys: [...new Set(Object.values(evdevCodes))].filter((code) => !MACHINE_KEYS.includes(code))
      .sort((a, b) => a - b),
  },
  mouse: {
    ...identity,
    name: "Gamelan mouse",
    product: 2,
    keys: mouseButtons,
    relative: [REL_X, REL_Y, REL_HWHEEL, REL_WHEEL, REL_WHEEL_HI_RES, REL_HWHEEL_HI_RES],
  },
  // Absolute positions come from a device of their own, as in virtual machines: a mouse has none.
  tablet: {
    ...identity,
    name: "Gamelan pointer",
    product: 3,
    // These three are what the kernel knows such a pointer by; with others it is a joystick.
    keys: [BTN_LEFT, BTN_RIGHT, BTN_MIDDLE],
    absolute: new Map([[ABS_X, position], [ABS_Y, position]]),
  },
  touch: {
    ...identity,
    name: "Gamelan touch screen",
    product: 4,
    keys: [BTN_TOUCH],
    properties: [INPUT_PROP_DIRECT],
    absolute: new Map([
      [ABS_X, position],
      [ABS_Y, position],
      [ABS_MT_SLOT, { minimum: 0, maximum: MAX_TOUCHES - 1 }],
      [ABS_MT_POSITION_X, position],
      [ABS_MT_POSITION_Y, position],
      [ABS_MT_TRACKING_ID, { minimum: 0, maximum: 65535 }],
    ]),
  },
};

/** A detent of a wheel in the protocol's units. */
const DETENT = 120;
const unit = (value: number) => Math.round(value * 65535);

/** Turns seat events into evdev events, without the report; keeps fractions and open touches. */
export class SeatEvents {
  #restX = 0;
  #restY = 0;
  #wheelX = 0;
  #wheelY = 0;
  #tracking = 0;
  readonly #touching = new Set<number>();

  /** Which device an event is for and what it sends; undefined where none takes it. */
  translate(event: InputEvent): { device: SeatDeviceKind; events: EventTriple[] } | undefined {
    switch (event.kind) {
      case "key":
        return { device: "keyboard", events: [[EV_KEY, event.code, event.down ? 1 : 0]] };
      case "button":
        return { device: "mouse", events: [[EV_KEY, event.code, event.down ? 1 : 0]] };
      case "pointer-absolute":
        return {
          device: "tablet",
          events: [[EV_ABS, ABS_X, unit(event.x)], [EV_ABS, ABS_Y, unit(event.y)]],
        };
      case "pointer-relative":
        return { device: "mouse", events: this.#move(event.dx, event.dy) };
      case "wheel":
        return { device: "mouse", events: this.#wheel(event.dx, event.dy) };
      case "touch":
        return { device: "touch", events: this.#touch(event) };
      default:
        return undefined;
    }
  }

  #move(dx: number, dy: number): EventTriple[] {
    const x = Math.trunc(this.#restX += dx);
    const y = Math.trunc(this.#restY += dy);
    this.#restX -= x;
    this.#restY -= y;
    return nonZero([[EV_REL, REL_X, x], [EV_REL, REL_Y, y]]);
  }

  /** evdev's wheel is positive away from the user, the protocol's towards. */
  #wheel(dx: number, dy: number): EventTriple[] {
    const x = Math.round(dx);
    const y = Math.round(-dy);
    const detentsX = Math.trunc((this.#wheelX += x) / DETENT);
    const detentsY = Math.trunc((this.#wheelY += y) / DETENT);
    this.#wheelX -= detentsX * DETENT;
    this.#wheelY -= detentsY * DETENT;
    return nonZero([
      [EV_REL, REL_WHEEL_HI_RES, y],
      [EV_REL, REL_HWHEEL_HI_RES, x],
      [EV_REL, REL_WHEEL, detentsY],
      [EV_REL, REL_HWHEEL, detentsX],
    ]);
  }

  /** Multi-touch protocol B (Documentation/input/multi-touch-protocol.rst). */
  #touch({ id, phase, x, y }: Extract<InputEvent, { kind: "touch" }>): EventTriple[] {
    const slot: EventTriple = [EV_ABS, ABS_MT_SLOT, id];
    if (phase === "up" || phase === "cancel") {
      if (!this.#touching.delete(id)) return [];
      const last: EventTriple[] = this.#touching.size === 0 ? [[EV_KEY, BTN_TOUCH, 0]] : [];
      return [slot, [EV_ABS, ABS_MT_TRACKING_ID, -1], ...last];
    }
    const events = [slot];
    if (!this.#touching.has(id)) {
      if (phase === "move") return [];
      events.push([EV_ABS, ABS_MT_TRACKING_ID, this.#tracking++ & 0xffff]);
      if (this.#touching.size === 0) events.push([EV_KEY, BTN_TOUCH, 1]);
      this.#touching.add(id);
    }
    events.push([EV_ABS, ABS_MT_POSITION_X, unit(x)], [EV_ABS, ABS_MT_POSITION_Y, unit(y)]);
    events.push([EV_ABS, ABS_X, unit(x)], [EV_ABS, ABS_Y, unit(y)]);
    return events;
  }
}

function nonZero(events: EventTriple[]): EventTriple[] {
  return events.filter(([, , value]) => value !== 0);
}
