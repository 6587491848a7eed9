/**
 * libxcb: the connection to an X server and the core protocol's requests.
 *
 * Signatures only, as in xcb/xcb.h and xcb/xproto.h. Requests return their sequence number (the
 * one member of a cookie); every reply is fetched with xcb_wait_for_reply, as the typed
 * `…_reply` functions of the headers do. Replies, events and errors are the caller's to free.
 */

const symbols = {
  // Found through libxcb's own dependency on libc.
  free: { parameters: ["pointer"], result: "void" },
  xcb_connect: { parameters: ["buffer", "buffer"], result: "pointer" },
  // display, xcb_auth_info_t *, screen
  xcb_connect_to_display_with_auth_info: {
    parameters: ["buffer", "buffer", "buffer"],
    result: "pointer",
  },
  xcb_connection_has_error: { parameters: ["pointer"], result: "i32" },
  xcb_disconnect: { parameters: ["pointer"], result: "void" },
  xcb_flush: { parameters: ["pointer"], result: "i32" },
  xcb_generate_id: { parameters: ["pointer"], result: "u32" },
  xcb_get_file_descriptor: { parameters: ["pointer"], result: "i32" },
  xcb_get_setup: { parameters: ["pointer"], result: "pointer" },
  xcb_poll_for_event: { parameters: ["pointer"], result: "pointer" },
  xcb_request_check: { parameters: ["pointer", "u32"], result: "pointer" },
  xcb_wait_for_reply: { parameters: ["pointer", "u32", "buffer"], result: "pointer" },

  // connection, keycode count, first keycode, keysyms per keycode, keysyms
  xcb_change_keyboard_mapping: {
    parameters: ["pointer", "u8", "u8", "u8", "buffer"],
    result: "u32",
  },
  // connection, mode, window, property, type, format, length, data
  xcb_change_property: {
    parameters: ["pointer", "u8", "u32", "u32", "u32", "u8", "u32", "buffer"],
    result: "u32",
  },
  // connection, window, value mask, values
  xcb_change_window_attributes: {
    parameters: ["pointer", "u32", "u32", "buffer"],
    result: "u32",
  },
  xcb_change_window_attributes_checked: {
    parameters: ["pointer", "u32", "u32", "buffer"],
    result: "u32",
  },
  xcb_configure_window: { parameters: ["pointer", "u32", "u16", "buffer"], result: "u32" },
  // connection, requestor, selection, target, property, time
  xcb_convert_selection: {
    parameters: ["pointer", "u32", "u32", "u32", "u32", "u32"],
    result: "u32",
  },
  // connection, depth, id, parent, x, y, width, height, border, class, visual, value mask, values
  xcb_create_window: {
    parameters: [
      "pointer",
      "u8",
      "u32",
      "u32",
      "i16",
      "i16",
      "u16",
      "u16",
      "u16",
      "u16",
      "u32",
      "u32",
      "buffer",
    ],
    result: "u32",
  },
  xcb_destroy_window: { parameters: ["pointer", "u32"], result: "u32" },
  xcb_get_geometry: { parameters: ["pointer", "u32"], result: "u32" },
  // connection, format, drawable, x, y, width, height, plane mask
  xcb_get_image: {
    parameters: ["pointer", "u8", "u32", "i16", "i16", "u16", "u16", "u32"],
    result: "u32",
  },
  xcb_get_input_focus: { parameters: ["pointer"], result: "u32" },
  // connection, first keycode, count
  xcb_get_keyboard_mapping: { parameters: ["pointer", "u8", "u8"], result: "u32" },
  // connection, delete, window, property, type, offset and length in 4-byte units
  xcb_get_property: {
    parameters: ["pointer", "u8", "u32", "u32", "u32", "u32", "u32"],
    result: "u32",
  },
  xcb_get_window_attributes: { parameters: ["pointer", "u32"], result: "u32" },
  // connection, only if it exists, length, name
  xcb_intern_atom: { parameters: ["pointer", "u8", "u16", "buffer"], result: "u32" },
  xcb_kill_client: { parameters: ["pointer", "u32"], result: "u32" },
  xcb_map_window: { parameters: ["pointer", "u32"], result: "u32" },
  xcb_query_extension: { parameters: ["pointer", "u16", "buffer"], result: "u32" },
  xcb_query_pointer: { parameters: ["pointer", "u32"], result: "u32" },
  xcb_query_tree: { parameters: ["pointer", "u32"], result: "u32" },
  // connection, propagate, destination, event mask, 32 bytes of event
  xcb_send_event: { parameters: ["pointer", "u8", "u32", "u32", "buffer"], result: "u32" },
  // connection, revert to, focus, time
  xcb_set_input_focus: { parameters: ["pointer", "u8", "u32", "u32"], result: "u32" },
  // connection, owner, selection, time
  xcb_set_selection_owner: { parameters: ["pointer", "u32", "u32", "u32"], result: "u32" },
} as const;

