/**
 * One thread's loop: blocks in epoll_wait over descriptors and one timerfd for all timers.
 */
import {
  CLOCK_MONOTONIC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLIN,
  errno,
  errnoText,
  libc,
  SOCK_CLOEXEC,
  TFD_CLOEXEC,
  TFD_NONBLOCK,
} from "../../../ffi/libc.ts";
import { monotonicMs } from "../../media/clock.ts";

const MAX_EVENTS = 64;
/** TFD_TIMER_ABSTIME of timerfd_create(2). */
const ABSOLUTE = 1;

/** A planned call; {@linkcode cancel} may be called at any time. */
export interface Timer {
  cancel(): void;
}

interface PlannedCall {
  atMs: number;
  run: () => void;
}

export class EventLoop {
  readonly #epoll: number;
  readonly #timerFd: number;
  readonly #handlers = new Map<number, (events: number) => void>();
  readonly #events = new Uint8Array(12 * MAX_EVENTS);
  readonly #eventsView = new DataView(this.#events.buffer);
  readonly #change = new Uint8Array(12);
  readonly #changeView = new DataView(this.#change.buffer);
  readonly #deadline = new BigInt64Array(4);
  readonly #expirations = new Uint8Array(8);
  /** Sorted by time. */
  readonly #planned: PlannedCall[] = [];
  #armedMs = 0;
  #running = false;

  /** Called after every batch of events, before the thread sleeps. */
  afterBatch: () => void = () => {};

  /** Gets what a handler throws; what it throws itself ends {@linkcode run}. */
  onError: (error: unknown) => void = (error) => {
    throw error;
  };

  constructor() {
    this.#epoll = libc.epoll_create1(SOCK_CLOEXEC);
    this.#timerFd = libc.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (this.#epoll < 0 || this.#timerFd < 0) {
      throw new Error(`cannot make an event loop: ${errnoText(errno())}`);
    }
    this.watch(this.#timerFd, EPOLLIN, () => this.#runTimers());
  }

  /** Calls `handler` with the EPOLL… bits that are ready. One handler a descriptor. */
  watch(fd: number, events: number, handler: (events: number) => void): void {
    const operation = this.#handlers.has(fd) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    this.#handlers.set(fd, handler);
    this.#control(operation, fd, events);
  }

  /** Changes what is waited for, keeping the handler. */
  rewatch(fd: number, events: number): void {
    this.#control(EPOLL_CTL_MOD, fd, events);
  }

  /** Must come before `fd` is closed. */
  unwatch(fd: number): void {
    if (this.#handlers.delete(fd)) this.#control(EPOLL_CTL_DEL, fd, 0);
  }

  #control(operation: number, fd: number, events: number): void {
    this.#changeView.setUint32(0, events, true);
    this.#changeView.setInt32(4, fd, true);
    if (libc.epoll_ctl(this.#epoll, operation, fd, this.#change) < 0) {
      const reason = errnoText(errno());
      throw new Error(`cannot watch descriptor ${fd}: ${reason}`);
    }
  }

  /** Plans a call at a time of {@linkcode monotonicMs}. */
  at(atMs: number, run: () => void): Timer {
    const call = { atMs, run };
    let index = this.#planned.length;
    while (index > 0 && this.#planned[index - 1].atMs > atMs) index--;
    this.#planned.splice(index, 0, call);
    return {
      cancel: () => {
        const found = this.#planned.indexOf(call);
        if (found >= 0) this.#planned.splice(found, 1);
      },
    };
  }

  #runTimers(): void {
    libc.read(this.#timerFd, this.#expirations, 8n);
    this.#armedMs = 0;
    const now = monotonicMs();
    while (this.#planned.length > 0 && this.#planned[0].atMs <= now) {
      this.#guarded(this.#planned.shift()!.run);
    }
  }

  #arm(): void {
    const next = this.#planned[0]?.atMs ?? 0;
    if (next === this.#armedMs) return;
    this.#armedMs = next;
    // Nanoseconds; zero disarms, so a deadline is never rounded to zero.
    this.#deadline[2] = BigInt(Math.floor(next / 1e3));
    this.#deadline[3] = BigInt(Math.floor((next % 1e3) * 1e6));
    const bytes = new Uint8Array(this.#deadline.buffer);
    libc.timerfd_settime(this.#timerFd, ABSOLUTE, bytes, null);
  }

  /** Blocks this thread until {@linkcode stop}. */
  run(): void {
    this.#running = true;
    while (this.#running) this.turn(-1);
  }

  /** Waits up to `timeoutMs` for events and handles them. */
  turn(timeoutMs: number): void {
    this.#arm();
    const count = libc.epoll_wait(this.#epoll, this.#events, MAX_EVENTS, timeoutMs);
    // Copied first: a handler may close a descriptor that a later event of this batch is for.
    const ready: [number, number][] = [];
    for (let i = 0; i < count; i++) {
      ready.push([
        this.#eventsView.getInt32(12 * i + 4, true),
        this.#eventsView.getUint32(12 * i, true),
      ]);
    }
    for (const [fd, events] of ready) this.#guarded(() => this.#handlers.get(fd)?.(events));
    this.#guarded(this.afterBatch);
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.onError(error);
    }
  }

  stop(): void {
    this.#running = false;
  }

  close(): void {
    libc.close(this.#timerFd);
    libc.close(this.#epoll);
  }
}
