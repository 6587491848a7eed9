/** Keysyms of text (X11 protocol, appendix A; Unicode keysyms are 0x01000000 + code point). */

const CONTROL = new Map([
  ["\b", 0xff08],
  ["\t", 0xff09],
  ["\n", 0xff0d],
  ["\r", 0xff0d],
  ["\x1b", 0xff1b],
  ["\x7f", 0xffff],
]);

/** The keysym that types `character`, or 0 where none does. */
export function keysymOf(character: string): number {
  const control = CONTROL.get(character);
  if (control !== undefined) return control;
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x20 || point >= 0x7f && point < 0xa0) return 0;
  return point < 0x100 ? point : 0x01000000 + point;
}

/** A server's keyboard mapping, core protocol (GetKeyboardMapping). */
export interface KeyboardMapping {
  firstKeycode: number;
  perKeycode: number;
  keysyms: Uint32Array;
}

/** A keycode that types a keysym, with or without Shift. */
export interface KeyStroke {
  keycode: number;
  shift: boolean;
}

/** The key of the mapping's first group that types `keysym`. */
export function strokeFor(mapping: KeyboardMapping, keysym: number): KeyStroke | undefined {
  const { firstKeycode, perKeycode, keysyms } = mapping;
  for (const level of [0, 1]) {
    if (level >= perKeycode) break;
    for (let i = level; i < keysyms.length; i += perKeycode) {
      if (keysyms[i] !== keysym) continue;
      return { keycode: firstKeycode + Math.floor(i / perKeycode), shift: level === 1 };
    }
  }
  return undefined;
}

/** Keycodes without any keysym, which can be lent to characters the keyboard lacks. */
export function spareKeycodes({ firstKeycode, perKeycode, keysyms }: KeyboardMapping): number[] {
  const spare: number[] = [];
  for (let i = 0; i + perKeycode <= keysyms.length; i += perKeycode) {
    if (keysyms.subarray(i, i + perKeycode).every((keysym) => keysym === 0)) {
      spare.push(firstKeycode + i / perKeycode);
    }
  }
  return spare;
}
