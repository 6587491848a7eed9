/** Click → photon in Chromium, beside a tuned webrtcbin. */
import { startBrowser } from "../../e2e/browser.ts";
import { startHouse } from "../../e2e/house.ts";
import { claim, play } from "../../e2e/player.ts";
import { WebrtcbinStream } from "../peers/webrtcbin.ts";
import { type BenchContext, type Case, percentile, type Result, summarize } from "../result.ts";
import { measureClicks, watchClicks } from "./browser_clicks.ts";

interface Mode {
  width: number;
  height: number;
  /** kbit/s of the peer: about what our bitrate control ends with. */
  kbits: number;
  /** ms to reach at the median */
  target: number;
}

const modes: Mode[] = [
  { width: 1280, height: 720, kbits: 12_000, target: 16 },
  { width: 1920, height: 1080, kbits: 20_000, target: 20 },
];
/** Until bitrate, jitter buffer and clock estimates have settled, ms. */
const SETTLE_MS = 4000;

type Measure = (mode: Mode, clicks: number, context: BenchContext) => Promise<number[]>;

/** A new house, browser and session for each call. */
const ours: Measure = async ({ width, height }, clicks, context) => {
  await using house = await startHouse();
  await using chromium = await startBrowser();
  const page = await chromium.page({ viewport: { width, height } });
  await page.addInitScript(
    (height) => localStorage.setItem("gamelan.preferences", JSON.stringify({ height })),
    height,
  );
  await claim(page, house);
  await play(page, "testcard");
  await page.waitForTimeout(SETTLE_MS);
  await watchClicks(page, width, height);
  const latencies = await measureClicks(page, clicks);
  await logStages(page, context);
  return latencies;
};

/** Where the time goes, for the reader. */
async function logStages(page: import("playwright-core").Page, { log }: BenchContext) {
  const stats = await page.evaluate(async () => {
    const { gamelan } = globalThis as unknown as {
      gamelan: { stats(): Record<string, unknown>; trace(on: boolean): void };
    };
    gamelan.trace(true);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return gamelan.stats();
  });
  const { width, height, fps, shownFps, bitrateMbps, stages } = stats;
  const rounded = Object.entries(stages as Record<string, number>)
    .map(([stage, ms]) => `${stage} ${Number(ms).toFixed(1)}`);
  log(
    `${width}×${height}, ${fps} decoded and ${shownFps} shown a second, ` +
      `${Number(bitrateMbps).toFixed(1)} Mbit/s; ms: ${rounded.join(", ")}`,
  );
}

const webrtcbin: Measure = async (mode, clicks) => {
  const { width, height } = mode;
  await using chromium = await startBrowser();
  const page = await chromium.page({ viewport: { width, height } });
  await using _stream = await WebrtcbinStream.start(page, mode);
  await page.waitForTimeout(SETTLE_MS);
  await watchClicks(page, width, height);
  return await measureClicks(page, clicks);
};

export const clickToPhoton: Case = {
  name: "click-photon",
  summary: "a click in Chromium until the frame that shows its effect is presented",
  async run(context: BenchContext): Promise<Result[]> {
    const rounds = context.quick ? 1 : 3;
    const clicks = context.quick ? 15 : 60;
    const results: Result[] = [];
    for (const mode of modes) {
      const samples: number[] = [];
      const peerSamples: number[] = [];
      for (let round = 0; round < rounds; round++) {
        for (const [measure, into] of [[ours, samples], [webrtcbin, peerSamples]] as const) {
          const latencies = await measure(mode, clicks, context);
          into.push(...latencies);
          const name = measure === ours ? "ours" : "webrtcbin";
          context.log(
            `${mode.height}p60 round ${round + 1}, ${name}: p50 ` +
              `${percentile(latencies, 0.5).toFixed(1)} ms of ${latencies.length} clicks`,
          );
        }
      }
      results.push(
        summarize(`click → photon, ${mode.height}p60`, "ms", samples, {
          peer: "webrtcbin, tuned",
          peerSamples,
          target: { max: mode.target, of: "p50" },
        }),
      );
    }
    return results;
  },
};
