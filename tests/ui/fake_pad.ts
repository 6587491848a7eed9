/** A test double of a gamepad: takes the place of navigator.getGamepads in a page. */
import type { Page } from "playwright-core";

interface FakePadWindow {
  fakePad: { buttons?: number[]; axes?: number[] } | undefined;
  /** How often the page has looked. */
  polls: number;
  rumbled?: number;
}

/** Runs in the page before anything else. */
export function installFakePad(): void {
  const holder = globalThis as unknown as FakePadWindow;
  holder.polls = 0;
  navigator.getGamepads = () => {
    const state = holder.fakePad;
    holder.polls++;
    if (!state) return [];
    const pressed = state.buttons ?? [];
    return [{
      index: 0,
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
        playEffect: (_type: string, effect: { duration: number }) => {
          holder.rumbled = effect.duration;
          return Promise.resolve("complete");
        },
        reset: () => Promise.resolve("complete"),
      },
    } as unknown as Gamepad];
  };
}

/** What the pad's player holds now, until the page has seen it; the first call connects the pad. */
export async function setPad(
  page: Page,
  state: { buttons?: number[]; axes?: number[] },
): Promise<void> {
  const before = await page.evaluate((held) => {
    const holder = globalThis as unknown as FakePadWindow;
    const isNew = holder.fakePad === undefined;
    holder.fakePad = held;
    if (isNew) globalThis.dispatchEvent(new Event("gamepadconnected"));
    return holder.polls;
  }, state);
  // The look under way may have been at the old state.
  await page.waitForFunction(
    (polls) => (globalThis as unknown as FakePadWindow).polls > polls + 2,
    before,
  );
}
