/** Play → first frame: a press on Play until the Test card's first picture is presented. */
import type { Page } from "playwright-core";
import { startBrowser } from "../../e2e/browser.ts";
import { type House, startHouse } from "../../e2e/house.ts";
import { claim } from "../../e2e/player.ts";
import { type Case, summarize } from "../result.ts";

/** Until the house has prepared a process for the next session, ms. */
const PREPARE_MS = 5000;

interface FirstFrameWindow {
  playedMs?: number;
  firstFrameMs?: number;
}

/** Runs in the page before its own code: notes the press on Play and the video's first frame. */
function watchFirstFrame(): void {
  const state = globalThis as unknown as FirstFrameWindow;
  addEventListener("click", (event) => {
    const target = event.target as Element | null;
    if (!target?.closest("[data-testid=play-button]")) return;
    state.playedMs = event.timeStamp;
    state.firstFrameMs = undefined;
  }, { capture: true });
  const watched = new WeakSet<HTMLVideoElement>();
  new MutationObserver(() => {
    const video = document.querySelector("video");
    if (!video || watched.has(video)) return;
    watched.add(video);
    video.requestVideoFrameCallback((_now, { presentationTime }) => {
      state.firstFrameMs = presentationTime;
    });
  }).observe(document, { childList: true, subtree: true });
}

async function playOnce(page: Page, house: House): Promise<number> {
  await page.getByTestId("game-tile-testcard").click();
  await page.getByTestId("play-button").waitFor();
  await page.waitForTimeout(PREPARE_MS);
  await page.getByTestId("play-button").click();
  try {
    await page.waitForFunction(
      () => (globalThis as FirstFrameWindow).firstFrameMs !== undefined,
      undefined,
      { polling: 50 },
    );
  } catch (error) {
    throw new Error(`no picture came: ${error}\n${house.log()}`);
  }
  const latency = await page.evaluate(() => {
    const { firstFrameMs, playedMs } = globalThis as FirstFrameWindow;
    return firstFrameMs! - playedMs!;
  });
  await page.getByTestId("player-menu-button").click();
  await page.getByTestId("end-button").click();
  await page.getByTestId("to-library").click();
  await page.getByTestId("library").waitFor();
  return latency;
}

export const playToFirstFrame: Case = {
  name: "play-first-frame",
  summary: "a press on Play in Chromium until the Test card's first picture is presented",
  async run({ log, quick }) {
    await using house = await startHouse();
    await using chromium = await startBrowser();
    const page = await chromium.page({ viewport: { width: 1280, height: 720 } });
    await page.addInitScript(watchFirstFrame);
    await claim(page, house);
    const samples: number[] = [];
    for (let run = 0; run < (quick ? 3 : 12); run++) {
      const latency = await playOnce(page, house);
      samples.push(latency);
      log(`run ${run + 1}: ${latency.toFixed(0)} ms`);
    }
    // A house's first session finds nothing of the game's files in memory.
    const target = { max: 1000, of: "p50" } as const;
    return [summarize("Play → first frame, Test card", "ms", samples.slice(1), { target })];
  },
};
