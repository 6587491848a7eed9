/**
 * libxkbcommon: keymaps and modifier state.
 *
 * Signatures only, as in xkbcommon/xkbcommon.h. Keycodes are evdev codes plus 8. Strings returned
 * by xkb_keymap_get_as_string are freed with `free` of libc.
 */

const symbols = {
  xkb_context_new: { parameters: ["i32"], result: "pointer" },
  // context, level (XKB_LOG_LEVEL_CRITICAL)
  xkb_context_set_log_level: { parameters: ["pointer", "i32"], result: "void" },
  xkb_context_unref: { parameters: ["pointer"], result: "void" },
  // context, struct xkb_rule_names (5 strings: rules, model, layout, variant, options), flags
  xkb_keymap_new_from_names: { parameters: ["pointer", "buffer", "i32"], result: "pointer" },
  // context, text, format, flags
  xkb_keymap_new_from_string: {
    parameters: ["pointer", "buffer", "i32", "i32"],
    result: "pointer",
  },
  xkb_keymap_unref: { parameters: ["pointer"], result: "void" },
  xkb_keymap_get_as_string: { parameters: ["pointer", "i32"], result: "pointer" },
  xkb_keymap_min_keycode: { parameters: ["pointer"], result: "u32" },
  xkb_keymap_max_keycode: { parameters: ["pointer"], result: "u32" },
  // keymap, keycode, layout
  xkb_keymap_num_levels_for_key: { parameters: ["pointer", "u32", "u32"], result: "u32" },
  // keymap, keycode, layout, level, syms_out (const uint32_t **)
  xkb_keymap_key_get_syms_by_level: {
    parameters: ["pointer", "u32", "u32", "u32", "buffer"],
    result: "i32",
  },
  // keymap, keycode, layout, level, masks_out, masks_size
  xkb_keymap_key_get_mods_for_level: {
    parameters: ["pointer", "u32", "u32", "u32", "buffer", "usize"],
    result: "usize",
  },
  xkb_keymap_key_repeats: { parameters: ["pointer", "u32"], result: "i32" },
  xkb_state_new: { parameters: ["pointer"], result: "pointer" },
  xkb_state_unref: { parameters: ["pointer"], result: "void" },
  // state, keycode, direction (0 up, 1 down); returns the components that changed
  xkb_state_update_key: { parameters: ["pointer", "u32", "i32"], result: "i32" },
  // state, depressed, latched, locked mods, depressed, latched, locked layout
  xkb_state_update_mask: {
    parameters: ["pointer", "u32", "u32", "u32", "u32", "u32", "u32"],
    result: "i32",
  },
  xkb_state_serialize_mods: { parameters: ["pointer", "i32"], result: "u32" },
  xkb_state_serialize_layout: { parameters: ["pointer", "i32"], result: "u32" },
  xkb_state_key_get_utf32: { parameters: ["pointer", "u32"], result: "u32" },
  xkb_utf32_to_keysym: { parameters: ["u32"], result: "u32" },
  xkb_keysym_to_utf32: { parameters: ["u32"], result: "u32" },
} as const;

export type Libxkbcommon = Deno.DynamicLibrary<typeof symbols>["symbols"];

export const XKB_KEYMAP_FORMAT_TEXT_V1 = 1;
export const XKB_LOG_LEVEL_CRITICAL = 10;
export const XKB_KEY_UP = 0;
export const XKB_KEY_DOWN = 1;
// enum xkb_state_component
export const XKB_STATE_MODS_DEPRESSED = 1;
export const XKB_STATE_MODS_LATCHED = 2;
export const XKB_STATE_MODS_LOCKED = 4;
export const XKB_STATE_LAYOUT_EFFECTIVE = 128;

let opened: Libxkbcommon | undefined;

/** Opens libxkbcommon once a thread. Throws with the package to install where it is missing. */
export function libxkbcommon(): Libxkbcommon {
  if (opened) return opened;
  try {
    return opened = Deno.dlopen("libxkbcommon.so.0", symbols).symbols;
  } catch (cause) {
    throw new Error(
      "libxkbcommon.so.0 cannot be opened; install Debian's packages libxkbcommon0 and xkb-data",
      { cause },
    );
  }
}
