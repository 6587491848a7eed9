import { join } from "node:path";
import type { InputDevices } from "../media/stages.ts";
import { decodeInput, type InputEvent, InputFormatError } from "../protocol/input.ts";
import { logger } from "../system/log.ts";
import { VirtualDevice } from "./device.ts";
import { type InputSystem, KernelInput } from "./input_system.ts";
import { PadEvents, xboxPad } from "./pad.ts";
import { RumbleReader } from "./rumble.ts";
import { type SeatDeviceKind, seatDevices, SeatEvents } from "./seat_devices.ts";

const log = logger("input");

export interface InputDeviceSettings {
  /** Private directory of the session; the device files go into `<runDir>/input`. */
  runDir: string;
  sessionId: string;
  /**
   * Devices besides the gamepads, for programs that read evdev. None by default: a game with a
   * Wayland seat would get everything twice.
   */
  seat?: SeatDeviceKind[];
  /** The kernel; tests record the calls instead. */
  system?: InputSystem;
}

/**
 * Prepares a session's input devices: gamepads appear in its own /dev/input when a viewer connects
 * one. Never throws where the machine cannot: `available` is false then and `reason` says why.
 */
export async function createInputDevices(settings: InputDeviceSettings): Promise<InputDevices> {
  const system = settings.system ?? new KernelInput();
  const directory = join(settings.runDir, "input");
  const unavailable = (reason: string): InputDevices => ({
    available: false,
    reason: `Gamepads cannot be used on this machine: ${reason}.`,
    onRumble: () => {},
    onError: () => {},
    input: () => {},
    close: () => Promise.resolve(),
  });
  const missing = system.unavailable();
  if (missing !== undefined) return unavailable(missing);
  try {
    await system.makeDirectory(directory);
    return new KernelDevices(system, directory, settings);
  } catch (error) {
    await system.removeDirectory(directory).catch(() => {});
    return unavailable((error as Error).message);
  }
}

/** One gamepad that a game sees. */
interface Pad {
  device: VirtualDevice;
  events: PadEvents;
  unwatch: () => void;
}

class KernelDevices implements InputDevices {
  readonly available = true;
  onRumble: InputDevices["onRumble"] = () => {};
  onError: InputDevices["onError"] = () => {};
  readonly #pads = new Map<number, Pad>();
  readonly #seat = new Map<SeatDeviceKind, VirtualDevice>();
  readonly #seatEvents = new SeatEvents();
  #closed = false;

  constructor(
    readonly system: InputSystem,
    readonly directory: string,
    readonly settings: InputDeviceSettings,
  ) {
    try {
      for (const kind of settings.seat ?? []) {
        const phys = `gamelan/${settings.sessionId}/${kind}`;
        this.#seat.set(kind, new VirtualDevice(system, directory, seatDevices[kind], phys));
      }
    } catch (error) {
      for (const device of this.#seat.values()) device.close();
      throw error;
    }
  }

  input(record: Uint8Array): void {
    if (this.#closed) return;
    try {
      this.#handle(decodeInput(record));
    } catch (error) {
      if (error instanceof InputFormatError) throw error;
      log.warn("an input event did not reach the game's device", { error });
      this.onError((error as Error).message);
    }
  }

  #handle(event: InputEvent): void {
    switch (event.kind) {
      case "pad-connect":
        return this.#connect(event.pad);
      case "pad-disconnect":
        return this.#disconnect(event.pad);
      case "pad-state": {
        const pad = this.#pads.get(event.pad);
        pad?.device.send(pad.events.update(event));
        return;
      }
      default: {
        const sent = this.#seatEvents.translate(event);
        if (sent) this.#seat.get(sent.device)?.send(sent.events);
      }
    }
  }

  #connect(slot: number): void {
    if (this.#pads.has(slot)) return;
    const phys = `gamelan/${this.settings.sessionId}/pad${slot}`;
    const device = new VirtualDevice(this.system, this.directory, xboxPad, phys, slot);
    const reader = new RumbleReader(
      device.file,
      (strong, weak, ms) => this.onRumble(slot, strong, weak, ms),
    );
    const unwatch = this.system.watch(device.file, () => {
      try {
        reader.drain();
      } catch (error) {
        log.warn("a gamepad's rumble no longer works", { slot, error });
        unwatch();
      }
    });
    this.#pads.set(slot, { device, events: new PadEvents(), unwatch });
  }

  #disconnect(slot: number): void {
    const pad = this.#pads.get(slot);
    if (!pad) return;
    this.#pads.delete(slot);
    pad.unwatch();
    pad.device.close();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const slot of [...this.#pads.keys()]) this.#disconnect(slot);
    for (const device of this.#seat.values()) device.close();
    await this.system.removeDirectory(this.directory);
  }
}
