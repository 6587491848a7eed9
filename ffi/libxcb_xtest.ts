/**
 * libxcb-xtest: XTEST, input as if from devices.
 *
 * Signatures only, as in xcb/xtest.h. Requests return their sequence number; replies are fetched
 * with xcb_wait_for_reply of libxcb.
 */

const symbols = {
  // connection, type, detail, time, root, x, y, device
  xcb_test_fake_input: {
    parameters: ["pointer", "u8", "u8", "u32", "u32", "i16", "i16", "u8"],
    result: "u32",
  },
} as const;

/** The functions of libxcb-xtest. */
export type LibxcbXtest = Deno.DynamicLibrary<typeof symbols>["symbols"];

let opened: LibxcbXtest | undefined;

/** Opens libxcb-xtest once a thread. Throws with the package to install where it is missing. */
export function libxcbXtest(): LibxcbXtest {
  if (opened) return opened;
  try {
    return opened = Deno.dlopen("libxcb-xtest.so.0", symbols).symbols;
  } catch (cause) {
    throw new Error("libxcb-xtest.so.0 cannot be opened; install Debian's package libxcb-xtest0", {
      cause,
    });
  }
}
