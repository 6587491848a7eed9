import {
  ATOM_ATOM,
  CW_EVENT_MASK,
  EVENT_MASK_PROPERTY_CHANGE,
  INPUT_ONLY,
  PROPERTY_NOTIFY,
  SELECTION_CLEAR,
  SELECTION_NOTIFY,
  SELECTION_REQUEST,
} from "../../../ffi/libxcb.ts";
import {
  libxcbXfixes,
  SELECTION_NOTIFY_EVENT,
  SET_SELECTION_OWNER_MASK,
} from "../../../ffi/libxcb_xfixes.ts";
import type { XConnection } from "./connection.ts";

/** Longest text in either direction, bytes of UTF-8. */
const MAX_TEXT = 800_000;
/** PropertyNotify's state for a new value. */
const NEW_VALUE = 0;

/**
 * The desktop's clipboard as text, both ways (ICCCM chapter 2: selections, with INCR for reading
 * long ones; XFIXES tells when another program owns the clipboard).
 */
export class DesktopClipboard {
  readonly #window: number;
  readonly #atoms: Record<
    "CLIPBOARD" | "UTF8_STRING" | "TARGETS" | "INCR" | "TEXT" | "mime" | "value",
    number
  >;
  /** What the player set, while this connection owns the clipboard. */
  #owned: Uint8Array<ArrayBuffer> | undefined;
  /** Parts of a long text that is being received. */
  #parts: Uint8Array<ArrayBuffer>[] | undefined;

  /** `firstXfixesEvent`: of the extension, whose version was asked for. */
  constructor(
    readonly connection: XConnection,
    readonly firstXfixesEvent: number,
    readonly onText: (text: string) => void,
  ) {
    const [CLIPBOARD, UTF8_STRING, TARGETS, INCR, TEXT, mime, value] = connection.atoms([
      "CLIPBOARD",
      "UTF8_STRING",
      "TARGETS",
      "INCR",
      "TEXT",
      "text/plain;charset=utf-8",
      "GAMELAN_CLIPBOARD",
    ]);
    this.#atoms = { CLIPBOARD, UTF8_STRING, TARGETS, INCR, TEXT, mime, value };
    this.#window = connection.generateId();
    const values = new Uint8Array(new Uint32Array([EVENT_MASK_PROPERTY_CHANGE]).buffer);
    connection.xcb.xcb_create_window(
      connection.handle,
      0,
      this.#window,
      connection.root,
      0,
      0,
      1,
      1,
      0,
      INPUT_ONLY,
      0,
      CW_EVENT_MASK,
      values,
    );
    libxcbXfixes().xcb_xfixes_select_selection_input(
      connection.handle,
      this.#window,
      CLIPBOARD,
      SET_SELECTION_OWNER_MASK,
    );
  }

  /** Makes `text` the desktop's clipboard. */
  set(text: string): void {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > MAX_TEXT) return;
    this.#owned = bytes;
    const { handle, xcb } = this.connection;
    xcb.xcb_set_selection_owner(handle, this.#window, this.#atoms.CLIPBOARD, 0);
    this.connection.flush();
  }

  /** Handles events of selections; others are left alone. */
  handle(event: Uint8Array): void {
    const type = event[0] & 127;
    const view = new DataView(event.buffer, event.byteOffset);
    if (type === this.firstXfixesEvent + SELECTION_NOTIFY_EVENT) this.#ownerChanged(view);
    else if (type === SELECTION_REQUEST) this.#answer(view);
    else if (type === SELECTION_NOTIFY) this.#received(view);
    else if (type === PROPERTY_NOTIFY) this.#partReceived(view, event[16]);
    else if (type === SELECTION_CLEAR) this.#owned = undefined;
  }

  #ownerChanged(event: DataView): void {
    const owner = event.getUint32(8, true);
    if (owner === 0 || owner === this.#window) return;
    this.#parts = undefined;
    const { CLIPBOARD, UTF8_STRING, value } = this.#atoms;
    const { handle, xcb } = this.connection;
    const time = event.getUint32(16, true);
    xcb.xcb_convert_selection(handle, this.#window, CLIPBOARD, UTF8_STRING, value, time);
    this.connection.flush();
  }

  /** The owner has written its text, or nothing where it has no text. */
  #received(event: DataView): void {
    if (event.getUint32(8, true) !== this.#window || event.getUint32(20, true) === 0) return;
    const { type, data } = this.#take();
    if (type === this.#atoms.INCR) this.#parts = [];
    else if (type !== 0) this.#deliver([data]);
  }

  #partReceived(event: DataView, state: number): void {
    if (!this.#parts || state !== NEW_VALUE) return;
    if (event.getUint32(4, true) !== this.#window) return;
    if (event.getUint32(8, true) !== this.#atoms.value) return;
    const { data } = this.#take();
    if (data.length > 0) {
      this.#parts.push(data);
      if (this.#parts.reduce((sum, part) => sum + part.length, 0) > MAX_TEXT) {
        this.#parts = undefined;
      }
      return;
    }
    const parts = this.#parts;
    this.#parts = undefined;
    this.#deliver(parts);
  }

  /** Reads the property and removes it, which asks the owner for the next part. */
  #take() {
    const maxBytes = MAX_TEXT + 4;
    return this.connection.property(this.#window, this.#atoms.value, { maxBytes, remove: true });
  }

  #deliver(parts: Uint8Array<ArrayBuffer>[]): void {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (length === 0 || length > MAX_TEXT) return;
    const decoder = new TextDecoder();
    const text = parts.map((part) => decoder.decode(part, { stream: true })).join("");
    this.onText(text + decoder.decode());
  }

  /** Another program pastes the player's text. */
  #answer(event: DataView): void {
    const time = event.getUint32(4, true);
    const requestor = event.getUint32(12, true);
    const selection = event.getUint32(16, true);
    const target = event.getUint32(20, true);
    // Obsolete clients name no property (ICCCM 2.2).
    let property = event.getUint32(24, true) || target;
    const { UTF8_STRING, TARGETS, TEXT, mime } = this.#atoms;
    const { connection } = this;
    if (this.#owned && target === TARGETS) {
      const targets = [TARGETS, UTF8_STRING, mime, TEXT];
      connection.setProperty32(requestor, property, ATOM_ATOM, targets);
    } else if (this.#owned && [UTF8_STRING, TEXT, mime].includes(target)) {
      const type = target === mime ? mime : UTF8_STRING;
      connection.setProperty8(requestor, property, type, this.#owned);
    } else {
      property = 0;
    }
    const notify = new Uint8Array(32);
    const view = new DataView(notify.buffer);
    notify[0] = SELECTION_NOTIFY;
    [time, requestor, selection, target, property].forEach((value, i) =>
      view.setUint32(4 + 4 * i, value, true)
    );
    connection.xcb.xcb_send_event(connection.handle, 0, requestor, 0, notify);
    connection.flush();
  }
}