/** The functions of libxcb. */
export type Libxcb = Deno.DynamicLibrary<typeof symbols>["symbols"];

let opened: Libxcb | undefined;

/** Opens libxcb once a thread. Throws with the package to install where it is missing. */
export function libxcb(): Libxcb {
  if (opened) return opened;
  try {
    return opened = Deno.dlopen("libxcb.so.1", symbols).symbols;
  } catch (cause) {
    throw new Error("libxcb.so.1 cannot be opened; install Debian's package libxcb1", { cause });
  }
}

// Values of <X11/X.h> and <xcb/xcb.h>.
export const KEY_PRESS = 2;
export const KEY_RELEASE = 3;
export const BUTTON_PRESS = 4;
export const BUTTON_RELEASE = 5;
export const MOTION_NOTIFY = 6;
export const DESTROY_NOTIFY = 17;
export const UNMAP_NOTIFY = 18;
export const MAP_NOTIFY = 19;
export const MAP_REQUEST = 20;
export const CONFIGURE_NOTIFY = 22;
export const CONFIGURE_REQUEST = 23;
export const PROPERTY_NOTIFY = 28;
export const SELECTION_CLEAR = 29;
export const SELECTION_REQUEST = 30;
export const SELECTION_NOTIFY = 31;
export const CLIENT_MESSAGE = 33;
export const MAPPING_NOTIFY = 34;
export const EVENT_MASK_STRUCTURE_NOTIFY = 1 << 17;
export const EVENT_MASK_SUBSTRUCTURE_NOTIFY = 1 << 19;
export const EVENT_MASK_SUBSTRUCTURE_REDIRECT = 1 << 20;
export const EVENT_MASK_PROPERTY_CHANGE = 1 << 22;
/** Bit of the value mask of window attributes. */
export const CW_BACK_PIXEL = 1 << 1;
export const CW_OVERRIDE_REDIRECT = 1 << 9;
export const CW_EVENT_MASK = 1 << 11;
// Bits of ConfigureWindow's value mask, in the order of the values.
export const CONFIG_X = 1;
export const CONFIG_Y = 2;
export const CONFIG_WIDTH = 4;
export const CONFIG_HEIGHT = 8;
export const CONFIG_BORDER_WIDTH = 16;
export const CONFIG_STACK_MODE = 64;
export const STACK_MODE_ABOVE = 0;
export const IMAGE_FORMAT_Z_PIXMAP = 2;
export const INPUT_OUTPUT = 1;
export const INPUT_ONLY = 2;
export const ATOM_ATOM = 4;
export const ATOM_CARDINAL = 6;
export const ATOM_WINDOW = 33;
export const ATOM_WM_HINTS = 35;
export const ATOM_WM_NORMAL_HINTS = 40;
export const ATOM_WM_TRANSIENT_FOR = 68;
export const REVERT_TO_POINTER_ROOT = 1;
