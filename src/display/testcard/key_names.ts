import { evdevCodes } from "../../protocol/keycodes.ts";

const names = new Map<number, string>();
for (const [code, evdev] of Object.entries(evdevCodes)) {
  if (!names.has(evdev)) names.set(evdev, code.replace(/^(Key|Digit)(?=.$)/, ""));
}

/** A physical key's name, such as "A" or "ArrowLeft". */
export function keyName(evdev: number): string {
  return names.get(evdev) ?? `Key ${evdev}`;
}

const BUTTON_NAMES = ["Left", "Right", "Middle", "Side", "Extra", "Forward", "Back"];

/** A pointer button's name from its evdev code, BTN_LEFT (0x110) and following. */
export function buttonName(evdev: number): string {
  return BUTTON_NAMES[evdev - 0x110] ?? `Button ${evdev}`;
}
