/**
 * Gamepads to the game: up to four slots for real pads and the on-screen one. A pad's whole state is
 * sent when it changes, a few times more right after that and then every 200 ms, with its last presses:
 * where records are lost no button stays down, and no tap is missed.
 */
import {
  MAX_PADS,
  PAD_HISTORY,
  type PadPresses,
  type PadState,
} from "../../../src/protocol/input.ts";
import {
  HoldDetector,
  isMenuCombo,
  NEUTRAL_PAD,
  type PadReading,
  type PadSnapshot,
  readPad,
  samePad,
} from "../../gamepad/mapping.ts";
import { readGamepads } from "../../gamepad/poller.ts";
import type { InputSender } from "./sender.ts";

const REFRESH_MS = 200;
/** A change is told again at each look for so long: most losses are over by then. */
const REPEAT_MS = 100;
const MENU_HOLD_MS = 700;

interface Slot {
  /** Gamepad.index, or "screen" for the on-screen pad. */
  source: number | "screen";
  name: string;
  rumble: boolean;
  last: PadSnapshot;
  sentAt: number;
  /** The newest time that was sent. */
  timeMs: number;
  changedAt: number;
  /** Of what is pressed, as in PadState. */
  change: number;
  before: PadPresses[];
  /** Buttons that were down when the game got its pads back: not pressed for it until let go. */
  ignored: number | undefined;
}

export class GamePads {
  #slots: (Slot | undefined)[] = new Array(MAX_PADS).fill(undefined);
  #sender: InputSender;
  #menuHold = new HoldDetector(MENU_HOLD_MS);
  #onMenu: () => void;

  /** `onMenu`: the menu combination was held. */
  constructor(sender: InputSender, onMenu: () => void) {
    this.#sender = sender;
    this.#onMenu = onMenu;
  }

  /** For statistics. */
  get pads(): { slot: number; name: string; rumble: boolean }[] {
    return this.#slots.flatMap((pad, slot) =>
      pad ? [{ slot, name: pad.name, rumble: pad.rumble }] : []
    );
  }

  /** The poller's readings. */
  onPads(pads: PadReading[], now: number): void {
    for (const [index, slot] of this.#slots.entries()) {
      if (!slot || slot.source === "screen") continue;
      if (!pads.some((pad) => pad.index === slot.source)) this.#free(index);
    }
    let menu = false;
    for (const pad of pads) {
      const at = this.#take(pad.index, pad.id, hasRumble(pad));
      if (at === undefined) continue;
      const state = readPad(pad);
      menu ||= isMenuCombo(state.buttons);
      this.#update(at, this.#fresh(at, state), pad.timestamp || now, now);
    }
    if (this.#menuHold.update(menu, now)) this.#onMenu();
  }

  /** A menu came in front: the game sees every pad let go. */
  onCovered(): void {
    const now = performance.now();
    for (const [at, slot] of this.#slots.entries()) {
      this.#update(at, NEUTRAL_PAD, now, now);
      if (!slot) continue;
      slot.ignored = undefined;
      slot.before = [];
    }
  }

  /** State of the on-screen pad; undefined takes it away. */
  screenPad(state: PadSnapshot | undefined, timeMs: number): void {
    const known = this.#slots.findIndex((slot) => slot?.source === "screen");
    if (!state) {
      if (known >= 0) this.#free(known);
      return;
    }
    const at = this.#take("screen", "Gamelan on-screen gamepad", "vibrate" in navigator);
    if (at !== undefined) this.#update(at, state, timeMs, timeMs);
  }

  /** A new link knows no pads: tell it all of them. */
  announce(): void {
    for (const [pad, slot] of this.#slots.entries()) {
      if (!slot) continue;
      const timeMs = performance.now();
      const { name, rumble, last, change } = slot;
      // What was pressed while there was no link is past.
      slot.before = [];
      slot.timeMs = timeMs;
      this.#sender.send({ kind: "pad-connect", timeMs, pad, name, rumble });
      this.#sender.send({ kind: "pad-state", timeMs, pad, ...last, change });
    }
  }

  /** Plays an effect on the pad of that slot. Strengths 0–1. */
  rumble(pad: number, strong: number, weak: number, ms: number): void {
    const slot = this.#slots[pad];
    if (!slot) return;
    if (slot.source === "screen") {
      if (strong + weak > 0.05) navigator.vibrate?.(Math.min(ms, 1000));
      return;
    }
    const actuator = readGamepads().find(({ index }) => index === slot.source)?.vibrationActuator;
    const played = strong + weak > 0
      ? actuator?.playEffect("dual-rumble", {
        duration: Math.min(ms, 5000),
        strongMagnitude: Math.min(1, strong),
        weakMagnitude: Math.min(1, weak),
      })
      : actuator?.reset();
    played?.catch(() => {}); // the pad may be gone by now
  }

  #take(source: Slot["source"], name: string, rumble: boolean): number | undefined {
    const known = this.#slots.findIndex((slot) => slot?.source === source);
    if (known >= 0) return known;
    const free = this.#slots.indexOf(undefined);
    if (free < 0) return undefined;
    const ignored = source === "screen" ? 0 : undefined;
    this.#slots[free] = {
      ...{ source, name, rumble, ignored, last: NEUTRAL_PAD },
      ...{ sentAt: 0, timeMs: 0, changedAt: -REPEAT_MS, change: 0, before: [] },
    };
    const timeMs = performance.now();
    this.#sender.send({ kind: "pad-connect", timeMs, pad: free, name, rumble });
    return free;
  }

  #free(at: number): void {
    this.#slots[at] = undefined;
    this.#sender.send({ kind: "pad-disconnect", timeMs: performance.now(), pad: at });
  }

  /** The state without the buttons that are still held from a menu: the A that chose "Back to the game". */
  #fresh(at: number, state: PadSnapshot): PadSnapshot {
    const slot = this.#slots[at]!;
    slot.ignored = (slot.ignored ?? state.buttons) & state.buttons;
    return slot.ignored === 0 ? state : { ...state, buttons: state.buttons & ~slot.ignored };
  }

  #update(at: number, state: PadSnapshot, timeMs: number, now: number): void {
    const slot = this.#slots[at];
    if (!slot) return;
    const same = samePad(state, slot.last);
    const often = now - slot.changedAt < REPEAT_MS;
    if (same && !often && now - slot.sentAt < REFRESH_MS) return;
    slot.sentAt = now;
    if (!same) slot.changedAt = now;
    if (!samePresses(state, slot.last)) {
      slot.before = [...slot.before, slot.last].slice(-PAD_HISTORY);
      slot.change = (slot.change + 1) & 0xff;
    }
    slot.last = state;
    // A refresh is not a new event of the player's hand, but it is of this moment; and a browser may tell
    // of a change late, with a time before the last refresh.
    slot.timeMs = Math.max(slot.timeMs, same ? now : timeMs);
    const { change, before } = slot;
    const event: PadState = {
      kind: "pad-state",
      timeMs: slot.timeMs,
      pad: at,
      ...state,
      change,
      before,
    };
    this.#sender.send(event);
  }
}

/** Triggers count as pressed from there on, as for XInput (XINPUT_GAMEPAD_TRIGGER_THRESHOLD). */
const PULLED = 30 / 255;

function samePresses(a: PadSnapshot, b: PadSnapshot): boolean {
  return a.buttons === b.buttons &&
    a.triggers.every((trigger, i) => trigger > PULLED === b.triggers[i] > PULLED);
}

function hasRumble(pad: PadReading): boolean {
  return Boolean((pad as PadReading & { vibrationActuator?: unknown }).vibrationActuator);
}
