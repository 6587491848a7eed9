import { monotonicMs } from "../media/clock.ts";
import type { InputDevices } from "../media/stages.ts";
import {
  decodeInput,
  encodeInput,
  type InputEvent,
  InputFormatError,
  type PadState,
} from "../protocol/input.ts";
import { logger } from "../system/log.ts";
import { FloodLimit } from "./flood.ts";
import { HeldCodes, HeldTouches } from "./held.ts";
import { type PadOwner, PadSlots } from "./pad_slots.ts";

const log = logger("input");

/** A `player` may send input; a `spectator` only watches. */
export type ViewerRole = "player" | "spectator";

export interface InputOutputs {
  /** Takes key, button, pointer, wheel, touch and text records for the game's seat. */
  display: (record: Uint8Array<ArrayBuffer>) => void;
  /** Takes pad records with the slot as pad index, and all others for readers of evdev. */
  devices: Pick<InputDevices, "input">;
  /** Monotonic clock in ms; for tests. */
  now?: () => number;
}

interface ViewerState {
  role: ViewerRole;
  flood: FloodLimit;
  /** Newest time of each kind of record that overtakes others, and of each pad's state. */
  newest: Map<string, number>;
  /** Count of the last press or release of each key, button and finger that the game has had. */
  counts: Map<string, number>;
  /** The last change of each pad's presses that the game knows of; none after all was let go. */
  changes: Map<number, number>;
  /** Time of the last record, for those made here. */
  lastMs: number;
}

/** Keyboard keys of evdev are below BTN_MISC and from KEY_OK on (input-event-codes.h). */
const isKey = (code: number) => (code > 0 && code < 0x100) || (code >= 0x160 && code < 0x2c0);
/** BTN_LEFT to BTN_TASK. */
const isMouseButton = (code: number) => code >= 0x110 && code <= 0x117;

const padAtRest = (pad: number, timeMs: number): PadState => ({
  kind: "pad-state",
  timeMs,
  pad,
  buttons: 0,
  axes: [0, 0, 0, 0],
  triggers: [0, 0],
});

/**
 * Merges the input of several viewers for one game.
 *
 * It knows what every viewer holds, so that a key two of them hold goes up with the last one, and
 * nothing stays down when a viewer leaves, blurs or is dropped. Positions and pad states that come
 * late on the unordered channel are dropped; relative movement and wheel add up in any order and
 * never are. Of a press and its copies the first to come counts, and a pad's presses whose records were
 * lost are made up for from the next one. A viewer that floods loses presses and movement, never a
 * release.
 */
export class InputRouter {
  readonly #outputs: InputOutputs;
  readonly #now: () => number;
  readonly #viewers = new Map<string, ViewerState>();
  readonly #keys = new HeldCodes();
  readonly #buttons = new HeldCodes();
  readonly #touches = new HeldTouches();
  readonly #pads = new PadSlots();

  constructor(outputs: InputOutputs) {
    this.#outputs = outputs;
    this.#now = outputs.now ?? monotonicMs;
  }

