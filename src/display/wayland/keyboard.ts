/** wl_keyboard: keys, modifiers and the keymap. */
import { monotonicMs } from "../../media/clock.ts";
import type { KeyboardLayout } from "../../protocol/session.ts";
import type { Compositor } from "./compositor.ts";
import type { Timer } from "./event_loop.ts";
import {
  WlKeyboardKeymapFormat,
  WlKeyboardKeyState,
  type WlKeyboardResource,
} from "./generated/wayland.ts";
import { Keymap } from "./keymap.ts";
import type { Surface } from "./surface.ts";

/** Key repeat as most desktops have it; the client repeats by itself. */
const REPEATS_PER_SECOND = 25;
const REPEAT_DELAY_MS = 600;
/**
 * A key stays down for this many frames at least, the stream's or the game's, whichever are slower:
 * games that poll once a frame miss shorter taps.
 */
const SHORTEST_TAP_FRAMES = 2;
/** However slowly the game draws, so that a key does not feel stuck. */
const LONGEST_TAP_MS = 300;

interface HeldKey {
  downMs: number;
  /** The release that waits for the shortest tap. */
  release?: Timer;
}

export class Keyboard {
  readonly #resources = new Set<WlKeyboardResource>();
  readonly #held = new Map<number, HeldKey>();
  #keymap: Keymap;
  /** Shown to clients instead of the layout while text is typed that the layout lacks. */
  #substitute: Keymap | undefined;
  #focus: Surface | undefined;

  constructor(readonly compositor: Compositor, layout: KeyboardLayout) {
    this.#keymap = Keymap.forLayout(layout);
  }

  get keymap(): Keymap {
    return this.#keymap;
  }

  get focus(): Surface | undefined {
    return this.#focus;
  }

  add(resource: WlKeyboardResource): void {
    resource.handler = { destroyed: () => this.#resources.delete(resource) };
    this.#resources.add(resource);
    this.#sendKeymap(resource, this.#substitute ?? this.#keymap);
    resource.repeatInfo(REPEATS_PER_SECOND, REPEAT_DELAY_MS);
    if (this.#focus?.client === resource.client) this.#enter(resource, this.#focus);
  }

  /** Changes the layout; keys held down stay so. Throws where the layout does not exist. */
  setLayout(layout: KeyboardLayout): void {
    const keymap = Keymap.forLayout(layout);
    keymap.setLocked(this.#keymap.modifiers.locked);
    for (const code of this.#held.keys()) keymap.update(code, true);
    this.#keymap.close();
    this.#keymap = keymap;
    if (!this.#substitute) this.#announce(keymap);
  }

  /** Makes clients read keys by another keymap; undefined: by the layout again. */
  substitute(keymap: Keymap | undefined): void {
    this.#substitute?.close();
    this.#substitute = keymap;
    this.#announce(keymap ?? this.#keymap);
  }

  #announce(keymap: Keymap): void {
    for (const resource of this.#resources) this.#sendKeymap(resource, keymap);
    this.sendModifiers(keymap.modifiers);
  }

  #sendKeymap(resource: WlKeyboardResource, keymap: Keymap): void {
    resource.keymap(WlKeyboardKeymapFormat.xkbV1, keymap.fd, keymap.size);
  }

  setFocus(surface: Surface | undefined): void {
    const before = this.#focus;
    if (surface === before) return;
    this.#focus = surface;
    if (before?.resource.alive) {
      const serial = this.compositor.nextSerial();
      for (const resource of this.#of(before)) resource.leave(serial, before.resource);
    }
    if (surface) { for (const resource of this.#of(surface)) this.#enter(resource, surface); }
  }

  #of(surface: Surface): WlKeyboardResource[] {
    return [...this.#resources].filter((resource) => resource.client === surface.client);
  }

  #enter(resource: WlKeyboardResource, surface: Surface): void {
    const keys = new Uint8Array(new Uint32Array([...this.#held.keys()]).buffer);
    resource.enter(this.compositor.nextSerial(), surface.resource, keys);
    const { depressed, latched, locked, group } = this.#keymap.modifiers;
    resource.modifiers(this.compositor.nextSerial(), depressed, latched, locked, group);
  }

  /** A key went down or up; `code` is evdev's. */
  key(code: number, down: boolean): void {
    const held = this.#held.get(code);
    if (down) {
      if (held && !held.release) return;
      if (held) this.#up(code);
      this.#held.set(code, { downMs: monotonicMs() });
      this.#send(code, true);
    } else if (held && !held.release) {
      const earliest = held.downMs + this.#shortestTapMs();
      if (monotonicMs() >= earliest) return this.#up(code);
      held.release = this.compositor.loop.at(earliest, () => this.#up(code));
    }
  }

  #shortestTapMs(): number {
    const { periodMs } = this.compositor.presenter;
    const frameMs = Math.max(periodMs, this.#focus?.pace.intervalMs ?? 0);
    return Math.max(
      SHORTEST_TAP_FRAMES * periodMs,
      Math.min(LONGEST_TAP_MS, SHORTEST_TAP_FRAMES * frameMs),
    );
  }

  #up(code: number): void {
    this.#held.get(code)?.release?.cancel();
    this.#held.delete(code);
    this.#send(code, false);
  }

  /** Releases what is held. */
  releaseAll(): void {
    for (const code of [...this.#held.keys()]) this.key(code, false);
  }

  #send(code: number, down: boolean): void {
    const changed = this.#keymap.update(code, down);
    this.sendKey(code, down);
    if (changed) this.sendModifiers(this.#keymap.modifiers);
  }

  /** A key event to whoever has the focus, without bookkeeping. */
  sendKey(code: number, down: boolean): void {
    if (!this.#focus) return;
    const state = down ? WlKeyboardKeyState.pressed : WlKeyboardKeyState.released;
    const serial = this.compositor.nextSerial();
    const time = this.compositor.timestamp();
    for (const resource of this.#of(this.#focus)) resource.key(serial, time, code, state);
  }

  sendModifiers(modifiers: { depressed: number; latched: number; locked: number; group: number }) {
    if (!this.#focus) return;
    const { depressed, latched, locked, group } = modifiers;
    const serial = this.compositor.nextSerial();
    for (const resource of this.#of(this.#focus)) {
      resource.modifiers(serial, depressed, latched, locked, group);
    }
  }

  close(): void {
    for (const { release } of this.#held.values()) release?.cancel();
    this.#substitute?.close();
    this.#keymap.close();
  }
}
