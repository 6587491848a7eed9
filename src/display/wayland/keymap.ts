/**
 * Keymaps: compiled by libxkbcommon, handed to clients as sealed memory, and asked which keys type
 * a character.
 */
import {
  addressOf,
  cstring,
  errno,
  F_ADD_SEALS,
  libc,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
} from "../../../ffi/libc.ts";
import {
  libxkbcommon,
  XKB_KEY_DOWN,
  XKB_KEY_UP,
  XKB_KEYMAP_FORMAT_TEXT_V1,
  XKB_LOG_LEVEL_CRITICAL,
  XKB_STATE_LAYOUT_EFFECTIVE,
  XKB_STATE_MODS_DEPRESSED,
  XKB_STATE_MODS_LATCHED,
  XKB_STATE_MODS_LOCKED,
} from "../../../ffi/libxkbcommon.ts";
import type { KeyboardLayout } from "../../protocol/session.ts";

/** Keycodes of xkb are evdev's plus 8 (xkeyboard-config, keycodes/evdev). */
const EVDEV_OFFSET = 8;
/** F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE of <linux/fcntl.h>. */
const ALL_SEALS = 0xfn;

/** What wl_keyboard.modifiers carries. */
export interface Modifiers {
  depressed: number;
  latched: number;
  locked: number;
  group: number;
}

/** A key that types a character, with the modifier mask it needs. */
export interface Keystroke {
  /** evdev code. */
  code: number;
  modifiers: number;
}

export class Keymap {
  readonly #xkb = libxkbcommon();
  readonly #keymap: Deno.PointerObject;
  readonly #state: Deno.PointerObject;
  /** Sealed memory with the keymap as text, and its size with the final NUL. */
  readonly fd: number;
  readonly size: number;
  #strokes: Map<number, Keystroke> | undefined;

  private constructor(keymap: Deno.PointerObject) {
    this.#keymap = keymap;
    this.#state = this.#xkb.xkb_state_new(keymap)!;
    const text = cstring(this.#text());
    this.size = text.length;
    this.fd = sealedMemory("keymap", text);
  }

  /** The keymap of a layout of xkeyboard-config. Throws where there is no such layout. */
  static forLayout({ layout, variant }: KeyboardLayout): Keymap {
    const strings = ["evdev", "pc105", layout, variant, ""].map(cstring);
    const names = new Uint8Array(new BigUint64Array(strings.map(addressOf)).buffer);
    const keymap = inContext((xkb, context) => xkb.xkb_keymap_new_from_names(context, names, 0));
    if (keymap) return new Keymap(keymap);
    throw new Error(
      `expected a keyboard layout of xkeyboard-config, got ${layout} with variant "${variant}"`,
    );
  }

  /** A keymap whose keys from evdev code 1 on type `characters`, for text no layout has. */
  static forCharacters(characters: number[]): Keymap {
    const codes = characters.map((_, i) => `<K${i}> = ${i + 1 + EVDEV_OFFSET};`);
    const keys = characters.map((character, i) =>
      `key <K${i}> { [ U${character.toString(16).padStart(4, "0")} ] };`
    );
    const text = `xkb_keymap {
      xkb_keycodes "text" { minimum = 8; maximum = 255; ${codes.join(" ")} };
      xkb_types "text" { include "complete" };
      xkb_compatibility "text" { include "complete" };
      xkb_symbols "text" { ${keys.join(" ")} };
    };`;
    const keymap = inContext((xkb, context) =>
      xkb.xkb_keymap_new_from_string(context, cstring(text), XKB_KEYMAP_FORMAT_TEXT_V1, 0)
    );
    if (!keymap) throw new Error("a keymap for text does not compile");
    return new Keymap(keymap);
  }

  #text(): string {
    const pointer = this.#xkb.xkb_keymap_get_as_string(this.#keymap, XKB_KEYMAP_FORMAT_TEXT_V1);
    const text = Deno.UnsafePointerView.getCString(pointer!);
    libc.free(pointer);
    return text;
  }

