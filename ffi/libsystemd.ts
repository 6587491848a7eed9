/** libsystemd: what a service says to its service manager. Only opened under systemd. */

const symbols = {
  // whether to forget NOTIFY_SOCKET, assignments such as "READY=1"; sd_notify(3)
  sd_notify: { parameters: ["i32", "buffer"], result: "i32" },
} as const;

/** The functions of libsystemd. */
export type Libsystemd = Deno.DynamicLibrary<typeof symbols>["symbols"];

let opened: Libsystemd | undefined;

/** Opens libsystemd once a thread. Throws with the package to install where it is missing. */
export function libsystemd(): Libsystemd {
  if (opened) return opened;
  try {
    return opened = Deno.dlopen("libsystemd.so.0", symbols).symbols;
  } catch (cause) {
    throw new Error("libsystemd.so.0 cannot be opened; install Debian's package libsystemd0", {
      cause,
    });
  }
}
