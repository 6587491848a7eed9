import { addressOf, cstring } from "../../../ffi/libc.ts";
import { type Libxcb, libxcb } from "../../../ffi/libxcb.ts";
import { parseSetup, type XScreen } from "./setup.ts";
import { cookieFor, parseXauthority } from "./xauthority.ts";

export interface XProperty {
  /** Atom; 0 where the property does not exist. */
  type: number;
  format: number;
  data: Uint8Array<ArrayBuffer>;
}

/** The X server is gone or refused us. */
export class XConnectionError extends Error {
  override name = "XConnectionError";
}

// xcb_connection_has_error, <xcb/xcb.h>.
const CONNECTION_ERRORS: Record<number, string> = {
  1: "the server closed the connection or cannot be reached",
  2: "the server lacks an extension",
  3: "out of memory",
  4: "a request was too long",
  5: "the display name is not of the form [host]:number",
  6: "the server has no such screen",
};

/** A connection to an X server: replies and events as byte copies, atoms by name. */
export class XConnection {
  readonly #atoms = new Map<string, number>();
  readonly #error = new BigUint64Array(1);
  readonly #errorBytes = new Uint8Array(this.#error.buffer);
  #closed = false;

  private constructor(
    readonly xcb: Libxcb,
    readonly handle: Deno.PointerObject,
    readonly display: string,
    readonly screen: XScreen,
  ) {}

  /**
   * Connects to `display`, such as ":0". The cookie comes from the file `xauthority`, or as
   * libxcb finds it ($XAUTHORITY, ~/.Xauthority). Throws {@linkcode XConnectionError}.
   */
  static open(display: string, xauthority?: string): XConnection {
    const xcb = libxcb();
    const screenNumber = new Int32Array(1);
    const screenBytes = new Uint8Array(screenNumber.buffer);
    const handle = xauthority === undefined
      ? xcb.xcb_connect(cstring(display), screenBytes)
      : connectWithFile(xcb, display, xauthority, screenBytes);
    const error = handle ? xcb.xcb_connection_has_error(handle) : 3;
    if (!handle || error) {
      if (handle) xcb.xcb_disconnect(handle);
      throw new XConnectionError(
        `expected an X server at ${display}, but ${CONNECTION_ERRORS[error] ?? `error ${error}`};` +
          ` see that it runs and that this user may connect (xhost, XAUTHORITY)`,
      );
    }
    const setup = new Deno.UnsafePointerView(xcb.xcb_get_setup(handle)!);
    const bytes = new Uint8Array(8 + setup.getUint16(6) * 4);
    setup.copyInto(bytes);
    return new XConnection(xcb, handle, display, parseSetup(bytes, screenNumber[0]));
  }

  get fd(): number {
    return this.xcb.xcb_get_file_descriptor(this.handle);
  }

  get root(): number {
    return this.screen.root;
  }

  flush(): void {
    this.xcb.xcb_flush(this.handle);
  }

  /** Throws {@linkcode XConnectionError} once the server is gone. */
  check(): void {
    const error = this.xcb.xcb_connection_has_error(this.handle);
    if (error) {
      throw new XConnectionError(
        `the X server ${this.display} went away: ${CONNECTION_ERRORS[error] ?? `error ${error}`}`,
      );
    }
  }

  generateId(): number {
    return this.xcb.xcb_generate_id(this.handle);
  }

