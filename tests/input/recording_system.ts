/** A test double of the kernel's input system: records calls and answers from a script. */
import {
  EV_FF,
  EV_UINPUT,
  type EventTriple,
  inputEvents,
  readInputEvents,
  UI_BEGIN_FF_ERASE,
  UI_BEGIN_FF_UPLOAD,
  UI_END_FF_ERASE,
  UI_END_FF_UPLOAD,
  UI_FF_ERASE,
  UI_FF_UPLOAD,
  UI_GET_SYSNAME_64,
} from "../../ffi/uinput.ts";
import type { DeviceNode, InputSystem, UinputFile } from "../../src/input/input_system.ts";

export class RecordingFile implements UinputFile {
  /** [request, argument] of each ioctl; a buffer as hexadecimal digits. */
  readonly controls: [number, number | string][] = [];
  /** What the game's side would read. */
  readonly sent: EventTriple[] = [];
  closed = false;
  /** A request that fails. */
  failing: number | undefined;
  readonly #toRead: Uint8Array<ArrayBuffer>[] = [];
  readonly #requests = new Map<number, Uint8Array>();
  onReadable: (() => void) | undefined;

  constructor(readonly sysname: string) {}

  control(request: number, argument: number | Uint8Array<ArrayBuffer>): void {
    if (request === this.failing) throw new Error(`request 0x${request.toString(16)} refused`);
    if (typeof argument !== "number") {
      if (request === UI_GET_SYSNAME_64) new TextEncoder().encodeInto(this.sysname, argument);
      if (request === UI_BEGIN_FF_UPLOAD || request === UI_BEGIN_FF_ERASE) {
        const id = new DataView(argument.buffer).getUint32(0, true);
        argument.set(this.#requests.get(id)!.subarray(8), 8);
      }
    }
    this.controls.push([request, typeof argument === "number" ? argument : argument.toHex()]);
  }

  write(events: Uint8Array<ArrayBuffer>): void {
    if (this.closed) throw new Error("write to a closed device");
    this.sent.push(...readInputEvents(events));
  }

  read(): Uint8Array<ArrayBuffer> | undefined {
    return this.#toRead.shift();
  }

  close(): void {
    this.closed = true;
  }

  /** The game plays or sets something: EV_FF. */
  gameSends(code: number, value: number): void {
    this.#deliver([EV_FF, code, value]);
  }

  /** The game uploads `effect` (struct ff_effect); the result its call would have. */
  gameUploads(requestId: number, effect: Uint8Array): number {
    const request = new Uint8Array(104);
    request.set(effect, 8);
    this.#requests.set(requestId, request);
    this.#deliver([EV_UINPUT, UI_FF_UPLOAD, requestId]);
    return this.#result(UI_END_FF_UPLOAD, requestId);
  }

  gameErases(requestId: number, effectId: number): number {
    const request = new Uint8Array(12);
    new DataView(request.buffer).setUint32(8, effectId, true);
    this.#requests.set(requestId, request);
    this.#deliver([EV_UINPUT, UI_FF_ERASE, requestId]);
    return this.#result(UI_END_FF_ERASE, requestId);
  }

  #deliver(event: EventTriple): void {
    this.#toRead.push(inputEvents([event]));
    this.onReadable?.();
  }

  #result(request: number, requestId: number): number {
    const ended = this.controls.findLast(([made]) => made === request)!;
    const view = new DataView(Uint8Array.fromHex(ended[1] as string).buffer);
    if (view.getUint32(0, true) !== requestId) throw new Error("another request was ended");
    return view.getInt32(4, true);
  }
}

export class RecordingSystem implements InputSystem {
  readonly files: RecordingFile[] = [];
  readonly paths = new Set<string>();
  missing: string | undefined;
  /** Given to each new file. */
  failing: number | undefined;
  failDirectory = false;

  unavailable(): string | undefined {
    return this.missing;
  }

  open(): RecordingFile {
    const file = new RecordingFile(`input${this.files.length + 10}`);
    file.failing = this.failing;
    this.files.push(file);
    return file;
  }

  nodes(sysname: string): DeviceNode[] {
    const n = Number(sysname.slice(5));
    return [
      { name: `event${n}`, major: 13, minor: 64 + n },
      { name: `js${n}`, major: 13, minor: n },
    ];
  }

  makeNode(path: string, _node: DeviceNode): void {
    this.paths.add(path);
  }

  removeNode(path: string): void {
    if (!this.paths.delete(path)) throw new Error(`${path} was not there`);
  }

  makeDirectory(path: string): Promise<void> {
    if (this.failDirectory) return Promise.reject(new Error("no room"));
    this.paths.add(path);
    return Promise.resolve();
  }

  removeDirectory(path: string): Promise<void> {
    this.paths.delete(path);
    return Promise.resolve();
  }

  watch(file: UinputFile, onReadable: () => void): () => void {
    const recording = file as RecordingFile;
    recording.onReadable = onReadable;
    return () => recording.onReadable = undefined;
  }
}
