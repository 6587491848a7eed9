/**
 * Keyboard by physical key. Auto-repeat is the game's business (its seat repeats), so the browser's
 * is dropped. Shortcuts of the player are Ctrl+Alt+Shift with a letter.
 */
import { evdevCodes } from "../../../src/protocol/keycodes.ts";
import type { InputSender } from "./sender.ts";

export type Shortcut = "menu" | "stats" | "fullscreen" | "release-pointer" | "screenshot";

const SHORTCUTS: Record<string, Shortcut> = {
  KeyM: "menu",
  KeyS: "stats",
  KeyF: "fullscreen",
  KeyZ: "release-pointer",
  KeyP: "screenshot",
};

/** The player's own shortcut that a key event is, if it is one. */
export function shortcutOf(
  event: Pick<KeyboardEvent, "code" | "ctrlKey" | "altKey" | "shiftKey">,
): Shortcut | undefined {
  return event.ctrlKey && event.altKey && event.shiftKey ? SHORTCUTS[event.code] : undefined;
}

/** Listens on the window while `sender` is active; the answer stops it. */
export function captureKeyboard(
  sender: InputSender,
  onShortcut: (shortcut: Shortcut) => void,
): () => void {
  const held = new Set<number>();

  const down = (event: KeyboardEvent) => {
    if (!sender.active) return;
    const shortcut = shortcutOf(event);
    if (shortcut) {
      event.preventDefault();
      release();
      if (!event.repeat) onShortcut(shortcut);
      return;
    }
    const code = codeOf(event);
    if (code === undefined) return;
    event.preventDefault();
    if (event.repeat || held.has(code)) return;
    held.add(code);
    sender.send({ kind: "key", timeMs: event.timeStamp, code, down: true });
    // macOS reports no keyup for keys released while Meta is held (a long-standing browser rule).
    if (event.metaKey && !event.code.startsWith("Meta")) up(event);
  };
  const up = (event: KeyboardEvent) => {
    const code = codeOf(event);
    if (code === undefined || !held.delete(code)) return;
    event.preventDefault();
    sender.send({ kind: "key", timeMs: event.timeStamp, code, down: false });
  };
  const release = () => {
    held.clear();
    sender.releaseAll();
  };

  document.addEventListener("keydown", down, { capture: true });
  document.addEventListener("keyup", up, { capture: true });
  addEventListener("blur", release);
  return () => {
    document.removeEventListener("keydown", down, { capture: true });
    document.removeEventListener("keyup", up, { capture: true });
    removeEventListener("blur", release);
    release();
  };
}

/** The kernel's key of an event; undefined for composition and for the on-screen keyboard's field. */
function codeOf(event: KeyboardEvent): number | undefined {
  if (event.isComposing || event.keyCode === 229) return undefined;
  return evdevCodes[event.code];
}