  /** Waits for the reply of a request; undefined where the server answered with an error. */
  reply(sequence: number): Uint8Array<ArrayBuffer> | undefined {
    this.#error[0] = 0n;
    const pointer = this.xcb.xcb_wait_for_reply(this.handle, sequence, this.#errorBytes);
    if (this.#error[0]) this.xcb.free(Deno.UnsafePointer.create(this.#error[0]));
    if (!pointer) {
      this.check();
      return undefined;
    }
    const view = new Deno.UnsafePointerView(pointer);
    const bytes = new Uint8Array(32 + view.getUint32(4) * 4);
    view.copyInto(bytes);
    this.xcb.free(pointer);
    return bytes;
  }

  /** The X error code of a checked request without reply, or 0. */
  errorOf(sequence: number): number {
    const pointer = this.xcb.xcb_request_check(this.handle, sequence);
    if (!pointer) return 0;
    const code = new Deno.UnsafePointerView(pointer).getUint8(1);
    this.xcb.free(pointer);
    return code;
  }

  /** The next event (32 bytes; errors are events of type 0), or undefined where none is there yet. */
  nextEvent(): Uint8Array<ArrayBuffer> | undefined {
    const pointer = this.xcb.xcb_poll_for_event(this.handle);
    if (!pointer) return undefined;
    const bytes = new Uint8Array(32);
    new Deno.UnsafePointerView(pointer).copyInto(bytes);
    this.xcb.free(pointer);
    return bytes;
  }

  /** First event number of an extension, or undefined where the server has not got it. */
  extension(name: string): number | undefined {
    const sequence = this.xcb.xcb_query_extension(this.handle, name.length, cstring(name));
    const reply = this.reply(sequence);
    return reply?.[8] ? reply[10] : undefined;
  }

  atom(name: string): number {
    return this.atoms([name])[0];
  }

  /** Atoms of these names, asked for in one round trip. */
  atoms(names: string[]): number[] {
    const missing = names.filter((name) => !this.#atoms.has(name));
    const sequences = missing.map((name) =>
      this.xcb.xcb_intern_atom(this.handle, 0, name.length, cstring(name))
    );
    missing.forEach((name, i) => {
      const reply = this.reply(sequences[i]);
      if (reply) this.#atoms.set(name, new DataView(reply.buffer).getUint32(8, true));
    });
    return names.map((name) => this.#atoms.get(name) ?? 0);
  }

  /** A property's value, at most `maxBytes` of it; `type` 0 accepts any. */
  property(
    window: number,
    property: number,
    { type = 0, maxBytes = 65536, remove = false } = {},
  ): XProperty {
    const reply = this.reply(this.xcb.xcb_get_property(
      this.handle,
      remove ? 1 : 0,
      window,
      property,
      type,
      0,
      Math.ceil(maxBytes / 4),
    ));
    if (!reply) return { type: 0, format: 0, data: new Uint8Array() };
    const view = new DataView(reply.buffer);
    const format = reply[1];
    const length = view.getUint32(16, true) * format / 8;
    return { type: view.getUint32(8, true), format, data: reply.slice(32, 32 + length) };
  }

  /** Replaces a property by 32-bit values (atoms, windows, cardinals). */
  setProperty32(window: number, property: number, type: number, values: number[]): void {
    const data = new Uint8Array(new Uint32Array(values).buffer);
    this.xcb.xcb_change_property(
      this.handle,
      0,
      window,
      property,
      type,
      32,
      values.length,
      data,
    );
  }

  /** Replaces a property by bytes. */
  setProperty8(window: number, property: number, type: number, data: Uint8Array): void {
    const bytes = data as Uint8Array<ArrayBuffer>;
    this.xcb.xcb_change_property(this.handle, 0, window, property, type, 8, data.length, bytes);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.xcb.xcb_disconnect(this.handle);
  }
}

function connectWithFile(
  xcb: Libxcb,
  display: string,
  xauthority: string,
  screen: Uint8Array<ArrayBuffer>,
): Deno.PointerValue {
  const cookie = cookieFor(parseXauthority(Deno.readFileSync(xauthority)), display);
  if (!cookie) {
    throw new XConnectionError(
      `expected a MIT-MAGIC-COOKIE-1 for display ${display} in ${xauthority}, but it has none`,
    );
  }
  // xcb_auth_info_t: int namelen; char *name; int datalen; char *data.
  const name = new TextEncoder().encode(cookie.name);
  const data = cookie.data.slice();
  const info = new Uint8Array(32);
  const view = new DataView(info.buffer);
  view.setInt32(0, name.length, true);
  view.setBigUint64(8, addressOf(name), true);
  view.setInt32(16, data.length, true);
  view.setBigUint64(24, addressOf(data), true);
  return xcb.xcb_connect_to_display_with_auth_info(cstring(display), info, screen);
}
