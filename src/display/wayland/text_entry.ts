/**
 * Composed text for the focused client: through zwp_text_input_v3 where it takes text that way,
 * otherwise typed on the keyboard. Characters the layout has are typed with its own keys, so that
 * programs that look at physical keys understand them; for the others the client is shown a keymap
 * that has them for as long as it takes.
 */
import { monotonicMs } from "../../media/clock.ts";
import type { Compositor } from "./compositor.ts";
import type { Timer } from "./event_loop.ts";
import type {
  ZwpTextInputManagerV3Requests,
  ZwpTextInputManagerV3Resource,
  ZwpTextInputV3Requests,
  ZwpTextInputV3Resource,
} from "./generated/text-input-unstable-v3.ts";
import type { Keyboard } from "./keyboard.ts";
import { Keymap, type Modifiers } from "./keymap.ts";
import type { Surface } from "./surface.ts";

interface TextInput {
  resource: ZwpTextInputV3Resource;
  enabled: boolean;
  /** What the next commit makes of `enabled`. */
  pendingEnabled: boolean | undefined;
  /** Commits so far; `done` names the newest. */
  serial: number;
}

/** What is typed, a step a frame: programs that poll their keyboard see every key. */
type Step = () => void;

/** More than a person pastes by keyboard; the rest of a longer text is dropped. */
const MAX_STEPS = 8000;
const NEWLINE = 10;
const RETURN = 13;
/** Keys of a keymap made for text: evdev codes 1 to 240. */
const MAX_SUBSTITUTE_KEYS = 240;

export class TextEntry {
  readonly #inputs = new Set<TextInput>();
  #steps: Step[] = [];
  /** Made for steps that are still to come. */
  readonly #keymaps = new Set<Keymap>();
  #timer: Timer | undefined;

  constructor(readonly compositor: Compositor, readonly keyboard: Keyboard) {}

  bind(manager: ZwpTextInputManagerV3Resource): void {
    const handler: ZwpTextInputManagerV3Requests = { getTextInput: (id) => this.#add(id) };
    manager.handler = handler;
  }

  #add(resource: ZwpTextInputV3Resource): void {
    const input: TextInput = { resource, enabled: false, pendingEnabled: undefined, serial: 0 };
    const handler: ZwpTextInputV3Requests = {
      enable: () => input.pendingEnabled = true,
      disable: () => input.pendingEnabled = false,
      commit: () => {
        input.serial++;
        input.enabled = input.pendingEnabled ?? input.enabled;
        input.pendingEnabled = undefined;
      },
      // Whole words arrive composed, so what surrounds the cursor does not matter.
      setSurroundingText: () => {},
      setTextChangeCause: () => {},
      setContentType: () => {},
      setCursorRectangle: () => {},
      destroyed: () => this.#inputs.delete(input),
    };
    resource.handler = handler;
    this.#inputs.add(input);
    const { focus } = this.keyboard;
    if (focus?.client === resource.client) resource.enter(focus.resource);
  }

  focusChanged(before: Surface | undefined, now: Surface | undefined): void {
    for (const { resource } of this.#inputs) {
      if (before?.resource.alive && before.client === resource.client) {
        resource.leave(before.resource);
      }
      if (now?.client === resource.client) resource.enter(now!.resource);
    }
  }

  /** Enters text where the keyboard's focus is. */
  type(text: string): void {
    const client = this.keyboard.focus?.client;
    const inputs = [...this.#inputs].filter(({ resource, enabled }) =>
      enabled && resource.client === client
    );
    if (inputs.length === 0) return this.#typeKeys(text);
    for (const { resource, serial } of inputs) {
      resource.commitString(text);
      resource.done(serial);
    }
  }

  #typeKeys(text: string): void {
    const characters = [...text].map((character) => character.codePointAt(0)!)
      .map((character) => character === NEWLINE ? RETURN : character);
    for (let i = 0; i < characters.length && this.#steps.length < MAX_STEPS;) {
      if (this.keyboard.keymap.strokeFor(characters[i])) {
        this.#typeWithLayout(characters[i++]);
        continue;
      }
      const missing: number[] = [];
      while (
        i < characters.length && missing.length < MAX_SUBSTITUTE_KEYS &&
        !this.keyboard.keymap.strokeFor(characters[i])
      ) missing.push(characters[i++]);
      this.#typeWithSubstitute(missing.filter(printable));
    }
    this.#run();
  }

  #typeWithLayout(character: number): void {
    this.#steps.push(() => {
      const stroke = this.keyboard.keymap.strokeFor(character);
      if (!stroke) return;
      const { code, modifiers: depressed } = stroke;
      const { group } = this.keyboard.keymap.modifiers;
      const wanted: Modifiers = { depressed, latched: 0, locked: 0, group };
      this.keyboard.sendModifiers(wanted);
      this.keyboard.sendKey(code, true);
      this.#steps.unshift(() => {
        this.keyboard.sendKey(code, false);
        this.keyboard.sendModifiers(this.keyboard.keymap.modifiers);
      });
    });
  }

  #typeWithSubstitute(characters: number[]): void {
    if (characters.length === 0) return;
    const distinct = [...new Set(characters)];
    const keymap = Keymap.forCharacters(distinct);
    this.#keymaps.add(keymap);
    this.#steps.push(() => {
      this.#keymaps.delete(keymap);
      this.keyboard.substitute(keymap);
    });
    for (const character of characters) {
      const code = distinct.indexOf(character) + 1;
      this.#steps.push(() => this.keyboard.sendKey(code, true));
      this.#steps.push(() => this.keyboard.sendKey(code, false));
    }
    this.#steps.push(() => this.keyboard.substitute(undefined));
  }

  #run(): void {
    if (this.#timer) return;
    this.#steps.shift()?.();
    if (this.#steps.length === 0) return;
    const { loop, presenter } = this.compositor;
    this.#timer = loop.at(monotonicMs() + presenter.periodMs, () => {
      this.#timer = undefined;
      this.#run();
    });
  }

  close(): void {
    this.#timer?.cancel();
    this.#steps = [];
    for (const keymap of this.#keymaps) keymap.close();
  }
}

/** False for control characters, which have no keysym. */
function printable(character: number): boolean {
  return (character >= 0x20 && character < 0x7f) || character >= 0xa0;
}
