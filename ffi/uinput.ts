/**
 * uinput: the kernel's interface for input devices made by programs.
 *
 * Structures, request numbers and event codes only, as in linux/uinput.h, linux/input.h and
 * linux/input-event-codes.h for 64-bit x86 and arm, and the calls that libc.ts has no signature
 * for. A test compares all of it with the kernel's headers.
 */

const symbols = {
  /** ioctl(2) whose argument is a number. */
  ioctl_value: { name: "ioctl", parameters: ["i32", "u64", "usize"], result: "i32" },
  mknod: { parameters: ["buffer", "u32", "u64"], result: "i32" },
  // struct pollfd[], count, milliseconds; on a thread of its own
  poll_async: {
    name: "poll",
    parameters: ["buffer", "u64", "i32"],
    result: "i32",
    nonblocking: true,
  },
} as const;

/** The calls; glibc has them on every supported system. */
export const inputCalls = Deno.dlopen("libc.so.6", symbols).symbols;

// Requests of linux/uinput.h.
export const UI_DEV_CREATE = 0x5501;
export const UI_DEV_DESTROY = 0x5502;
export const UI_DEV_SETUP = 0x405c5503;
export const UI_ABS_SETUP = 0x401c5504;
export const UI_SET_EVBIT = 0x40045564;
export const UI_SET_KEYBIT = 0x40045565;
export const UI_SET_RELBIT = 0x40045566;
export const UI_SET_ABSBIT = 0x40045567;
export const UI_SET_FFBIT = 0x4004556b;
export const UI_SET_PHYS = 0x4008556c;
export const UI_SET_PROPBIT = 0x4004556e;
export const UI_BEGIN_FF_UPLOAD = 0xc06855c8;
export const UI_END_FF_UPLOAD = 0x406855c9;
export const UI_BEGIN_FF_ERASE = 0xc00c55ca;
export const UI_END_FF_ERASE = 0x400c55cb;
/** UI_GET_SYSNAME(64): the name under /sys/devices/virtual/input. */
export const UI_GET_SYSNAME_64 = 0x8040552c;

// Event types.
export const EV_SYN = 0x00;
export const EV_KEY = 0x01;
export const EV_REL = 0x02;
export const EV_ABS = 0x03;
export const EV_FF = 0x15;
export const EV_UINPUT = 0x0101;
// Codes of EV_UINPUT.
export const UI_FF_UPLOAD = 1;
export const UI_FF_ERASE = 2;

export const SYN_REPORT = 0;
export const REL_X = 0x00;
export const REL_Y = 0x01;
export const REL_HWHEEL = 0x06;
export const REL_WHEEL = 0x08;
export const REL_WHEEL_HI_RES = 0x0b;
export const REL_HWHEEL_HI_RES = 0x0c;
export const ABS_X = 0x00;
export const ABS_Y = 0x01;
export const ABS_Z = 0x02;
export const ABS_RX = 0x03;
export const ABS_RY = 0x04;
export const ABS_RZ = 0x05;
export const ABS_HAT0X = 0x10;
export const ABS_HAT0Y = 0x11;
export const ABS_MT_SLOT = 0x2f;
export const ABS_MT_POSITION_X = 0x35;
export const ABS_MT_POSITION_Y = 0x36;
export const ABS_MT_TRACKING_ID = 0x39;
export const BTN_LEFT = 0x110;
export const BTN_RIGHT = 0x111;
export const BTN_MIDDLE = 0x112;
export const BTN_TASK = 0x117;
export const BTN_SOUTH = 0x130;
export const BTN_EAST = 0x131;
/** BTN_NORTH; the X of an Xbox pad, although that one is on the left. */
export const BTN_X = 0x133;
/** BTN_WEST; the Y of an Xbox pad, although that one is at the top. */
export const BTN_Y = 0x134;
export const BTN_TL = 0x136;
export const BTN_TR = 0x137;
export const BTN_SELECT = 0x13a;
export const BTN_START = 0x13b;
export const BTN_MODE = 0x13c;
export const BTN_THUMBL = 0x13d;
export const BTN_THUMBR = 0x13e;
export const BTN_TOUCH = 0x14a;
export const FF_RUMBLE = 0x50;
export const FF_GAIN = 0x60;
export const INPUT_PROP_DIRECT = 0x01;
export const BUS_USB = 0x03;
export const BUS_VIRTUAL = 0x06;

/** sizeof(struct input_event) where time is 64 bit. */
export const INPUT_EVENT_BYTES = 24;

