/** What a player sees of packet loss and of an outage, through a relay in user space. */
import type { Page } from "playwright-core";
import type { ImpairedPath } from "../../e2e/impaired.ts";
import { type BenchContext, type Case, percentile, type Result, summarize } from "../result.ts";
import { SETTLE_MS, startLossyPlayer } from "./lossy_player.ts";

const LOSSES = [0, 0.02, 0.05, 0.1];
const OUTAGE_MS = 1000;

interface ShownWindow {
  /** Presentation times of all frames so far, ms of performance.now(). */
  shown: number[];
}

/** Runs in the page. */
function watchFrames(): void {
  const state = globalThis as unknown as ShownWindow;
  state.shown = [];
  const video = document.querySelector("video")!;
  const next = (_now: number, { presentationTime }: VideoFrameCallbackMetadata) => {
    video.requestVideoFrameCallback(next);
    state.shown.push(presentationTime);
  };
  video.requestVideoFrameCallback(next);
}

/** Presentation times of the frames shown within `ms` from now. */
async function shownWithin(page: Page, ms: number): Promise<number[]> {
  await page.evaluate(() => void ((globalThis as unknown as ShownWindow).shown = []));
  await page.waitForTimeout(ms);
  return page.evaluate(() => (globalThis as unknown as ShownWindow).shown);
}

/** Share of the time that pictures stood still, as webrtc-stats' freezeCount has it. */
function frozenShare(gaps: number[]): number {
  const regular = percentile(gaps, 0.5);
  const limit = Math.max(3 * regular, regular + 150);
  const total = gaps.reduce((sum, gap) => sum + gap, 0);
  return gaps.reduce((sum, gap) => gap > limit ? sum + gap - regular : sum, 0) / total;
}

/** ms from the end of an outage to the first new picture. */
async function recovery(page: Page, path: ImpairedPath): Promise<number> {
  path.cut = true;
  await page.waitForTimeout(OUTAGE_MS);
  path.cut = false;
  return await page.evaluate(() => {
    const { shown } = globalThis as unknown as ShownWindow;
    const backMs = performance.now();
    return new Promise<number>((resolve) => {
      const look = () => {
        const first = shown.find((time) => time > backMs);
        if (first !== undefined) resolve(first - backMs);
        else setTimeout(look, 5);
      };
      look();
    });
  });
}

async function run({ log, quick }: BenchContext): Promise<Result[]> {
  const rounds = quick ? 1 : 3;
  const measureMs = quick ? 4000 : 10_000;
  const samples = LOSSES.map(() => ({
    gaps: [] as number[],
    fps: [] as number[],
    frozen: [] as number[],
  }));
  const recoveries: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await using player = await startLossyPlayer();
    const { page, path } = player;
    await page.evaluate(watchFrames);
    for (const [i, loss] of LOSSES.entries()) {
      await path.change({ loss });
      await page.waitForTimeout(SETTLE_MS);
      const shown = await shownWithin(page, measureMs);
      const gaps = shown.slice(1).map((time, at) => time - shown[at]);
      const frozen = frozenShare(gaps);
      const fps = shown.length * 1000 / measureMs;
      samples[i].gaps.push(...gaps);
      samples[i].fps.push(fps);
      samples[i].frozen.push(100 * frozen);
      log(
        `round ${round + 1}, ${100 * loss} % loss: ${fps.toFixed(1)} frames a second, ` +
          `${(100 * frozen).toFixed(1)} % frozen, longest gap ${Math.max(...gaps).toFixed(0)} ms`,
      );
    }
    await path.change({ loss: 0 });
    for (let outage = 0; outage < (quick ? 2 : 4); outage++) {
      await page.waitForTimeout(SETTLE_MS);
      recoveries.push(await recovery(page, path));
    }
    log(`round ${round + 1}, moving again after ${recoveries.slice(-4).map(Math.round)} ms`);
  }
  return [
    ...LOSSES.flatMap((loss, i) => {
      const at = `at ${100 * loss} % loss`;
      return [
        summarize(`time between shown frames ${at}`, "ms", samples[i].gaps),
        summarize(`frames shown ${at}`, "1/s", samples[i].fps),
        summarize(`picture frozen ${at}`, "%", samples[i].frozen),
      ];
    }),
    summarize("moving again after an outage of 1 s", "ms", recoveries),
  ];
}

export const lossRecovery: Case = {
  name: "loss",
  summary: "frames shown at 2, 5 and 10 % packet loss and 20 ms round trip, and after an outage",
  run,
};
