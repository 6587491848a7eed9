/**
 * Input events: the binary records that viewers send over their data channels and that the session
 * hands to the game's seat and to uinput unchanged. Little-endian; one record a message.
 *
 * | byte | meaning |
 * | --- | --- |
 * | 0 | kind, {@linkcode InputKind} |
 * | 1 | small argument (see the events) |
 * | 2–3 | u16: code or pad index |
 * | 4–11 | f64: when the event happened, ms of the sender's clock |
 * | 12– | payload of the kind |
 *
 * State is sent whole where it can be (a pad's buttons and axes, an absolute position), so that a
 * record lost on the unreliable channel is repaired by the next one. A pad's state has its last changes
 * with it: byte 1 counts them, and buttons (u32) and triggers (2 × u8) after each follow the payload.
 *
 * Keys, buttons and fingers that go down or up come by the reliable channel, and copies of them by the
 * other one, because a retransmission takes long. A count at the end of the payload (u32) tells which
 * are the same.
 */

export const InputKind = {
  Key: 1,
  PointerAbsolute: 2,
  PointerRelative: 3,
  Button: 4,
  Wheel: 5,
  Touch: 6,
  Text: 7,
  PadState: 8,
  PadConnect: 9,
  PadDisconnect: 10,
  ReleaseAll: 11,
} as const;

/**
 * `down` is also true for a held key; the sender never sends browser auto-repeat. `count` grows with each
 * press and release of a viewer; without it a record is none that has copies.
 */
export type InputEvent =
  /** `code`: Linux evdev KEY_* of the physical key (input-event-codes.h). */
  | { kind: "key"; timeMs: number; code: number; down: boolean; count?: number }
  /** Position on the picture: 0 is the left/top edge, 1 the right/bottom edge. */
  | { kind: "pointer-absolute"; timeMs: number; x: number; y: number }
  /** Movement in pixels of the game's output, not accelerated by the sender. */
  | { kind: "pointer-relative"; timeMs: number; dx: number; dy: number }
  /** `code`: evdev BTN_LEFT (0x110), BTN_RIGHT, BTN_MIDDLE, BTN_SIDE, BTN_EXTRA. */
  | { kind: "button"; timeMs: number; code: number; down: boolean; count?: number }
  /** Wheel movement in 1/120 of a detent, right and down positive, as in `wl_pointer.axis_value120`. */
  | { kind: "wheel"; timeMs: number; dx: number; dy: number }
  /** `id` 0–31; position as in pointer-absolute. */
  | Touch
  /** Composed text from an input method or an on-screen keyboard. */
  | { kind: "text"; timeMs: number; text: string }
  | PadState
  /** `name` as the browser gives it; `rumble`: the browser can play effects on it. */
  | { kind: "pad-connect"; timeMs: number; pad: number; name: string; rumble: boolean }
  | { kind: "pad-disconnect"; timeMs: number; pad: number }
  /** Everything this viewer holds down is released: blur, hand-over, leaving. */
  | { kind: "release-all"; timeMs: number };

export interface Touch {
  kind: "touch";
  timeMs: number;
  id: number;
  phase: TouchPhase;
  x: number;
  y: number;
  count?: number;
}

export type TouchPhase = "down" | "move" | "up" | "cancel";

/** The whole state of one gamepad in W3C standard mapping. */
export interface PadState {
  kind: "pad-state";
  timeMs: number;
  /** 0–3 among this viewer's pads. */
  pad: number;
  /** Bit n is button n of the W3C standard gamepad (0–16). */
  buttons: number;
  /** Left x, left y, right x, right y: -1 to 1, right and down positive. */
  axes: [number, number, number, number];
  /** Left and right trigger: 0 to 1. */
  triggers: [number, number];
  /** How often {@linkcode PadPresses} have changed, modulo 256; absent is 0. */
  change?: number;
  /** What they were after each of the changes before this one, the oldest first. */
  before?: PadPresses[];
}

/**
 * What of a pad is pressed. A tap is two changes of it, and where both of their records are lost a later
 * one brings them.
 */
export type PadPresses = Pick<PadState, "buttons" | "triggers">;

/** So many changes before its own come along with a pad's state. */
export const PAD_HISTORY = 4;

/** Longest record in bytes; longer ones are refused. */
export const MAX_INPUT_RECORD = 1024;
export const MAX_PADS = 4;
const PHASES: TouchPhase[] = ["down", "move", "up", "cancel"];
const HEAD = 12;
const PAD_PAYLOAD = 14;
const PRESSES = 6;
const COUNT = 4;

