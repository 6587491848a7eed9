import { EFD_CLOEXEC, EFD_NONBLOCK, errno, errnoText, libc } from "../../../ffi/libc.ts";
import { ByteRing } from "../../media/byte_ring.ts";

const INPUT = 0;
const COMMAND = 1;
const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);
const MAX_WAITING = 10000;

/** What a Worker needs to read a {@linkcode CommandSender}'s commands; goes by postMessage. */
export interface CommandChannel {
  buffer: SharedArrayBuffer;
  /** Fires when a command was written. */
  eventfd: number;
}

/**
 * Sends input records and JSON commands to a Worker that blocks in epoll and so cannot receive
 * postMessage.
 */
export class CommandSender<Command> {
  readonly channel: CommandChannel;
  readonly #ring: ByteRing;
  /** Records the ring had no room for; nothing is lost, a lost release would be a stuck key. */
  readonly #waiting: Uint8Array[] = [];
  #retry: ReturnType<typeof setTimeout> | undefined;
  #open = true;

  /** `capacity` in bytes, a power of two. */
  constructor(capacity = 65536) {
    const eventfd = libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (eventfd < 0) throw new Error(`expected an eventfd, got: ${errnoText(errno())}`);
    this.#ring = ByteRing.allocate(capacity);
    this.channel = { buffer: this.#ring.buffer, eventfd };
  }

  input(record: Uint8Array): void {
    this.#send(INPUT, record);
  }

  command(command: Command): void {
    this.#send(COMMAND, new TextEncoder().encode(JSON.stringify(command)));
  }

  /** To be called when the Worker reads no more. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#retry);
    libc.close(this.channel.eventfd);
  }

  #send(tag: number, body: Uint8Array): void {
    if (!this.#open || this.#waiting.length >= MAX_WAITING) return;
    const record = new Uint8Array(1 + body.length);
    record[0] = tag;
    record.set(body, 1);
    this.#waiting.push(record);
    this.#push();
  }

  #push(): void {
    while (this.#waiting.length > 0 && this.#ring.push(this.#waiting[0])) this.#waiting.shift();
    libc.write(this.channel.eventfd, ONE, 8n);
    if (this.#waiting.length === 0 || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      if (this.#open) this.#push();
    }, 5);
  }
}

/** The Worker's end of a {@linkcode CommandChannel}. */
export class CommandReceiver<Command> {
  readonly #ring: ByteRing;
  readonly #count = new Uint8Array(8);

  constructor(readonly channel: CommandChannel) {
    this.#ring = new ByteRing(channel.buffer);
  }

  /** Takes all that has come; never blocks. */
  drain(onInput: (record: Uint8Array) => void, onCommand: (command: Command) => void): void {
    libc.read(this.channel.eventfd, this.#count, 8n);
    for (let record = this.#ring.shift(); record; record = this.#ring.shift()) {
      const body = record.subarray(1);
      if (record[0] === INPUT) onInput(body);
      else onCommand(JSON.parse(new TextDecoder().decode(body)));
    }
  }
}
