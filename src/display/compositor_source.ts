/**
 * The session's side of the compositor: starts its Worker and speaks to it.
 */
import { EFD_CLOEXEC, EFD_NONBLOCK, errno, errnoText, libc } from "../../ffi/libc.ts";
import { ByteRing } from "../media/byte_ring.ts";
import type { FrameRing } from "../media/frame_ring.ts";
import type { DesktopView, DisplayEvent, DisplaySource } from "../media/stages.ts";
import type { KeyboardLayout, VideoMode } from "../protocol/session.ts";
import { prepareWorker, takeWorker } from "../system/worker_module.ts";
import {
  type DisplayCommand,
  type DisplayWorkerMessage,
  type DisplayWorkerStart,
  RecordKind,
} from "./worker_messages.ts";

export interface CompositorSourceOptions {
  /** Absolute path for the Wayland socket, at most 107 bytes. */
  socketPath: string;
  mode: VideoMode;
  keyboard: KeyboardLayout;
  ring: FrameRing;
}

const MODULE = new URL("./worker.ts", import.meta.url);
/** Room for the longest clipboard text in any spelling JSON has for it. */
const COMMAND_BYTES = 2 * 1024 * 1024;
const RETRY_MS = 2;

/** Starts the compositor's Worker ahead of {@linkcode startCompositor}. */
export function prepareCompositor(): Promise<void> {
  return prepareWorker("display", MODULE);
}

/**
 * Starts a compositor in a Worker. `ready` and everything after come through `onEvent`; set it
 * before returning to the event loop. What cannot be started is reported as `failed`.
 */
export function startCompositor(options: CompositorSourceOptions): DisplaySource {
  const wakeFd = libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wakeFd < 0) throw new Error(`cannot make an eventfd: ${errnoText(errno())}`);
  return new CompositorSource(options, wakeFd);
}

class CompositorSource implements DisplaySource {
  onEvent: (event: DisplayEvent) => void = () => {};
  readonly #commands = ByteRing.allocate(COMMAND_BYTES);
  readonly #worker: Worker;
  readonly #wakeFd: number;
  readonly #closed = Promise.withResolvers<void>();
  /** Records that found the ring full. */
  #overflow: Uint8Array[] = [];
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(options: CompositorSourceOptions, wakeFd: number) {
    this.#wakeFd = wakeFd;
    this.#worker = takeWorker("display", MODULE);
    this.#worker.onmessage = ({ data }: MessageEvent<DisplayWorkerMessage>) => {
      if (data.type === "closed") this.#end();
      else this.onEvent(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.onEvent({ type: "failed", message: event.message });
      this.#end();
    };
    const start: DisplayWorkerStart = {
      socketPath: options.socketPath,
      mode: options.mode,
      keyboard: options.keyboard,
      frames: options.ring.buffer,
      commands: this.#commands.buffer,
      wakeFd,
    };
    this.#worker.postMessage(start);
  }

  input(record: Uint8Array): void {
    this.#push(RecordKind.Input, record);
  }

  setMode(mode: VideoMode): void {
    this.#command({ type: "mode", mode });
  }

  setKeyboard(layout: KeyboardLayout): void {
    this.#command({ type: "keyboard", layout });
  }

  setClipboard(text: string): void {
    this.#command({ type: "clipboard", text });
  }

  setDesktopView(view: DesktopView): void {
    this.#command({ type: "desktop-view", view });
  }

  requestClose(): void {
    this.#command({ type: "request-close" });
  }

  close(): Promise<void> {
    this.#command({ type: "close" });
    return this.#closed.promise;
  }

  #command(command: DisplayCommand): void {
    this.#push(RecordKind.Command, new TextEncoder().encode(JSON.stringify(command)));
  }

  #push(kind: number, body: Uint8Array): void {
    if (this.#ended) return;
    const record = new Uint8Array(1 + body.length);
    record[0] = kind;
    record.set(body, 1);
    this.#overflow.push(record);
    this.#drain();
  }

  #drain(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    while (this.#overflow.length > 0 && this.#commands.push(this.#overflow[0])) {
      this.#overflow.shift();
    }
    libc.write(this.#wakeFd, new Uint8Array(new BigUint64Array([1n]).buffer), 8n);
    if (this.#overflow.length > 0) this.#retry = setTimeout(() => this.#drain(), RETRY_MS);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#retry);
    this.#worker.terminate();
    libc.close(this.#wakeFd);
    this.#closed.resolve();
  }
}
