/** A test double of gamepads: takes the place of navigator.getGamepads in a page. */
import type { Page } from "playwright-core";

/** What a pad's player holds: buttons of the W3C standard gamepad, and the sticks. */
export interface HeldPad {
  buttons?: number[];
  axes?: number[];
}

/** An effect that the page has played on a pad. */
export interface PlayedRumble {
  pad: number;
  strong: number;
  weak: number;
  ms: number;
}

interface FakePadWindow {
  /** By Gamepad.index. */
  fakePads: (HeldPad | null)[];
  /** How often the page has looked. */
  polls: number;
  /** Milliseconds of the last effect. */
  rumbled?: number;
  rumbles: PlayedRumble[];
}

/** Runs in the page before anything else. */
export function installFakePad(): void {
  const holder = globalThis as unknown as FakePadWindow;
  holder.fakePads = [];
  holder.polls = 0;
  holder.rumbles = [];
  const read = (state: HeldPad, index: number) => {
    const pressed = state.buttons ?? [];
    return {
      index,
      id: "Fake pad (STANDARD GAMEPAD)",
      mapping: "standard",
      connected: true,
      timestamp: performance.now(),
      axes: state.axes ?? [0, 0, 0, 0],
      buttons: Array.from({ length: 17 }, (_, i) => ({
        pressed: pressed.includes(i),
        touched: pressed.includes(i),
        value: pressed.includes(i) ? 1 : 0,
      })),
      vibrationActuator: {
        playEffect: (
          _type: string,
          effect: { duration: number; strongMagnitude: number; weakMagnitude: number },
        ) => {
          holder.rumbled = effect.duration;
          const { duration: ms, strongMagnitude: strong, weakMagnitude: weak } = effect;
          holder.rumbles.push({ pad: index, strong, weak, ms });
          return Promise.resolve("complete");
        },
        reset: () => {
          holder.rumbles.push({ pad: index, strong: 0, weak: 0, ms: 0 });
          return Promise.resolve("complete");
        },
      },
    } as unknown as Gamepad;
  };
  navigator.getGamepads = () => {
    holder.polls++;
    return holder.fakePads.map((state, index) => state && read(state, index));
  };
}

/** What the player of pad `index` holds now, until the page has seen it; the first call connects the pad. */
export async function setPad(page: Page, state: HeldPad, index = 0): Promise<void> {
  await change(page, state, index);
}

/** Unplugs pad `index`, until the page has seen it. */
export async function unplugPad(page: Page, index = 0): Promise<void> {
  await change(page, null, index);
}

/** The effects that the page has played so far, a stop as strengths of 0. */
export async function playedRumbles(page: Page): Promise<PlayedRumble[]> {
  return await page.evaluate(() => (globalThis as unknown as FakePadWindow).rumbles);
}

async function change(page: Page, state: HeldPad | null, index: number): Promise<void> {
  const seen = await page.evaluate(([held, index]) => {
    const holder = globalThis as unknown as FakePadWindow;
    const had = holder.fakePads[index] ?? null;
    // Without gaps: a browser's list has null where a pad was.
    while (holder.fakePads.length < index) holder.fakePads.push(null);
    holder.fakePads[index] = held;
    if (!had && held) globalThis.dispatchEvent(new Event("gamepadconnected"));
    if (had && !held) globalThis.dispatchEvent(new Event("gamepaddisconnected"));
    // The look under way may have been at the old state. After the last pad the page looks once.
    return holder.polls + (holder.fakePads.some((pad) => pad) ? 3 : 1);
  }, [state, index] as const);
  await page.waitForFunction(
    (polls) => (globalThis as unknown as FakePadWindow).polls >= polls,
    seen,
  );
}
