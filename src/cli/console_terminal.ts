import { consoleCalls, K_OFF, KDSKBMODE, O_NOCTTY } from "../../ffi/console.ts";
import { cstring, errno, errnoText, libc, O_CLOEXEC, O_RDWR } from "../../ffi/libc.ts";
import { logger } from "../system/log.ts";

const log = logger("appliance");

/**
 * Writes text and control sequences to a virtual terminal, such as /dev/tty1, and takes its keyboards
 * from it: what players press are keys of this machine's input devices too, and the kernel hands those
 * to its terminals, with Ctrl-Alt-Del and all.
 *
 * The terminal is opened each time: systemd hangs up terminals, after which an open one is of no use.
 *
 * @throws where there is no such terminal
 */
export function writeToConsole(path: string, text: string): void {
  // Not as this process's controlling terminal, which could send it signals.
  const fd = libc.open(cstring(path), O_RDWR | O_CLOEXEC | O_NOCTTY, 0);
  if (fd < 0) throw new Error(`the screen ${path} cannot be opened: ${errnoText(errno())}`);
  try {
    if (consoleCalls.ioctl(fd, KDSKBMODE, K_OFF) < 0) {
      log.warn("the terminal keeps its keyboard", { path, why: errnoText(errno()) });
    }
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) {
      const written = Number(libc.write(fd, bytes, BigInt(bytes.length)));
      if (written < 0) throw new Error(`cannot write to ${path}: ${errnoText(errno())}`);
      bytes = bytes.slice(written);
    }
  } finally {
    libc.close(fd);
  }
}