/** struct uinput_setup: id, name (cut at 79 bytes), ff_effects_max; 92 bytes. */
export function uinputSetup(setup: {
  bustype: number;
  vendor: number;
  product: number;
  version: number;
  name: string;
  effects: number;
}): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(92);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, setup.bustype, true);
  view.setUint16(2, setup.vendor, true);
  view.setUint16(4, setup.product, true);
  view.setUint16(6, setup.version, true);
  new TextEncoder().encodeInto(setup.name, bytes.subarray(8, 87));
  view.setUint32(88, setup.effects, true);
  return bytes;
}

/** struct uinput_abs_setup: an axis and its struct input_absinfo; 28 bytes. */
export function uinputAbsSetup(
  code: number,
  axis: { minimum: number; maximum: number; fuzz?: number; flat?: number },
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, code, true);
  view.setInt32(8, axis.minimum, true);
  view.setInt32(12, axis.maximum, true);
  view.setInt32(16, axis.fuzz ?? 0, true);
  view.setInt32(20, axis.flat ?? 0, true);
  return bytes;
}

/** [type, code, value] */
export type EventTriple = readonly [number, number, number];

/** struct input_event one after the other; the kernel sets the time. */
export function inputEvents(events: readonly EventTriple[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(events.length * INPUT_EVENT_BYTES);
  const view = new DataView(bytes.buffer);
  events.forEach(([type, code, value], i) => {
    view.setUint16(i * INPUT_EVENT_BYTES + 16, type, true);
    view.setUint16(i * INPUT_EVENT_BYTES + 18, code, true);
    view.setInt32(i * INPUT_EVENT_BYTES + 20, value, true);
  });
  return bytes;
}

/** The whole events in `bytes`; a rest that is shorter than one is left out. */
export function readInputEvents(bytes: Uint8Array): EventTriple[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / INPUT_EVENT_BYTES) }, (_, i) => {
    const at = i * INPUT_EVENT_BYTES + 16;
    return [view.getUint16(at, true), view.getUint16(at + 2, true), view.getInt32(at + 4, true)];
  });
}

/** struct uinput_ff_upload to be filled by UI_BEGIN_FF_UPLOAD; 104 bytes. */
export function uinputFfUpload(requestId: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(104);
  new DataView(bytes.buffer).setUint32(0, requestId, true);
  return bytes;
}

/** struct uinput_ff_erase to be filled by UI_BEGIN_FF_ERASE; 12 bytes. */
export function uinputFfErase(requestId: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setUint32(0, requestId, true);
  return bytes;
}

/** Sets `retval`, which both force-feedback structures have at the same place. */
export function setFfResult(request: Uint8Array, retval: number): void {
  new DataView(request.buffer, request.byteOffset).setInt32(4, retval, true);
}

/** effect_id of a struct uinput_ff_erase. */
export function erasedEffect(erase: Uint8Array): number {
  return new DataView(erase.buffer, erase.byteOffset).getUint32(8, true);
}

/** A struct ff_effect of type FF_RUMBLE. */
export interface RumbleEffect {
  type: number;
  id: number;
  /** Motor strengths, 0–65535. */
  strong: number;
  weak: number;
  /** ms; 0: until stopped. */
  lengthMs: number;
  delayMs: number;
}

/** The effect in a struct uinput_ff_upload; the strengths mean something for FF_RUMBLE only. */
export function uploadedEffect(upload: Uint8Array): RumbleEffect {
  const view = new DataView(upload.buffer, upload.byteOffset + 8);
  return {
    type: view.getUint16(0, true),
    id: view.getInt16(2, true),
    lengthMs: view.getUint16(10, true),
    delayMs: view.getUint16(12, true),
    strong: view.getUint16(16, true),
    weak: view.getUint16(18, true),
  };
}

/** makedev(3) of glibc. */
export function deviceNumber(major: number, minor: number): bigint {
  const [a, b] = [BigInt(major), BigInt(minor)];
  return ((a & 0xfffff000n) << 32n) | ((a & 0xfffn) << 8n) | ((b & 0xffffff00n) << 12n) |
    (b & 0xffn);
}

export const S_IFCHR = 0o020000;
export const POLLIN = 1;

/** struct pollfd[] that waits for POLLIN on each fd. */
export function pollInput(fds: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(fds.length * 8);
  const view = new DataView(bytes.buffer);
  fds.forEach((fd, i) => {
    view.setInt32(i * 8, fd, true);
    view.setInt16(i * 8 + 4, POLLIN, true);
  });
  return bytes;
}

/** Which of the fds have something to read, an error or an end (revents is not 0). */
export function pollReady(polled: Uint8Array): boolean[] {
  const view = new DataView(polled.buffer, polled.byteOffset, polled.byteLength);
  return Array.from({ length: polled.length / 8 }, (_, i) => view.getInt16(i * 8 + 6, true) !== 0);
}
