/** The Linux console: ioctl(2) requests of a virtual terminal, ioctl_console(2). */

const symbols = {
  ioctl: { parameters: ["i32", "u64", "u64"], result: "i32" },
} as const;

/** ioctl with a number as its argument. */
export const consoleCalls = Deno.dlopen("libc.so.6", symbols).symbols;

/** What the kernel does with the keys of a terminal's keyboards. */
export const KDSKBMODE = 0x4b45n;
/** Nothing: no characters, no switching, no restart by Ctrl-Alt-Del. */
export const K_OFF = 4n;
/** Opening a terminal does not make it the process's own, open(2). */
export const O_NOCTTY = 0x100;
