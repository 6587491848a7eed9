/**
 * libxcb-shm: MIT-SHM, pictures through shared memory.
 *
 * Signatures only, as in xcb/shm.h. Requests return their sequence number; replies are fetched
 * with xcb_wait_for_reply of libxcb.
 */

const symbols = {
  xcb_shm_query_version: { parameters: ["pointer"], result: "u32" },
  // connection, segment, file descriptor (which libxcb closes), read only
  xcb_shm_attach_fd_checked: { parameters: ["pointer", "u32", "i32", "u8"], result: "u32" },
  xcb_shm_detach: { parameters: ["pointer", "u32"], result: "u32" },
  // connection, drawable, x, y, width, height, plane mask, format, segment, offset
  xcb_shm_get_image: {
    parameters: ["pointer", "u32", "i16", "i16", "u16", "u16", "u32", "u8", "u32", "u32"],
    result: "u32",
  },
} as const;

/** The functions of libxcb-shm. */
export type LibxcbShm = Deno.DynamicLibrary<typeof symbols>["symbols"];

let opened: LibxcbShm | undefined;

/** Opens libxcb-shm once a thread. Throws with the package to install where it is missing. */
export function libxcbShm(): LibxcbShm {
  if (opened) return opened;
  try {
    return opened = Deno.dlopen("libxcb-shm.so.0", symbols).symbols;
  } catch (cause) {
    throw new Error("libxcb-shm.so.0 cannot be opened; install Debian's package libxcb-shm0", {
      cause,
    });
  }
}
