/**
 * The Wayland wire format and the socket that carries it. Both ends use it; it knows no interface.
 *
 * A message is: u32 object id; u32 with the opcode in the low and the size in bytes (head included)
 * in the high 16 bits; arguments in host byte order, each padded to 4 bytes. File descriptors
 * travel beside the bytes as SCM_RIGHTS. Source: Wayland protocol, chapter 4 "Wire Format".
 */
import {
  addressOf,
  EAGAIN,
  EINTR,
  errno,
  F_DUPFD_CLOEXEC,
  libc,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SCM_RIGHTS,
  SOL_SOCKET,
} from "../../../ffi/libc.ts";

/** Bytes before the arguments of a message. */
export const HEAD_BYTES = 8;
/** Longest message libwayland reads or writes (WL_MAX_MESSAGE_SIZE in its connection.c). */
export const MAX_MESSAGE_BYTES = 4096;
/** Most descriptors libwayland puts into one sendmsg (MAX_FDS_OUT). */
export const MAX_FDS_PER_SEND = 28;

/** Bytes that are not a message of the expected form. */
export class WireError extends Error {
  override name = "WireError";
}

/** The arguments of one received message, read in order. */
export class MessageReader {
  /** Object the message is for. */
  object = 0;
  opcode = 0;
  /** Descriptors that this message's arguments took so far; whoever handles it owns them. */
  readonly takenFds: number[] = [];
  #bytes = new Uint8Array();
  #view = new DataView(this.#bytes.buffer);
  #fds: number[] = [];
  #position = 0;
  #end = 0;

  /** Points the reader at the message in `bytes` from `start`, `size` bytes long with its head. */
  load(
    bytes: Uint8Array<ArrayBuffer>,
    view: DataView<ArrayBuffer>,
    start: number,
    size: number,
    fds: number[],
  ): void {
    this.object = view.getUint32(start, true);
    this.opcode = view.getUint16(start + 4, true);
    this.#bytes = bytes;
    this.#view = view;
    this.#position = start + HEAD_BYTES;
    this.#end = start + size;
    this.#fds = fds;
    this.takenFds.length = 0;
  }

