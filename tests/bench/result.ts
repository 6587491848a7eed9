/** One measured figure, with what it is compared to. */
export interface Result {
  name: string;
  unit: string;
  /** Samples. */
  n: number;
  p50: number;
  p90: number;
  p99: number;
  /** What it is compared to, measured in the same run, in turns with ours. */
  peer?: string;
  peerP50?: number;
  /** Ours over the peer's, medians. */
  ratio?: number;
  /** What to reach: an absolute figure in the unit, a ratio to the peer, or so much more than the peer. */
  target?: { max: number; of: "p50" | "ratio" | "difference" };
}

/** A benchmark. `run` measures in rounds, ours and the peer's in turns, and cleans up. */
export interface Case {
  name: string;
  summary: string;
  run(context: BenchContext): Promise<Result[]>;
}

export interface BenchContext {
  /** Prints progress. */
  log(text: string): void;
  /** Fewer and shorter rounds, to see whether a benchmark works; its figures say little. */
  quick: boolean;
}

/** The value below which a share `p` (0–1) of the samples lies. */
export function percentile(samples: readonly number[], p: number): number {
  if (samples.length === 0) return NaN;
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))];
}

/** A result from samples, and the peer's samples where there are any. */
export function summarize(
  name: string,
  unit: string,
  samples: readonly number[],
  options: { peer?: string; peerSamples?: readonly number[]; target?: Result["target"] } = {},
): Result {
  const result: Result = {
    name,
    unit,
    n: samples.length,
    p50: percentile(samples, 0.5),
    p90: percentile(samples, 0.9),
    p99: percentile(samples, 0.99),
    peer: options.peer,
    target: options.target,
  };
  if (options.peerSamples?.length) {
    result.peerP50 = percentile(options.peerSamples, 0.5);
    result.ratio = result.p50 / result.peerP50;
  }
  return result;
}

/** Whether the target is reached; undefined where there is none. */
export function reached({ target, p50, peerP50, ratio }: Result): boolean | undefined {
  if (!target) return undefined;
  const difference = peerP50 === undefined ? undefined : p50 - peerP50;
  const value = { p50, ratio, difference }[target.of];
  return value !== undefined && value <= target.max;
}
