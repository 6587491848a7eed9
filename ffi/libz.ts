/** zlib 1.2: Deflate in the format of RFC 1950, and CRC-32. Part of every Debian: dpkg needs it. */

const symbols = {
  compress2: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
  compressBound: { parameters: ["usize"], result: "usize" },
  crc32: { parameters: ["usize", "buffer", "u32"], result: "usize" },
} as const;

export const Z_OK = 0;

export type Libz = Deno.DynamicLibrary<typeof symbols>["symbols"];
let opened: Libz | undefined;

/** Opens the library once a thread. Throws Error where it is missing. */
export function libz(): Libz {
  return opened ??= Deno.dlopen("libz.so.1", symbols).symbols;
}
