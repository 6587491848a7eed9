/**
 * Writing with a gamepad: a keyboard on the screen for whatever wants text. Opened by A on a text
 * field, or from the player's menu for the game.
 */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { focusFirst } from "../navigation/focus.ts";

/** Where the written goes. */
export interface TextTarget {
  /** Shown above the keys; undefined where the game shows it. */
  read?(): { text: string; hidden: boolean };
  insert(text: string): void;
  backspace(): void;
  /** Closes after it where true. */
  enter(): boolean;
  /** Gets the focus when the keyboard closes. */
  returnTo?: HTMLElement;
}

const target = signal<TextTarget | undefined>(undefined);
const shifted = signal(false);
const changes = signal(0);

const ROWS = ["1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm,._"];
const SHIFTED_ROWS = ["!@#$%^&*()", "QWERTYUIOP", "ASDFGHJKL+", "ZXCVBNM;:?"];

export const textEntry = {
  get isOpen(): boolean {
    return target.value !== undefined;
  },
  /** Writes into a text field. */
  open(field: HTMLInputElement): void {
    this.openFor({
      read: () => ({ text: field.value, hidden: field.type === "password" }),
      insert: (text) => setValue(field, field.value + text),
      backspace: () => setValue(field, field.value.slice(0, -1)),
      enter: () => true,
      returnTo: field,
    });
  },
  openFor(wanted: TextTarget): void {
    shifted.value = false;
    target.value = wanted;
  },
  close(): void {
    const back = target.value?.returnTo;
    target.value = undefined;
    back?.focus();
  },
};

/** As if typed: components hear of it. */
function setValue(field: HTMLInputElement, value: string): void {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Shows the keyboard while something wants text. */
export function TextEntry() {
  return target.value ? <Keys to={target.value} /> : null;
}

function Keys({ to }: { to: TextTarget }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    focusFirst(box.current!);
    const back = () => textEntry.close();
    box.current!.addEventListener("gamelan-back", back);
    const current = box.current!;
    return () => current.removeEventListener("gamelan-back", back);
  }, []);
  changes.value;
  const shown = to.read?.();
  const press = (action: () => void) => () => {
    action();
    changes.value++;
  };
  const rows = shifted.value ? SHIFTED_ROWS : ROWS;
  return (
    <div class="text-entry" role="dialog" aria-label="Keyboard" data-focus-scope ref={box}>
      {shown && (
        <output class="text-entry-value">
          {shown.hidden ? "•".repeat(shown.text.length) : shown.text}
        </output>
      )}
      {rows.map((row) => (
        <div class="text-entry-row" key={row}>
          {[...row].map((key) => (
            <button
              key={key}
              type="button"
              data-testid={`key-${key}`}
              data-autofocus={key === "q" || key === "Q" ? "" : undefined}
              onClick={press(() => to.insert(key))}
            >
              {key}
            </button>
          ))}
        </div>
      ))}
      <div class="text-entry-row">
        <button type="button" class="wide" onClick={press(() => shifted.value = !shifted.value)}>
          Shift
        </button>
        <button type="button" class="widest" onClick={press(() => to.insert(" "))}>Space</button>
        <button type="button" class="wide" onClick={press(() => to.backspace())}>Delete</button>
        <button
          type="button"
          class="wide primary"
          data-testid="key-done"
          onClick={() => {
            if (to.enter()) textEntry.close();
          }}
        >
          Done
        </button>
      </div>
    </div>
  );
}
