import { MAX_PADS } from "../protocol/input.ts";

/** A viewer's gamepad: the index is the one on the viewer's side. */
export interface PadOwner {
  viewerId: string;
  pad: number;
}

interface Slot {
  owner: PadOwner;
  name: string;
  rumble: boolean;
  /** The viewer left; the game keeps the device, at rest, until somebody takes it over. */
  parked: boolean;
}

const same = (a: PadOwner, b: PadOwner) => a.viewerId === b.viewerId && a.pad === b.pad;

/**
 * The game's player slots 0–3 and whose gamepad is in each.
 *
 * A slot whose viewer is gone is parked, not emptied: many games look for pads only when they
 * start, so the device must outlive a lost connection. Its viewer gets it back; else the next pad
 * that connects takes the lowest slot that is empty or parked.
 */
export class PadSlots {
  readonly #slots: (Slot | undefined)[] = Array.from({ length: MAX_PADS });

  /** The slot in which this pad plays, or undefined. */
  slotOf(owner: PadOwner): number | undefined {
    const slot = this.#slots.findIndex((entry) =>
      entry && !entry.parked && same(entry.owner, owner)
    );
    return slot < 0 ? undefined : slot;
  }

  /** Whose pad plays in this slot; undefined where it is empty or parked. */
  owner(slot: number): PadOwner | undefined {
    const entry = this.#slots[slot];
    return entry && !entry.parked ? entry.owner : undefined;
  }

  /** Slots of all pads of this viewer. */
  of(viewerId: string): number[] {
    return this.#slots.flatMap((entry, slot) =>
      entry && !entry.parked && entry.owner.viewerId === viewerId ? [slot] : []
    );
  }

  /**
   * Gives the pad a slot. `fresh`: the game has no device there yet. Undefined where all four are
   * taken.
   */
  take(
    owner: PadOwner,
    name: string,
    rumble: boolean,
  ): { slot: number; fresh: boolean } | undefined {
    const playing = this.slotOf(owner);
    if (playing !== undefined) return { slot: playing, fresh: false };
    const own = this.#slots.findIndex((entry) => entry && same(entry.owner, owner));
    const slot = own >= 0 ? own : this.#slots.findIndex((entry) => !entry || entry.parked);
    if (slot < 0) return undefined;
    const fresh = this.#slots[slot] === undefined;
    this.#slots[slot] = { owner, name, rumble, parked: false };
    return { slot, fresh };
  }

  park(slot: number): void {
    const entry = this.#slots[slot];
    if (entry) entry.parked = true;
  }

  empty(slot: number): void {
    this.#slots[slot] = undefined;
  }
}