/** An input record that is not of the form above. The viewer that sent it is disconnected. */
export class InputFormatError extends Error {
  override name = "InputFormatError";
}

function record(kind: number, small: number, code: number, timeMs: number, payload: number) {
  const bytes = new Uint8Array(HEAD + payload);
  const view = new DataView(bytes.buffer);
  bytes[0] = kind;
  bytes[1] = small;
  view.setUint16(2, code, true);
  view.setFloat64(4, timeMs, true);
  return { bytes, view };
}

/** A record with its count, where it has one, after `payload` bytes. */
function counted(
  kind: number,
  small: number,
  code: number,
  { timeMs, count }: { timeMs: number; count?: number },
  payload: number,
) {
  const made = record(kind, small, code, timeMs, payload + (count === undefined ? 0 : COUNT));
  if (count !== undefined) made.view.setUint32(HEAD + payload, count, true);
  return made;
}

const unit16 = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 65535);
const signed16 = (value: number) => Math.round(Math.min(1, Math.max(-1, value)) * 32767);

/** Encodes one event. Positions and axes are clamped to their range; text is cut at 1,000 bytes. */
export function encodeInput(event: InputEvent): Uint8Array<ArrayBuffer> {
  const { timeMs } = event;
  switch (event.kind) {
    case "key":
    case "button": {
      const kind = event.kind === "key" ? InputKind.Key : InputKind.Button;
      return counted(kind, event.down ? 1 : 0, event.code, event, 0).bytes;
    }
    case "pointer-absolute": {
      const { bytes, view } = record(InputKind.PointerAbsolute, 0, 0, timeMs, 4);
      view.setUint16(HEAD, unit16(event.x), true);
      view.setUint16(HEAD + 2, unit16(event.y), true);
      return bytes;
    }
    case "pointer-relative":
    case "wheel": {
      const kind = event.kind === "wheel" ? InputKind.Wheel : InputKind.PointerRelative;
      const { bytes, view } = record(kind, 0, 0, timeMs, 8);
      view.setFloat32(HEAD, event.dx, true);
      view.setFloat32(HEAD + 4, event.dy, true);
      return bytes;
    }
    case "touch": {
      const phase = PHASES.indexOf(event.phase);
      const { bytes, view } = counted(InputKind.Touch, phase, event.id, event, 4);
      view.setUint16(HEAD, unit16(event.x), true);
      view.setUint16(HEAD + 2, unit16(event.y), true);
      return bytes;
    }
    case "text": {
      const text = cutUtf8(event.text, 1000);
      const { bytes } = record(InputKind.Text, 0, 0, timeMs, text.length);
      bytes.set(text, HEAD);
      return bytes;
    }
    case "pad-state": {
      const before = (event.before ?? []).slice(-PAD_HISTORY);
      const length = PAD_PAYLOAD + PRESSES * before.length;
      const { bytes, view } = record(
        InputKind.PadState,
        (event.change ?? 0) & 0xff,
        event.pad,
        timeMs,
        length,
      );
      view.setUint32(HEAD, event.buttons, true);
      event.axes.forEach((axis, i) => view.setInt16(HEAD + 4 + 2 * i, signed16(axis), true));
      event.triggers.forEach((trigger, i) => view.setUint8(HEAD + 12 + i, unit16(trigger) >> 8));
      for (const [i, { buttons, triggers }] of before.entries()) {
        const at = HEAD + PAD_PAYLOAD + PRESSES * i;
        view.setUint32(at, buttons, true);
        triggers.forEach((trigger, i) => view.setUint8(at + 4 + i, unit16(trigger) >> 8));
      }
      return bytes;
    }
    case "pad-connect": {
      const name = cutUtf8(event.name, 200);
      const small = event.rumble ? 1 : 0;
      const { bytes } = record(InputKind.PadConnect, small, event.pad, timeMs, name.length);
      bytes.set(name, HEAD);
      return bytes;
    }
    case "pad-disconnect":
      return record(InputKind.PadDisconnect, 0, event.pad, timeMs, 0).bytes;
    case "release-all":
      return record(InputKind.ReleaseAll, 0, 0, timeMs, 0).bytes;
  }
}

function cutUtf8(text: string, limit: number): Uint8Array {
  const room = new Uint8Array(limit);
  const { written } = new TextEncoder().encodeInto(text, room);
  return room.subarray(0, written);
}

