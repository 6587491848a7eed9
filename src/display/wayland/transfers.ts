/**
 * Pipes that carry what is copied and pasted, served by the event loop: somebody offers data in several
 * formats, somebody else asks for one and gets it through a pipe. The browser is a somebody too.
 */
import {
  EAGAIN,
  EINTR,
  EPOLLIN,
  EPOLLOUT,
  errno,
  libc,
  O_CLOEXEC,
  O_NONBLOCK,
} from "../../../ffi/libc.ts";
import { monotonicMs } from "../../media/clock.ts";
import type { EventLoop, Timer } from "./event_loop.ts";

/** Formats of plain text, the best first. */
export const textTypes = [
  "text/plain;charset=utf-8",
  "UTF8_STRING",
  "text/plain",
  "TEXT",
  "STRING",
];

/** Longest text to the browser in UTF-16 units, as ControlFromViewer limits the other direction. */
export const MAX_CLIPBOARD_TEXT = 200_000;
const MAX_BYTES = MAX_CLIPBOARD_TEXT * 3;
const CHUNK = 65536;
/** A peer that does not read or write for this long is given up. */
const PATIENCE_MS = 5000;
const MAX_TRANSFERS = 32;

/** Somebody who offers data. */
export interface SelectionSource {
  readonly mimeTypes: readonly string[];
  /** Writes the data to `fd`, which this takes over. */
  send(mimeType: string, fd: number): void;
  /** Somebody else offers now. */
  cancel(): void;
}

/** Text that came from the browser. */
export class TextSource implements SelectionSource {
  readonly mimeTypes = textTypes;

  constructor(readonly transfers: Transfers, readonly text: string) {}

  send(_mimeType: string, fd: number): void {
    this.transfers.write(fd, new TextEncoder().encode(this.text));
  }

  cancel(): void {}
}

/** Pipes served by the event loop, none of which can hold it up. */
export class Transfers {
  readonly #loop: EventLoop;
  readonly #running = new Set<() => void>();

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  /** Writes all of `data` to `fd` and closes it. */
  write(fd: number, data: Uint8Array<ArrayBuffer>): void {
    let written = 0;
    this.#serve(fd, EPOLLOUT, () => {
      const rest = data.subarray(written, written + CHUNK);
      if (rest.length === 0) return true;
      const count = Number(libc.write(fd, rest, BigInt(rest.length)));
      if (count < 0) return !retryable();
      written += count;
      return written >= data.length;
    });
  }

  /** Asks `source` for its text; `done` gets it where it is not longer than allowed. */
  readText(source: SelectionSource, done: (text: string) => void): void {
    const type = textTypes.find((candidate) => source.mimeTypes.includes(candidate));
    const ends = new Int32Array(2);
    // Only the end kept here must not block; the program may rely on a pipe that does.
    if (!type || libc.pipe2(new Uint8Array(ends.buffer), O_CLOEXEC) < 0) return;
    const [readEnd, writeEnd] = ends;
    source.send(type, writeEnd);
    const parts: Uint8Array[] = [];
    let length = 0;
    const chunk = new Uint8Array(CHUNK);
    this.#serve(readEnd, EPOLLIN, () => {
      const count = Number(libc.read(readEnd, chunk, BigInt(CHUNK)));
      if (count < 0) return !retryable();
      length += count;
      if (length > MAX_BYTES) return true;
      parts.push(chunk.slice(0, count));
      if (count > 0) return false;
      const text = new TextDecoder().decode(join(parts, length));
      if (text.length <= MAX_CLIPBOARD_TEXT) done(text);
      return true;
    });
  }

  /** Calls `step` whenever `fd` is ready until it returns true, then closes `fd`. */
  #serve(fd: number, events: number, step: () => boolean): void {
    if (this.#running.size >= MAX_TRANSFERS) return void libc.close(fd);
    const flags = libc.fcntl(fd, F_GETFL, 0n);
    libc.fcntl(fd, F_SETFL, BigInt(flags | O_NONBLOCK));
    let patience: Timer | undefined;
    const end = () => {
      if (!this.#running.delete(end)) return;
      patience?.cancel();
      this.#loop.unwatch(fd);
      libc.close(fd);
    };
    const wait = () => {
      patience?.cancel();
      patience = this.#loop.at(monotonicMs() + PATIENCE_MS, end);
    };
    try {
      this.#loop.watch(fd, events, () => step() ? end() : wait());
    } catch {
      // Not a pipe or socket, such as a plain file: nothing that can be waited for.
      return void libc.close(fd);
    }
    this.#running.add(end);
    wait();
  }

  close(): void {
    for (const end of [...this.#running]) end();
  }
}

/** fcntl(2) commands of <fcntl.h>. */
const F_GETFL = 3;
const F_SETFL = 4;

function retryable(): boolean {
  const code = errno();
  return code === EAGAIN || code === EINTR;
}

function join(parts: Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
