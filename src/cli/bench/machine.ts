import type { VideoMode } from "../../protocol/session.ts";
import { captureLatency, startStampedDisplay } from "./capture_latency.ts";
import { streamCost } from "./stream_cost.ts";

/** What a machine does with pictures of one mode. Times in ms. */
export interface ModeReport {
  mode: VideoMode;
  /** bit/s that was encoded for. */
  bitrate: number;
  /** A game's commit until the encoder can read the picture. */
  captureMs: Spread;
  /** A game's commit until its access unit can be sent. */
  packetMs: Spread;
  encodeMs: Spread;
  /** CPU time of all threads a picture, from commit to access unit. */
  cpuMs: number;
  verdict: Verdict;
}

/** Medians and what nine of ten stay below. */
export interface Spread {
  p50: number;
  p90: number;
}

/** Whether a mode can be played: with room for the game, only just, or not. */
export type Verdict = "fluent" | "barely" | "no";

export interface MeasuredMode {
  mode: VideoMode;
  bitrate: number;
  /** Pictures measured. */
  pictures: number;
}

const WARM_UP = 30;

/** Measures one mode with a client of our own; about `2 * pictures / fps` seconds. */
export async function measureMode(
  { mode, bitrate, pictures }: MeasuredMode,
  cores = navigator.hardwareConcurrency,
): Promise<ModeReport> {
  const captured = await withDisplay(
    mode,
    (display) => captureLatency(display, mode, WARM_UP + pictures).slice(WARM_UP),
  );
  const { packetMs, encodeMs, cpuMs } = await withDisplay(
    mode,
    (display) => streamCost(display, mode, { bitrate, count: pictures, warmUp: WARM_UP }),
  );
  const encode = spread(encodeMs);
  return {
    mode,
    bitrate,
    captureMs: spread(captured),
    packetMs: spread(packetMs),
    encodeMs: encode,
    cpuMs,
    verdict: judge(mode.fps, encode, cpuMs, cores),
  };
}

/** Pictures at the start of {@linkcode packetLatency}, and how long it takes at most, ms. */
const SHORT_WARM_UP = 10;
const SHORT_MS = 10_000;

/**
 * A game's commit until its access unit can be sent, ms: one of {@linkcode measureMode}'s figures, in
 * a second or two, and on a machine that is far too slow with fewer pictures.
 */
export async function packetLatency({ mode, bitrate, pictures }: MeasuredMode): Promise<Spread> {
  const { packetMs } = await withDisplay(
    mode,
    (display) =>
      streamCost(display, mode, {
        ...{ bitrate, count: pictures },
        ...{ warmUp: SHORT_WARM_UP, withinMs: SHORT_MS },
      }),
  );
  return spread(packetMs);
}

/** Of its frame interval, an encoder must leave so much to what else happens to a picture. */
const FLUENT_SHARE = 0.6;
/** Of the machine's cores, a game that is to be streamed needs at least the rest. */
const FLUENT_CORES = 0.5;

/**
 * Judges a mode by its encode times and the CPU time of all threads a picture.
 *
 * "fluent": nine of ten pictures are encoded well within the frame interval and half of the cores
 * is left to the game. "barely": the median fits, so pictures are dropped now and then.
 */
export function judge(
  fps: number,
  encodeMs: Spread,
  cpuMs: number,
  cores: number,
): Verdict {
  const interval = 1000 / fps;
  const busy = cpuMs / interval / cores;
  if (encodeMs.p50 > interval * 0.9 || busy > 0.9) return "no";
  if (encodeMs.p90 > interval * FLUENT_SHARE || busy > FLUENT_CORES) return "barely";
  return "fluent";
}

/** What the machine can play, as a sentence. */
export function verdictSentence(reports: ModeReport[]): string {
  const named = (verdict: Verdict) =>
    reports.filter((report) => report.verdict === verdict).map(({ mode }) => modeName(mode));
  const [fluent, barely, no] = [named("fluent"), named("barely"), named("no")];
  const parts = [
    fluent.length > 0 ? `plays ${list(fluent)} fluently` : "",
    barely.length > 0 ? `plays ${list(barely)} with little room for the game` : "",
    no.length > 0 ? `is too slow for ${list(no)}` : "",
  ];
  return `This machine ${list(parts.filter(Boolean))}.`;
}

const list = (items: string[]) =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;

/** Such as "720p60". */
export const modeName = ({ height, fps }: VideoMode) => `${height}p${fps}`;

/** The spread of some samples; NaN where there are none. */
export function spread(samples: number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? NaN;
  return { p50: at(0.5), p90: at(0.9) };
}

async function withDisplay<T>(
  mode: VideoMode,
  measure: (display: Awaited<ReturnType<typeof startStampedDisplay>>) => T | Promise<T>,
): Promise<T> {
  const display = await startStampedDisplay(mode);
  try {
    return await measure(display);
  } finally {
    await display.close();
  }
}
