import { consoleCalls, K_OFF, KDSKBMODE, O_NOCTTY } from "../../ffi/console.ts";
import { cstring, errno, errnoText, libc, O_CLOEXEC, O_RDWR } from "../../ffi/libc.ts";
import { logger } from "../system/log.ts";

const log = logger("appliance");

/** A virtual terminal that only shows. */
export class ConsoleTerminal implements Disposable {
  private constructor(readonly path: string, private readonly fd: number) {}

  /**
   * Opens a terminal's device, such as /dev/tty1, and takes its keyboards from it: what players press
   * are keys of this machine's input devices too, and the kernel hands those to its terminals, with
   * Ctrl-Alt-Del and all.
   *
   * @throws where there is no such terminal
   */
  static open(path: string): ConsoleTerminal {
    // Not as this process's controlling terminal, which could send it signals.
    const fd = libc.open(cstring(path), O_RDWR | O_CLOEXEC | O_NOCTTY, 0);
    if (fd < 0) throw new Error(`the screen ${path} cannot be opened: ${errnoText(errno())}`);
    if (consoleCalls.ioctl(fd, KDSKBMODE, K_OFF) < 0) {
      log.warn("the terminal keeps its keyboard", { path, why: errnoText(errno()) });
    }
    return new ConsoleTerminal(path, fd);
  }

  /** Writes text and control sequences. Throws where the terminal is gone. */
  write(text: string): void {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) {
      const written = Number(libc.write(this.fd, bytes, BigInt(bytes.length)));
      if (written < 0) throw new Error(`cannot write to ${this.path}: ${errnoText(errno())}`);
      bytes = bytes.slice(written);
    }
  }

  [Symbol.dispose](): void {
    libc.close(this.fd);
  }
}
