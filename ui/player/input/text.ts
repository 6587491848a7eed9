/**
 * Text from a phone's keyboard or an input method: a hidden field takes it, the game gets it as
 * text, and as keys where there is no text (Enter, Backspace).
 */
import { evdevCodes } from "../../../src/protocol/keycodes.ts";
import type { InputSender } from "./sender.ts";

/** The keys of editing actions, by InputEvent.inputType (W3C Input Events 2). */
const ACTION_KEYS: Record<string, string> = {
  deleteContentBackward: "Backspace",
  deleteWordBackward: "Backspace",
  deleteContentForward: "Delete",
  insertLineBreak: "Enter",
  insertParagraph: "Enter",
};

/** Presses and lets go of a key, long enough for games that look once a frame. */
export function tapKey(sender: InputSender, code: string): void {
  const key = evdevCodes[code];
  if (key === undefined) return;
  sender.send({ kind: "key", timeMs: performance.now(), code: key, down: true });
  setTimeout(
    () => sender.send({ kind: "key", timeMs: performance.now(), code: key, down: false }),
    50,
  );
}

/** Takes over a hidden text field; the answer lets it go. */
export function captureText(field: HTMLInputElement, sender: InputSender): () => void {
  // One character stays in the field, so that a phone's keyboard has something to delete.
  const reset = () => {
    field.value = "\u200b";
    field.setSelectionRange(1, 1);
  };
  const input = (event: Event) => {
    if (!(event instanceof InputEvent) || event.isComposing) return;
    const key = ACTION_KEYS[event.inputType];
    if (key) tapKey(sender, key);
    else if (event.data) sendText(event.timeStamp, event.data);
    reset();
  };
  const composed = (event: CompositionEvent) => {
    if (event.data) sendText(event.timeStamp, event.data);
    reset();
  };
  const sendText = (timeMs: number, text: string) => sender.send({ kind: "text", timeMs, text });
  const keydown = (event: KeyboardEvent) => {
    // Physical keyboards go the way of keys; phones report Enter as a key and not as input.
    if (event.key === "Enter" && event.code === "") tapKey(sender, "Enter");
  };
  reset();
  field.addEventListener("input", input);
  field.addEventListener("compositionend", composed);
  field.addEventListener("keydown", keydown);
  return () => {
    field.removeEventListener("input", input);
    field.removeEventListener("compositionend", composed);
    field.removeEventListener("keydown", keydown);
  };
}
