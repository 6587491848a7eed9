/**
 * Arrow keys, Escape and gamepads over all pages: D-pad or stick moves, A selects, B goes back.
 * The player takes the keys and pads for the game while it plays.
 */
import { consumePads } from "../gamepad/poller.ts";
import { PadButton, padDirection, type PadReading, readPad } from "../gamepad/mapping.ts";
import { navigate, parentOf, route } from "../state/router.ts";
import { textEntry } from "../components/text_entry.tsx";
import { focusScope, isTextField, moveFocus } from "./focus.ts";
import { type Direction, DirectionRepeat } from "./spatial.ts";

const ARROWS: Record<string, Direction> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};

/** Keys are the game's while this is true. */
let suspended = false;

/** Leaves the keys to the game; the answer gives them back. Pads are taken by `consumePads`. */
export function suspendNavigation(): () => void {
  suspended = true;
  return () => suspended = false;
}

/** Closes what is open, or goes to the page above. */
export function goBack(): void {
  const scope = focusScope();
  if (scope !== document.body) {
    // The scope's owner closes it, or not.
    scope.dispatchEvent(new CustomEvent("gamelan-back"));
    return;
  }
  const parent = parentOf(route.value);
  if (parent !== undefined) navigate(parent);
}

/** The element under the focus does what a click does; a text field opens the on-screen keyboard. */
function select(): void {
  const active = document.activeElement;
  if (isTextField(active)) textEntry.open(active);
  else if (active instanceof HTMLElement && active !== document.body) active.click();
  else moveFocus("down");
}

/** Left and right on a slider change it. */
function adjustSlider(direction: Direction): boolean {
  const active = document.activeElement;
  if (!(active instanceof HTMLInputElement) || active.type !== "range") return false;
  if (direction !== "left" && direction !== "right") return false;
  if (direction === "left") active.stepDown();
  else active.stepUp();
  active.dispatchEvent(new Event("input", { bubbles: true }));
  return true;
}

class PagePads {
  #repeat = new DirectionRepeat();
  #held = new Map<number, number>();

  onPads(pads: PadReading[], now: number): void {
    let direction: Direction | undefined;
    for (const pad of pads) {
      const state = readPad(pad);
      direction ??= padDirection(state);
      // A button that was already down when the page came in front is not a press.
      const before = this.#held.get(pad.index) ?? state.buttons;
      const pressed = state.buttons & ~before;
      this.#held.set(pad.index, state.buttons);
      if (pressed & (1 << PadButton.A)) select();
      if (pressed & (1 << PadButton.B)) goBack();
      if (pressed) usesPads();
    }
    const step = this.#repeat.update(direction, now);
    if (!step) return;
    usesPads();
    if (!adjustSlider(step)) moveFocus(step);
  }

  onCovered(): void {
    this.#held.clear();
  }
}

/** The focus is drawn for pads as for keys. */
function usesPads(): void {
  document.documentElement.dataset.input = "pad";
}

/** Starts it; call once. */
export function startNavigation(): void {
  consumePads(new PagePads());
  document.addEventListener("keydown", (event) => {
    if (suspended || event.defaultPrevented) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    document.documentElement.dataset.input = "keys";
    const direction = ARROWS[event.key];
    const active = document.activeElement;
    if (direction) {
      const sideways = direction === "left" || direction === "right";
      if (sideways && isTextField(active)) return;
      if (sideways && active instanceof HTMLInputElement && active.type === "range") return;
      event.preventDefault();
      moveFocus(direction);
    } else if (event.key === "Escape" || (event.key === "Backspace" && !isTextField(active))) {
      event.preventDefault();
      goBack();
    }
  });
  document.addEventListener("pointerdown", () => {
    document.documentElement.dataset.input = "pointer";
  });
}