  /** A viewer that may send records from now on. With another role than before it lets go first. */
  join(viewerId: string, role: ViewerRole): void {
    const known = this.#viewers.get(viewerId);
    if (known?.role === role) return;
    if (known) this.leave(viewerId);
    const flood = new FloodLimit();
    this.#viewers.set(viewerId, {
      ...{ role, flood, lastMs: 0 },
      ...{ newest: new Map(), counts: new Map(), changes: new Map() },
    });
  }

  /** Releases everything the viewer holds and forgets it. Its pads stay with the game, at rest. */
  leave(viewerId: string): void {
    const viewer = this.#viewers.get(viewerId);
    if (!viewer) return;
    this.#releaseAll(viewerId, viewer.lastMs);
    for (const slot of this.#pads.of(viewerId)) this.#pads.park(slot);
    this.#viewers.delete(viewerId);
  }

  /** Whose pad plays in `slot` (0–3), to send rumble to; `pad` is the index on the viewer's side. */
  padOwner(slot: number): PadOwner | undefined {
    return this.#pads.owner(slot);
  }

  /**
   * One record of a viewer. Records of spectators and strangers are ignored; so are malformed ones,
   * which the transport has refused before.
   */
  record(viewerId: string, bytes: Uint8Array): void {
    const viewer = this.#viewers.get(viewerId);
    if (viewer?.role !== "player") return;
    let event: InputEvent;
    try {
      event = decodeInput(bytes);
    } catch (error) {
      if (!(error instanceof InputFormatError)) throw error;
      log.debug("a malformed record was dropped", { viewer: viewerId, error });
      return;
    }
    const admitted = viewer.flood.admit(this.#now());
    if (!admitted && !isRelease(event)) return;
    if (!admitted && event.kind === "pad-state") event.before = [];
    viewer.lastMs = Math.max(viewer.lastMs, event.timeMs);
    this.#route(viewerId, viewer, event);
  }

  #route(viewerId: string, viewer: ViewerState, event: InputEvent): void {
    switch (event.kind) {
      case "key":
        if (isKey(event.code)) this.#press(this.#keys, viewerId, viewer, event);
        return;
      case "button":
        if (isMouseButton(event.code)) this.#press(this.#buttons, viewerId, viewer, event);
        return;
      case "pointer-absolute":
        if (this.#isNewest(viewer, event.kind, event.timeMs)) this.#toSeat(event);
        return;
      case "pointer-relative":
      case "wheel":
      case "text":
        return this.#toSeat(event);
      case "touch": {
        const isDown = this.#touches.get(viewerId, event.id) !== undefined;
        const changes = event.phase === "move" ? isDown : isDown !== (event.phase === "down");
        if (changes && isNew(viewer, `touch ${event.id}`, event)) this.#touch(viewerId, event);
        return;
      }
      case "pad-connect":
        this.#connectPad({ viewerId, pad: event.pad }, event);
        return;
      case "pad-state":
        return this.#padState(viewerId, viewer, event);
      case "pad-disconnect":
        return this.#disconnectPad({ viewerId, pad: event.pad }, viewer, event.timeMs);
      case "release-all":
        return this.#releaseAll(viewerId, event.timeMs);
    }
  }

  #toSeat(event: InputEvent): void {
    const record = encodeInput(event);
    this.#outputs.display(record);
    this.#outputs.devices.input(record);
  }

  #toPads(event: InputEvent): void {
    this.#outputs.devices.input(encodeInput(event));
  }

  /** True where nothing of this kind with a later time has come before. */
  #isNewest(viewer: ViewerState, kind: string, timeMs: number): boolean {
    if (timeMs < (viewer.newest.get(kind) ?? -Infinity)) return false;
    viewer.newest.set(kind, timeMs);
    return true;
  }

  /** A press or release from outside: what changes nothing may be a copy that came before its time. */
  #press(
    held: HeldCodes,
    viewerId: string,
    viewer: ViewerState,
    event: Extract<InputEvent, { kind: "key" | "button" }>,
  ): void {
    const changes = held.holds(viewerId, event.code) !== event.down;
    if (changes && isNew(viewer, `${event.kind} ${event.code}`, event)) {
      this.#hold(held, viewerId, event);
    }
  }

  #hold(
    held: HeldCodes,
    viewerId: string,
    event: Extract<InputEvent, { kind: "key" | "button" }>,
  ): void {
    const changed = event.down
      ? held.press(viewerId, event.code)
      : held.release(viewerId, event.code);
    if (changed) this.#toSeat({ ...event, count: undefined });
  }

  #touch(viewerId: string, event: Extract<InputEvent, { kind: "touch" }>): void {
    let id: number | undefined;
    if (event.phase === "down") id = this.#touches.press(viewerId, event.id);
    else if (event.phase === "move") id = this.#touches.get(viewerId, event.id);
    else id = this.#touches.release(viewerId, event.id);
    if (id !== undefined) this.#toSeat({ ...event, id, count: undefined });
  }

  #connectPad(owner: PadOwner, pad: { timeMs: number; name: string; rumble: boolean }): number {
    const taken = this.#pads.take(owner, pad.name, pad.rumble);
    if (taken === undefined) {
      log.debug("a gamepad found all player slots taken", { ...owner });
      return -1;
    }
    if (taken.fresh) this.#toPads({ kind: "pad-connect", ...pad, pad: taken.slot });
    return taken.slot;
  }

  #padState(viewerId: string, viewer: ViewerState, event: PadState): void {
    if (!this.#isNewest(viewer, `pad ${event.pad}`, event.timeMs)) return;
    const owner = { viewerId, pad: event.pad };
    // After a reconnection the state may come without, or before, the record that connects the pad.
    const slot = this.#pads.slotOf(owner) ??
      this.#connectPad(owner, { timeMs: event.timeMs, name: "Gamepad", rumble: true });
    if (slot < 0) return;
    const { change = 0, before = [], ...state } = event;
    const from = Math.max(0, before.length - missed(viewer, event.pad, change));
    for (const presses of before.slice(from)) {
      this.#toPads({ ...state, ...presses, pad: slot });
    }
    viewer.changes.set(event.pad, change);
    this.#toPads({ ...state, pad: slot });
  }

  #disconnectPad(owner: PadOwner, viewer: ViewerState, timeMs: number): void {
    // A state that was sent before but comes after must not bring the pad back.
    this.#isNewest(viewer, `pad ${owner.pad}`, timeMs);
    viewer.changes.delete(owner.pad);
    const slot = this.#pads.slotOf(owner);
    if (slot === undefined) return;
    this.#pads.empty(slot);
    this.#toPads(padAtRest(slot, timeMs));
    this.#toPads({ kind: "pad-disconnect", timeMs, pad: slot });
  }

  #releaseAll(viewerId: string, timeMs: number): void {
    const viewer = this.#viewers.get(viewerId)!;
    for (const code of this.#keys.of(viewerId)) {
      this.#hold(this.#keys, viewerId, { kind: "key", timeMs, code, down: false });
    }
    for (const code of this.#buttons.of(viewerId)) {
      this.#hold(this.#buttons, viewerId, { kind: "button", timeMs, code, down: false });
    }
    for (const id of this.#touches.of(viewerId)) {
      this.#touch(viewerId, { kind: "touch", timeMs, id, phase: "cancel", x: 0, y: 0 });
    }
    for (const slot of this.#pads.of(viewerId)) {
      // States sent before this release must not press anything again, nor what a later one tells of them.
      const { pad } = this.#pads.owner(slot)!;
      this.#isNewest(viewer, `pad ${pad}`, timeMs);
      viewer.changes.delete(pad);
      this.#toPads(padAtRest(slot, timeMs));
    }
  }
}

/** Whether a press or release is no copy of one that the game has had, nor from before that. */
function isNew(viewer: ViewerState, of: string, { count }: { count?: number }): boolean {
  if (count === undefined) return true;
  if (count <= (viewer.counts.get(of) ?? -1)) return false;
  viewer.counts.set(of, count);
  return true;
}

/** How many changes of a pad's presses have not come. */
function missed(viewer: ViewerState, pad: number, change: number): number {
  const known = viewer.changes.get(pad);
  if (known === undefined) return 0;
  const behind = (change - known - 1) & 0xff;
  // Over half of the count is one that is behind us.
  return behind < 0x80 ? behind : 0;
}

/** Records that only ever let something go; they do nothing where it is not held. */
function isRelease(event: InputEvent): boolean {
  switch (event.kind) {
    case "key":
    case "button":
      return !event.down;
    case "touch":
      return event.phase === "up" || event.phase === "cancel";
    case "pad-state":
      return event.buttons === 0 &&
        [...event.axes, ...event.triggers].every((value) => value === 0);
    default:
      return event.kind === "release-all" || event.kind === "pad-disconnect";
  }
}
