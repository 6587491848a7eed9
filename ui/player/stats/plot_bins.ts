/** From single frames to the stacked series of a plot. Pure. */
import { median, STAGES } from "./latency.ts";
import type { TimedStages } from "./statistics.ts";

/**
 * Medians per stage and time bin, stacked: row k holds the sum of the stages 0…k, null in bins with
 * no frame. `times` are bin centres in seconds before now. A stage that a bin does not know counts 0.
 */
export function plotBins(
  frames: TimedStages[],
  now: number,
  options: { spanMs: number; binMs: number },
): { times: number[]; stacked: (number | null)[][] } {
  const { spanMs, binMs } = options;
  const count = Math.floor(spanMs / binMs);
  const bins: TimedStages[][] = Array.from({ length: count }, () => []);
  for (const frame of frames) {
    const bin = count - 1 - Math.floor((now - frame.atMs) / binMs);
    if (bin >= 0 && bin < count) bins[bin].push(frame);
  }
  const times = bins.map((_bin, i) => ((i + 0.5) * binMs - spanMs) / 1000);
  const sums: (number | null)[] = bins.map((bin) => bin.length > 0 ? 0 : null);
  const stacked = STAGES.map((stage) => {
    bins.forEach((bin, i) => {
      const value = median(bin.flatMap(({ stages }) => stages[stage] ?? []));
      if (sums[i] !== null) sums[i] += value ?? 0;
    });
    return [...sums];
  });
  return { times, stacked };
}