  /** Follows a key, evdev code. True where the modifiers changed. */
  update(code: number, down: boolean): boolean {
    const direction = down ? XKB_KEY_DOWN : XKB_KEY_UP;
    return this.#xkb.xkb_state_update_key(this.#state, code + EVDEV_OFFSET, direction) !== 0;
  }

  get modifiers(): Modifiers {
    const mods = (component: number) => this.#xkb.xkb_state_serialize_mods(this.#state, component);
    return {
      depressed: mods(XKB_STATE_MODS_DEPRESSED),
      latched: mods(XKB_STATE_MODS_LATCHED),
      locked: mods(XKB_STATE_MODS_LOCKED),
      group: this.#xkb.xkb_state_serialize_layout(this.#state, XKB_STATE_LAYOUT_EFFECTIVE),
    };
  }

  /** Takes over locked modifiers, such as Caps Lock, from the keymap used before. */
  setLocked(locked: number): void {
    this.#xkb.xkb_state_update_mask(this.#state, 0, 0, locked, 0, 0, 0);
  }

  /** The key for a Unicode character in the first layout, undefined where it has none. */
  strokeFor(character: number): Keystroke | undefined {
    this.#strokes ??= this.#findStrokes();
    return this.#strokes.get(this.#xkb.xkb_utf32_to_keysym(character));
  }

  #findStrokes(): Map<number, Keystroke> {
    const strokes = new Map<number, Keystroke>();
    const first = this.#xkb.xkb_keymap_min_keycode(this.#keymap);
    const last = this.#xkb.xkb_keymap_max_keycode(this.#keymap);
    const symbols = new BigUint64Array(1);
    const masks = new Uint32Array(1);
    // Level by level, so that a character that several keys type gets the simplest.
    for (let level = 0; level < 4; level++) {
      for (let key = first; key <= last; key++) {
        if (level >= this.#xkb.xkb_keymap_num_levels_for_key(this.#keymap, key, 0)) continue;
        const count = this.#xkb.xkb_keymap_key_get_syms_by_level(
          this.#keymap,
          key,
          0,
          level,
          new Uint8Array(symbols.buffer),
        );
        if (count !== 1) continue;
        const pointer = Deno.UnsafePointer.create(symbols[0]);
        const symbol = new Deno.UnsafePointerView(pointer!).getUint32();
        if (strokes.has(symbol)) continue;
        const found = this.#xkb.xkb_keymap_key_get_mods_for_level(
          this.#keymap,
          key,
          0,
          level,
          new Uint8Array(masks.buffer),
          1n,
        );
        if (Number(found) === 0) continue;
        strokes.set(symbol, { code: key - EVDEV_OFFSET, modifiers: masks[0] });
      }
    }
    return strokes;
  }

  close(): void {
    libc.close(this.fd);
    this.#xkb.xkb_state_unref(this.#state);
    this.#xkb.xkb_keymap_unref(this.#keymap);
  }
}

function inContext(
  make: (
    xkb: ReturnType<typeof libxkbcommon>,
    context: Deno.PointerValue,
  ) => Deno.PointerValue,
): Deno.PointerValue {
  const xkb = libxkbcommon();
  const context = xkb.xkb_context_new(0);
  if (!context) throw new Error("libxkbcommon finds no keyboard data; install xkb-data");
  // What does not compile is reported by whoever asked; the library would print it as well.
  xkb.xkb_context_set_log_level(context, XKB_LOG_LEVEL_CRITICAL);
  try {
    return make(xkb, context);
  } finally {
    xkb.xkb_context_unref(context);
  }
}

function sealedMemory(name: string, data: Uint8Array<ArrayBuffer>): number {
  const fd = libc.memfd_create(cstring(name), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) throw new Error(`memfd_create failed with errno ${errno()}`);
  for (let written = 0; written < data.length;) {
    const rest = data.subarray(written);
    const count = Number(libc.write(fd, rest, BigInt(rest.length)));
    if (count <= 0) throw new Error(`writing the keymap failed with errno ${errno()}`);
    written += count;
  }
  libc.fcntl(fd, F_ADD_SEALS, ALL_SEALS);
  return fd;
}
