import { EINTR, EPOLL_CTL_ADD, EPOLLIN, errno, errnoText, libc } from "../../../ffi/libc.ts";

/** Blocks this thread until one of some file descriptors is readable. */
export class EventWait {
  readonly #epoll: number;
  readonly #events = new Uint8Array(12 * 4);

  constructor(fds: number[]) {
    this.#epoll = libc.epoll_create1(0x80000);
    for (const fd of fds) {
      // struct epoll_event: u32 events, u64 data; packed on x86-64 only, where data is not read back.
      const event = new Uint8Array(16);
      new DataView(event.buffer).setUint32(0, EPOLLIN, true);
      if (libc.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, fd, event) < 0) {
        throw new Error(`expected to wait for descriptor ${fd}: ${errnoText(errno())}`);
      }
    }
  }

  /** `timeoutMs` -1: for ever. */
  wait(timeoutMs: number): void {
    const ready = libc.epoll_wait(this.#epoll, this.#events, 3, timeoutMs);
    if (ready < 0 && errno() !== EINTR) throw new Error(`epoll_wait: ${errnoText(errno())}`);
  }

  close(): void {
    libc.close(this.#epoll);
  }
}
