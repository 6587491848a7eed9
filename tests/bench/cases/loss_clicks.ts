/** Click → photon in Chromium on a path that loses packets: what a lost press, or a lost picture, costs. */
import { type BenchContext, type Case, percentile, type Result, summarize } from "../result.ts";
import { measureClicks, watchClicks } from "./browser_clicks.ts";
import { SETTLE_MS, startLossyPlayer } from "./lossy_player.ts";

const LOSSES = [0, 0.02, 0.05];

async function run({ log, quick }: BenchContext): Promise<Result[]> {
  const rounds = quick ? 1 : 3;
  const clicks = quick ? 20 : 100;
  const samples = LOSSES.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    await using player = await startLossyPlayer();
    const { page, path } = player;
    await page.waitForTimeout(SETTLE_MS);
    await watchClicks(page, 1280, 720);
    for (const [i, loss] of LOSSES.entries()) {
      await path.change({ loss });
      await page.waitForTimeout(SETTLE_MS);
      const latencies = await measureClicks(page, clicks);
      samples[i].push(...latencies);
      const [p50, p90, worst] = [0.5, 0.9, 1].map((p) => percentile(latencies, p).toFixed(0));
      log(`round ${round + 1}, ${100 * loss} % loss: p50 ${p50}, p90 ${p90}, worst ${worst} ms`);
    }
  }
  return LOSSES.map((loss, i) =>
    summarize(`click → photon, 720p60, 20 ms round trip, ${100 * loss} % loss`, "ms", samples[i])
  );
}

export const lossClicks: Case = {
  name: "loss-clicks",
  summary: "click → photon at 0, 2 and 5 % packet loss each way and 20 ms round trip",
  run,
};
