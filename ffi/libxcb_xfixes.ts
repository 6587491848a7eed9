/**
 * libxcb-xfixes: XFIXES, the cursor picture and changes of selections.
 *
 * Signatures only, as in xcb/xfixes.h. Requests return their sequence number; replies are fetched
 * with xcb_wait_for_reply of libxcb.
 */

const symbols = {
  xcb_xfixes_query_version: { parameters: ["pointer", "u32", "u32"], result: "u32" },
  xcb_xfixes_select_cursor_input: { parameters: ["pointer", "u32", "u32"], result: "u32" },
  xcb_xfixes_get_cursor_image: { parameters: ["pointer"], result: "u32" },
  // connection, window, selection, event mask
  xcb_xfixes_select_selection_input: {
    parameters: ["pointer", "u32", "u32", "u32"],
    result: "u32",
  },
} as const;

/** The functions of libxcb-xfixes. */
export type LibxcbXfixes = Deno.DynamicLibrary<typeof symbols>["symbols"];

let opened: LibxcbXfixes | undefined;

/** Opens libxcb-xfixes once a thread. Throws with the package to install where it is missing. */
export function libxcbXfixes(): LibxcbXfixes {
  if (opened) return opened;
  try {
    return opened = Deno.dlopen("libxcb-xfixes.so.0", symbols).symbols;
  } catch (cause) {
    throw new Error(
      "libxcb-xfixes.so.0 cannot be opened; install Debian's package libxcb-xfixes0",
      {
        cause,
      },
    );
  }
}

// Event numbers relative to the first one of the extension.
export const SELECTION_NOTIFY_EVENT = 0;
export const CURSOR_NOTIFY_EVENT = 1;
export const DISPLAY_CURSOR_NOTIFY_MASK = 1;
export const SET_SELECTION_OWNER_MASK = 1;