  uint(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  int(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  /** Signed 24.8 fixed point. */
  fixed(): number {
    return this.int() / 256;
  }

  string(): string {
    const text = this.nullableString();
    if (text === null) throw new WireError("expected a string, got null");
    return text;
  }

  nullableString(): string | null {
    const bytes = this.array();
    if (bytes.length === 0) return null;
    if (bytes[bytes.length - 1] !== 0) throw new WireError("expected a string that ends with NUL");
    return new TextDecoder().decode(bytes.subarray(0, -1));
  }

  /** A copy of the argument's bytes. */
  array(): Uint8Array<ArrayBuffer> {
    const length = this.uint();
    const start = this.#advance(Math.ceil(length / 4) * 4);
    return new Uint8Array(this.#bytes.subarray(start, start + length));
  }

  fd(): number {
    const fd = this.#fds.shift();
    if (fd === undefined) throw new WireError("expected a file descriptor, none came");
    this.takenFds.push(fd);
    return fd;
  }

  /** Throws where bytes are left over, because then both ends disagree about the signature. */
  finish(): void {
    if (this.#position !== this.#end) {
      throw new WireError(`${this.#end - this.#position} bytes left after the last argument`);
    }
  }

  #advance(bytes: number): number {
    const start = this.#position;
    if (bytes > this.#end - start) {
      throw new WireError(`expected ${bytes} more bytes, got ${this.#end - start}`);
    }
    this.#position = start + bytes;
    return start;
  }
}

/** Messages waiting to be sent, in order, with their descriptors. */
export class MessageWriter {
  /** Bytes not sent yet are those before `length`. */
  bytes = new Uint8Array(8192);
  length = 0;
  /** Copies owned by the queue; closed once they are sent. */
  readonly fds: number[] = [];
  #view = new DataView(this.bytes.buffer);
  #start = 0;

  begin(object: number, opcode: number): this {
    this.#start = this.length;
    this.uint(object);
    return this.uint(opcode);
  }

  uint(value: number): this {
    this.#reserve(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
    return this;
  }

  int(value: number): this {
    return this.uint(value);
  }

  fixed(value: number): this {
    return this.uint(Math.round(value * 256));
  }

  string(text: string | null): this {
    return text === null ? this.uint(0) : this.array(new TextEncoder().encode(text + "\0"));
  }

  array(data: Uint8Array): this {
    this.uint(data.length);
    const padded = Math.ceil(data.length / 4) * 4;
    this.#reserve(padded);
    this.bytes.set(data, this.length);
    this.bytes.fill(0, this.length + data.length, this.length + padded);
    this.length += padded;
    return this;
  }

  /** Queues a duplicate of `fd`; the caller keeps its own. */
  fd(fd: number): this {
    const copy = libc.fcntl(fd, F_DUPFD_CLOEXEC, 0n);
    if (copy < 0) throw new Error(`fcntl(F_DUPFD_CLOEXEC) failed with errno ${errno()}`);
    this.fds.push(copy);
    return this;
  }

  /** Completes the message. Throws RangeError, and drops the message, where it is too long. */
  end(): void {
    const size = this.length - this.#start;
    if (size > MAX_MESSAGE_BYTES) {
      this.length = this.#start;
      throw new RangeError(`expected a message of at most ${MAX_MESSAGE_BYTES} bytes, got ${size}`);
    }
    this.#view.setUint16(this.#start + 6, size, true);
  }

  /** Forgets the first `count` bytes, which were sent. */
  consume(count: number): void {
    this.bytes.copyWithin(0, count, this.length);
    this.length -= count;
  }

  #reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + bytes));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

const RECEIVE_BYTES = 16384;
const CONTROL_BYTES = 16 + 4 * 254;

/** A `struct msghdr` with one iovec and room for control data, reused for every call. */
class MessageHead {
  readonly bytes = new Uint8Array(56);
  readonly control = new Uint8Array(CONTROL_BYTES);
  readonly controlView = new DataView(this.control.buffer);
  readonly #iovec = new Uint8Array(16);
  readonly #view = new DataView(this.bytes.buffer);
  readonly #iovecView = new DataView(this.#iovec.buffer);

  constructor() {
    this.#view.setBigUint64(16, addressOf(this.#iovec), true);
    this.#view.setBigUint64(24, 1n, true);
    this.#view.setBigUint64(32, addressOf(this.control), true);
  }

  prepare(data: Uint8Array, length: number, controlLength: number): Uint8Array<ArrayBuffer> {
    this.#iovecView.setBigUint64(0, addressOf(data), true);
    this.#iovecView.setBigUint64(8, BigInt(length), true);
    this.#view.setBigUint64(40, BigInt(controlLength), true);
    this.#view.setInt32(48, 0, true);
    return this.bytes;
  }

  get controlLength(): number {
    return Number(this.#view.getBigUint64(40, true));
  }

  get flags(): number {
    return this.#view.getInt32(48, true);
  }
}

const receiving = new MessageHead();
const sending = new MessageHead();

/** What {@linkcode WireSocket.receive} found. */
export type Received = "data" | "empty" | "closed" | "descriptors lost";

/** One end of a connection: a non-blocking Unix stream socket with its buffers. */
export class WireSocket {
  readonly reader = new MessageReader();
  readonly writer = new MessageWriter();
  /** Descriptors received and not taken by a message yet. */
  readonly receivedFds: number[] = [];
  #incoming = new Uint8Array(RECEIVE_BYTES + MAX_MESSAGE_BYTES);
  #view = new DataView(this.#incoming.buffer);
  #filled = 0;
  #consumed = 0;

  /** Takes over `fd`. */
  constructor(readonly fd: number) {}

  /** Reads what the socket holds, at most 16 KiB. Call {@linkcode next} until it is empty before. */
  receive(): Received {
    this.#incoming.copyWithin(0, this.#consumed, this.#filled);
    this.#filled -= this.#consumed;
    this.#consumed = 0;
    const target = this.#incoming.subarray(this.#filled, this.#filled + RECEIVE_BYTES);
    const head = receiving.prepare(target, target.length, CONTROL_BYTES);
    const flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
    const count = Number(libc.recvmsg(this.fd, head, flags));
    if (count < 0) {
      const code = errno();
      return code === EAGAIN || code === EINTR ? "empty" : "closed";
    }
    this.#collectFds();
    if (receiving.flags & MSG_CTRUNC) return "descriptors lost";
    this.#filled += count;
    return count === 0 ? "closed" : "data";
  }

  #collectFds(): void {
    const end = receiving.controlLength;
    for (let at = 0; at + 16 <= end;) {
      const length = Number(receiving.controlView.getBigUint64(at, true));
      if (length < 16) break;
      const level = receiving.controlView.getInt32(at + 8, true);
      const type = receiving.controlView.getInt32(at + 12, true);
      if (level === SOL_SOCKET && type === SCM_RIGHTS) {
        for (let fd = at + 16; fd + 4 <= at + length; fd += 4) {
          this.receivedFds.push(receiving.controlView.getInt32(fd, true));
        }
      }
      at += Math.ceil(length / 8) * 8;
    }
  }

  /**
   * The next whole message, or undefined until more is received. The reader is reused by the next
   * call. Throws {@linkcode WireError} where the head gives an impossible size.
   */
  next(): MessageReader | undefined {
    const available = this.#filled - this.#consumed;
    if (available < HEAD_BYTES) return undefined;
    const size = this.#view.getUint16(this.#consumed + 6, true);
    if (size < HEAD_BYTES || size % 4 !== 0 || size > MAX_MESSAGE_BYTES) {
      throw new WireError(
        `expected a message of ${HEAD_BYTES} to ${MAX_MESSAGE_BYTES} bytes, got ${size}`,
      );
    }
    if (available < size) return undefined;
    this.reader.load(this.#incoming, this.#view, this.#consumed, size, this.receivedFds);
    this.#consumed += size;
    return this.reader;
  }

  /** Sends what is queued; "blocked" where the peer does not read and some of it had to stay. */
  flush(): "sent" | "blocked" | "closed" {
    const { writer } = this;
    while (writer.length > 0) {
      const fds = writer.fds.slice(0, MAX_FDS_PER_SEND);
      // With more descriptors than one call takes, bytes are held back for the calls that follow.
      const length = writer.fds.length > MAX_FDS_PER_SEND ? 1 : writer.length;
      const controlLength = fds.length > 0 ? this.#writeControl(fds) : 0;
      const head = sending.prepare(writer.bytes, length, controlLength);
      const sent = Number(libc.sendmsg(this.fd, head, MSG_DONTWAIT | MSG_NOSIGNAL));
      if (sent < 0) {
        const code = errno();
        if (code === EINTR) continue;
        return code === EAGAIN ? "blocked" : "closed";
      }
      for (const fd of writer.fds.splice(0, fds.length)) libc.close(fd);
      writer.consume(sent);
    }
    return "sent";
  }

  #writeControl(fds: number[]): number {
    const length = 16 + 4 * fds.length;
    sending.controlView.setBigUint64(0, BigInt(length), true);
    sending.controlView.setInt32(8, SOL_SOCKET, true);
    sending.controlView.setInt32(12, SCM_RIGHTS, true);
    fds.forEach((fd, i) => sending.controlView.setInt32(16 + 4 * i, fd, true));
    return Math.ceil(length / 8) * 8;
  }

  /** Closes the socket and every descriptor still queued in either direction. */
  close(): void {
    for (const fd of this.receivedFds.splice(0)) libc.close(fd);
    for (const fd of this.writer.fds.splice(0)) libc.close(fd);
    this.writer.length = 0;
    libc.close(this.fd);
  }
}
