import { KEY_PRESS, KEY_RELEASE } from "../../../ffi/libxcb.ts";
import type { XConnection } from "./connection.ts";
import { type KeyboardMapping, keysymOf, spareKeycodes, strokeFor } from "./keysyms.ts";

const SHIFT_L = 0xffe1;
/** Bits of the modifier mask in QueryPointer's reply: Shift and Lock. */
const SHIFT_OR_LOCK = 3;

/**
 * Types text by keys: those the keyboard has, and for other characters spare keycodes that are
 * given the character's keysym. Spare keycodes are reused oldest first, because a client looks a
 * keycode up when it gets to the event, which may be a while after it was sent.
 */
export class TextKeys {
  #mapping: KeyboardMapping | undefined;
  /** Keysym of each spare keycode, oldest use first; 0 where unused yet. */
  readonly #lent = new Map<number, number>();

  constructor(
    readonly connection: XConnection,
    readonly fake: (type: number, detail: number) => void,
  ) {}

  /** MappingNotify: the keyboard has another layout now. */
  mappingChanged(): void {
    this.#mapping = undefined;
  }

  type(text: string): void {
    const mapping = this.#mapping ??= this.#read();
    const plain = (this.#modifiers() & SHIFT_OR_LOCK) === 0;
    for (const character of text) {
      const keysym = keysymOf(character);
      if (keysym === 0) continue;
      // With Shift or Caps Lock on, the keyboard's own keys would type something else.
      const stroke = plain || keysym > 0xff00 && keysym < 0x1000000
        ? strokeFor(mapping, keysym)
        : undefined;
      const keycode = stroke?.keycode ?? this.#lend(mapping, keysym);
      if (keycode === undefined) continue;
      const shift = stroke?.shift ? strokeFor(mapping, SHIFT_L)?.keycode : undefined;
      if (shift !== undefined) this.fake(KEY_PRESS, shift);
      this.fake(KEY_PRESS, keycode);
      this.fake(KEY_RELEASE, keycode);
      if (shift !== undefined) this.fake(KEY_RELEASE, shift);
    }
  }

  /** Gives the spare keycodes back. */
  close(): void {
    for (const [keycode, keysym] of this.#lent) {
      if (keysym !== 0) this.#assign(keycode, 0, 1);
    }
    this.connection.flush();
  }

  #lend(mapping: KeyboardMapping, keysym: number): number | undefined {
    const known = [...this.#lent].find(([, lent]) => lent === keysym)?.[0];
    const keycode = known ?? this.#lent.keys().next().value;
    if (keycode === undefined) return undefined;
    this.#lent.delete(keycode);
    this.#lent.set(keycode, keysym);
    if (known === undefined) this.#assign(keycode, keysym, mapping.perKeycode);
    return keycode;
  }

  #assign(keycode: number, keysym: number, perKeycode: number): void {
    const { handle, xcb } = this.connection;
    // The same keysym on all levels: the character comes out whatever modifiers are down.
    const keysyms = new Uint8Array(new Uint32Array(perKeycode).fill(keysym).buffer);
    xcb.xcb_change_keyboard_mapping(handle, 1, keycode, perKeycode, keysyms);
  }

  #read(): KeyboardMapping {
    const { handle, screen, xcb } = this.connection;
    const count = screen.maxKeycode - screen.minKeycode + 1;
    const reply = this.connection.reply(
      xcb.xcb_get_keyboard_mapping(handle, screen.minKeycode, count),
    );
    if (!reply) throw new Error("expected the X server's keyboard mapping, got an error");
    const perKeycode = reply[1];
    const keysyms = new Uint32Array(reply.buffer, 32, count * perKeycode);
    const mapping = { firstKeycode: screen.minKeycode, perKeycode, keysyms };
    for (const keycode of spareKeycodes(mapping)) {
      if (!this.#lent.has(keycode)) this.#lent.set(keycode, 0);
    }
    return mapping;
  }

  #modifiers(): number {
    const { handle, root, xcb } = this.connection;
    const reply = this.connection.reply(xcb.xcb_query_pointer(handle, root));
    return reply ? new DataView(reply.buffer).getUint16(24, true) : 0;
  }
}
