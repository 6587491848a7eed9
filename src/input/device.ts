import { join } from "node:path";
import {
  EV_ABS,
  EV_FF,
  EV_KEY,
  EV_REL,
  EV_SYN,
  type EventTriple,
  inputEvents,
  SYN_REPORT,
  UI_ABS_SETUP,
  UI_DEV_CREATE,
  UI_DEV_DESTROY,
  UI_DEV_SETUP,
  UI_GET_SYSNAME_64,
  UI_SET_ABSBIT,
  UI_SET_EVBIT,
  UI_SET_FFBIT,
  UI_SET_KEYBIT,
  UI_SET_PHYS,
  UI_SET_PROPBIT,
  UI_SET_RELBIT,
  uinputAbsSetup,
  uinputSetup,
} from "../../ffi/uinput.ts";
import { cstring } from "../../ffi/libc.ts";
import type { InputSystem, UinputFile } from "./input_system.ts";

export interface AxisRange {
  minimum: number;
  maximum: number;
  fuzz?: number;
  flat?: number;
}

/** What a device can do, in evdev codes. */
export interface DeviceDescription {
  name: string;
  bustype: number;
  vendor: number;
  product: number;
  version: number;
  keys?: readonly number[];
  relative?: readonly number[];
  absolute?: ReadonlyMap<number, AxisRange>;
  /** FF_* effects, and how many a game may have uploaded at a time. */
  forceFeedback?: readonly number[];
  effects?: number;
  properties?: readonly number[];
}

/** Makes the device known to the kernel on a fresh uinput file (Documentation/input/uinput.rst). */
function describe(file: UinputFile, device: DeviceDescription, phys: string): void {
  const bits = (type: number, request: number, codes: Iterable<number> = []) => {
    const all = [...codes];
    if (all.length === 0) return;
    file.control(UI_SET_EVBIT, type);
    for (const code of all) file.control(request, code);
  };
  bits(EV_KEY, UI_SET_KEYBIT, device.keys);
  bits(EV_REL, UI_SET_RELBIT, device.relative);
  bits(EV_ABS, UI_SET_ABSBIT, device.absolute?.keys());
  bits(EV_FF, UI_SET_FFBIT, device.forceFeedback);
  for (const property of device.properties ?? []) file.control(UI_SET_PROPBIT, property);
  for (const [code, range] of device.absolute ?? []) {
    file.control(UI_ABS_SETUP, uinputAbsSetup(code, range));
  }
  file.control(UI_SET_PHYS, cstring(phys));
  file.control(UI_DEV_SETUP, uinputSetup({ ...device, effects: device.effects ?? 0 }));
  file.control(UI_DEV_CREATE, 0);
}

/** A kernel input device with its nodes in the session's own /dev/input. */
export class VirtualDevice {
  readonly file: UinputFile;
  readonly #system: InputSystem;
  readonly #paths: string[] = [];

  /**
   * Creates the device and its nodes in `directory`. `phys`: its physical path, which tells devices
   * of sessions apart. `player`: the number of a joystick's name; the kernel's own counts those of all
   * sessions, and many games look at js0 only. Throws with the kernel's reason; nothing is left behind
   * then.
   */
  constructor(
    system: InputSystem,
    directory: string,
    device: DeviceDescription,
    phys: string,
    player?: number,
  ) {
    this.#system = system;
    this.file = system.open();
    try {
      describe(this.file, device, phys);
      const sysname = new Uint8Array(64);
      this.file.control(UI_GET_SYSNAME_64, sysname);
      const name = new TextDecoder().decode(sysname.subarray(0, sysname.indexOf(0)));
      for (const node of system.nodes(name)) {
        const joystick = node.name.startsWith("js");
        // The kernel takes touch screens for joysticks too.
        if (joystick && player === undefined) continue;
        const path = join(directory, joystick ? `js${player}` : node.name);
        system.makeNode(path, node);
        this.#paths.push(path);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Sends the events and a report after them; nothing where there are none. */
  send(events: readonly EventTriple[]): void {
    if (events.length > 0) this.file.write(inputEvents([...events, [EV_SYN, SYN_REPORT, 0]]));
  }

  /** Removes the nodes and the device. */
  close(): void {
    for (const path of this.#paths.splice(0)) this.#system.removeNode(path);
    try {
      this.file.control(UI_DEV_DESTROY, 0);
    } catch {
      // It was never created; closing the file is enough.
    }
    this.file.close();
  }
}
