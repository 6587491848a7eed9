import { cstring, EPOLLIN, libc, O_CLOEXEC, O_NONBLOCK, O_RDONLY } from "../../../ffi/libc.ts";
import type { EventLoop } from "../wayland/event_loop.ts";
import { type AxisRange, INPUT_EVENT_BYTES, PAD_AXES, PadDecoder } from "./pad_events.ts";
import type { PadView } from "./state.ts";

// ioctls of linux/input.h: _IOC(_IOC_READ, 'E', number, size).
const readRequest = (number: number, size: number) =>
  BigInt(0x80000000 + size * 0x10000 + 0x4500 + number);
const EVIOCGNAME = readRequest(0x06, 128);
const EVIOCGBIT_KEY = readRequest(0x21, 96);
const eviocgabs = (axis: number) => readRequest(0x40 + axis, 24);
/** BTN_SOUTH, also called BTN_GAMEPAD: what makes a device a gamepad (gamepad.rst). */
const BTN_GAMEPAD = 0x130;
const MAX_PADS = 4;

interface OpenPad {
  fd: number;
  slot: number;
  decoder: PadDecoder;
}

/**
 * The gamepads of a directory of event devices. They come and go while the card runs: call
 * {@linkcode scan} now and then.
 */
export class Pads {
  /** By player. */
  readonly views: (PadView | undefined)[] = new Array(MAX_PADS).fill(undefined);
  readonly #open = new Map<string, OpenPad>();
  /** Files that are no pads; not looked at again until they are gone. */
  readonly #others = new Set<string>();
  readonly #buffer = new Uint8Array(64 * INPUT_EVENT_BYTES);

  /** `onEvent` is called after each batch with the presses in it. */
  constructor(
    readonly loop: EventLoop,
    readonly directory: string,
    readonly onEvent: (slot: number, presses: number) => void,
  ) {}

  /** Looks for pads that came or went. */
  scan(): void {
    const present = new Set<string>();
    try {
      for (const { name } of Deno.readDirSync(this.directory)) {
        if (/^event\d+$/.test(name)) present.add(name);
      }
    } catch {
      // No such directory: no pads, as for a session without uinput.
    }
    for (const name of this.#others) if (!present.has(name)) this.#others.delete(name);
    for (const name of this.#open.keys()) if (!present.has(name)) this.#closePad(name);
    for (const name of [...present].sort()) {
      if (!this.#open.has(name) && !this.#others.has(name)) this.#openPad(name);
    }
  }

  close(): void {
    for (const name of [...this.#open.keys()]) this.#closePad(name);
  }

  #openPad(name: string): void {
    const slot = this.views.indexOf(undefined);
    if (slot < 0) return;
    const path = cstring(`${this.directory}/${name}`);
    const fd = libc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
    // Not openable now may mean that its permissions are still being set: tried again next time.
    if (fd < 0) return;
    const keys = new Uint8Array(96);
    const isPad = libc.ioctl(fd, EVIOCGBIT_KEY, keys) >= 0 &&
      keys[BTN_GAMEPAD >> 3] & 1 << BTN_GAMEPAD % 8;
    if (!isPad) {
      libc.close(fd);
      this.#others.add(name);
      return;
    }
    const decoder = new PadDecoder(deviceName(fd), axisRanges(fd));
    this.#open.set(name, { fd, slot, decoder });
    this.views[slot] = decoder.view;
    this.loop.watch(fd, EPOLLIN, () => this.#read(name));
    this.onEvent(slot, 0);
  }

  #read(name: string): void {
    const pad = this.#open.get(name);
    if (!pad) return;
    const count = Number(libc.read(pad.fd, this.#buffer, BigInt(this.#buffer.length)));
    if (count > 0) this.onEvent(pad.slot, pad.decoder.decode(this.#buffer.subarray(0, count)));
    else this.#closePad(name);
  }

  #closePad(name: string): void {
    const pad = this.#open.get(name);
    if (!pad) return;
    this.#open.delete(name);
    this.views[pad.slot] = undefined;
    this.loop.unwatch(pad.fd);
    libc.close(pad.fd);
    this.onEvent(pad.slot, 0);
  }
}

function deviceName(fd: number): string {
  const name = new Uint8Array(128);
  if (libc.ioctl(fd, EVIOCGNAME, name) < 0) return "Gamepad";
  return new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
}

function axisRanges(fd: number): Map<number, AxisRange> {
  const ranges = new Map<number, AxisRange>();
  // struct input_absinfo: value, minimum, maximum, fuzz, flat, resolution.
  const info = new Int32Array(6);
  for (const axis of PAD_AXES) {
    if (libc.ioctl(fd, eviocgabs(axis), new Uint8Array(info.buffer)) < 0) continue;
    ranges.set(axis, { minimum: info[1], maximum: info[2] });
  }
  return ranges;
}