/** Decodes one record. Throws {@linkcode InputFormatError} on anything that is not one. */
export function decodeInput(bytes: Uint8Array): InputEvent {
  if (bytes.length < HEAD || bytes.length > MAX_INPUT_RECORD) {
    throw new InputFormatError(
      `expected an input record of ${HEAD} to ${MAX_INPUT_RECORD} bytes, got ${bytes.length}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const small = bytes[1];
  const code = view.getUint16(2, true);
  const timeMs = view.getFloat64(4, true);
  if (!Number.isFinite(timeMs)) throw new InputFormatError("expected a finite time, got " + timeMs);
  const payload = (length: number) => {
    if (bytes.length !== HEAD + length) {
      throw new InputFormatError(
        `expected ${length} bytes after the head of kind ${bytes[0]}, got ${bytes.length - HEAD}`,
      );
    }
  };
  /** The same for a record that may be counted; its count. */
  const countAfter = (length: number) => {
    if (bytes.length !== HEAD + length + COUNT) {
      payload(length);
      return {};
    }
    return { count: view.getUint32(HEAD + length, true) };
  };
  const below = (what: string, value: number, limit: number) => {
    if (value >= limit) throw new InputFormatError(`expected ${what} below ${limit}, got ${value}`);
    return value;
  };
  const text = () => {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(HEAD));
    } catch {
      throw new InputFormatError("expected UTF-8 text");
    }
  };
  const position = () => ({
    x: view.getUint16(HEAD, true) / 65535,
    y: view.getUint16(HEAD + 2, true) / 65535,
  });
  const delta = () => {
    const dx = view.getFloat32(HEAD, true);
    const dy = view.getFloat32(HEAD + 4, true);
    if (!(Math.abs(dx) <= 65536 && Math.abs(dy) <= 65536)) {
      throw new InputFormatError(`expected movement within ±65536, got ${dx}, ${dy}`);
    }
    return { dx, dy };
  };
  switch (bytes[0]) {
    case InputKind.Key:
    case InputKind.Button: {
      const kind = bytes[0] === InputKind.Key ? "key" : "button";
      return {
        kind,
        timeMs,
        code: below(`a ${kind} code`, code, 0x300),
        down: small === 1,
        ...countAfter(0),
      };
    }
    case InputKind.PointerAbsolute:
      payload(4);
      return { kind: "pointer-absolute", timeMs, ...position() };
    case InputKind.PointerRelative:
      payload(8);
      return { kind: "pointer-relative", timeMs, ...delta() };
    case InputKind.Wheel:
      payload(8);
      return { kind: "wheel", timeMs, ...delta() };
    case InputKind.Touch:
      return {
        kind: "touch",
        timeMs,
        ...countAfter(4),
        id: below("a touch id", code, 32),
        phase: PHASES[below("a touch phase", small, PHASES.length)],
        ...position(),
      };
    case InputKind.Text:
      return { kind: "text", timeMs, text: text() };
    case InputKind.PadState: {
      const changes = (bytes.length - HEAD - PAD_PAYLOAD) / PRESSES;
      payload(PAD_PAYLOAD + PRESSES * Math.min(PAD_HISTORY, Math.max(0, Math.floor(changes))));
      const presses = (at: number): PadPresses => ({
        buttons: view.getUint32(at, true) & 0x1ffff,
        triggers: [view.getUint8(at + 4) / 255, view.getUint8(at + 5) / 255],
      });
      const axis = (i: number) => Math.max(-1, view.getInt16(HEAD + 4 + 2 * i, true) / 32767);
      return {
        kind: "pad-state",
        timeMs,
        pad: below("a pad index", code, MAX_PADS),
        buttons: view.getUint32(HEAD, true) & 0x1ffff,
        axes: [axis(0), axis(1), axis(2), axis(3)],
        triggers: [view.getUint8(HEAD + 12) / 255, view.getUint8(HEAD + 13) / 255],
        change: small,
        before: Array.from(
          { length: changes },
          (_, i) => presses(HEAD + PAD_PAYLOAD + PRESSES * i),
        ),
      };
    }
    case InputKind.PadConnect:
      return {
        kind: "pad-connect",
        timeMs,
        pad: below("a pad index", code, MAX_PADS),
        name: text(),
        rumble: small === 1,
      };
    case InputKind.PadDisconnect:
      payload(0);
      return { kind: "pad-disconnect", timeMs, pad: below("a pad index", code, MAX_PADS) };
    case InputKind.ReleaseAll:
      payload(0);
      return { kind: "release-all", timeMs };
    default:
      throw new InputFormatError(`expected an input kind from 1 to 11, got ${bytes[0]}`);
  }
}
