/** A Test card that a page plays through a relay in user space, which delays and loses packets. */
import type { Page } from "playwright-core";
import { startBrowser } from "../../e2e/browser.ts";
import { startHouse } from "../../e2e/house.ts";
import { impair, type ImpairedPath } from "../../e2e/impaired.ts";
import { claim, play } from "../../e2e/player.ts";

/** Each way; the round trip is twice as long, ms. */
const DELAY_MS = 10;
/** Until the congestion control has found its rate at a loss, ms. */
export const SETTLE_MS = 4000;

export interface LossyPlayer extends AsyncDisposable {
  page: Page;
  path: ImpairedPath;
}

/** Plays at 1280×720 in a house and a browser of its own, without loss at first. */
export async function startLossyPlayer(): Promise<LossyPlayer> {
  await using open = new AsyncDisposableStack();
  const house = open.use(await startHouse());
  const chromium = open.use(await startBrowser());
  const page = await chromium.page({ viewport: { width: 1280, height: 720 } });
  const path = open.use(await impair(page));
  await path.change({ delayMs: DELAY_MS });
  await claim(page, house);
  await play(page, "testcard");
  const kept = open.move();
  return { page, path, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
