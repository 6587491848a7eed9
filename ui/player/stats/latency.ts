/**
 * From the session's frame records and the browser's frame callbacks to the time a frame spent in
 * each stage. Pure.
 */
import type { FrameRecord } from "../../../src/protocol/control.ts";
import type { ClockRelation } from "./clock.ts";

export const STAGES = [
  "input",
  "game",
  "capture",
  "encode",
  "network",
  "jitterBuffer",
  "decode",
  "present",
] as const;
export type Stage = typeof STAGES[number];
export const STAGE_TITLES: Record<Stage, string> = {
  input: "Input",
  game: "Game",
  capture: "Capture",
  encode: "Encode",
  network: "Network",
  jitterBuffer: "Jitter buffer",
  decode: "Decode",
  present: "Present",
};
/** ms in each stage; a stage that cannot be known for this frame is absent. */
export type StageTimes = Partial<Record<Stage, number>>;

/**
 * What requestVideoFrameCallback tells of a shown frame (WICG video-rvfc), ms of the page's clock.
 * `processingMs` is the decoder's part.
 */
export interface ShownFrame {
  rtpTimestamp: number;
  receiveMs?: number;
  processingMs?: number;
  presentationMs: number;
  expectedDisplayMs: number;
}

/** An input older than this did not cause the frame. */
const MAX_INPUT_AGE_MS = 250;

/**
 * The stages of one frame. `record` times are of the session's clock: input is the arrival of the
 * newest input before the picture (0: none), and the way of the input to the session is half of the
 * shortest round trip.
 */
export function stageTimes(
  record: FrameRecord,
  shown: ShownFrame,
  clock: Pick<ClockRelation, "toPage" | "rttMs">,
): StageTimes {
  const [, inputMs, commitMs, , encodeStartMs, encodedMs, sentMs] = record;
  const times: StageTimes = {};
  const put = (stage: Stage, value: number | undefined) => {
    // Clock relations err by a fraction of the round trip: a little below zero is zero.
    if (value !== undefined && Number.isFinite(value)) times[stage] = Math.max(0, value);
  };
  const inputAge = commitMs - inputMs;
  if (inputMs > 0 && inputAge >= 0 && inputAge <= MAX_INPUT_AGE_MS) {
    put("input", clock.rttMs === undefined ? undefined : clock.rttMs / 2);
    put("game", inputAge);
  }
  put("capture", encodeStartMs - commitMs);
  put("encode", encodedMs - encodeStartMs);
  const sentPage = clock.toPage(sentMs > 0 ? sentMs : encodedMs);
  const { receiveMs, processingMs, presentationMs, expectedDisplayMs } = shown;
  if (receiveMs !== undefined) {
    const handover = sentMs > 0 ? sentMs - encodedMs : 0;
    put("network", sentPage === undefined ? undefined : receiveMs - sentPage + handover);
    put("jitterBuffer", presentationMs - receiveMs - (processingMs ?? 0));
  }
  put("decode", processingMs);
  put("present", expectedDisplayMs - presentationMs);
  return times;
}

/** The middle value; undefined of none. */
export function median(values: number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** The median of each stage over frames. */
export function medianStages(frames: StageTimes[]): StageTimes {
  const medians: StageTimes = {};
  for (const stage of STAGES) {
    const value = median(
      frames.flatMap((times) => times[stage] === undefined ? [] : [times[stage]]),
    );
    if (value !== undefined) medians[stage] = value;
  }
  return medians;
}

/** Sum of the known stages, ms. */
export function totalOf(times: StageTimes): number {
  return STAGES.reduce((sum, stage) => sum + (times[stage] ?? 0), 0);
}

const KEPT_FRAMES = 512;

/** Brings records and shown frames together by RTP timestamp, in whichever order they come. */
export class FrameMatcher {
  #records = new Map<number, FrameRecord>();
  #shown = new Map<number, ShownFrame>();

  /** Takes a session's record; answers the match if the frame was already shown. */
  record(record: FrameRecord): { record: FrameRecord; shown: ShownFrame } | undefined {
    const shown = this.#shown.get(record[0]);
    if (shown) {
      this.#shown.delete(record[0]);
      return { record, shown };
    }
    this.#keep(this.#records, record[0], record);
    return undefined;
  }

  /** Takes a shown frame; answers the match if its record already came. */
  shown(shown: ShownFrame): { record: FrameRecord; shown: ShownFrame } | undefined {
    const record = this.#records.get(shown.rtpTimestamp);
    if (record) {
      this.#records.delete(shown.rtpTimestamp);
      return { record, shown };
    }
    this.#keep(this.#shown, shown.rtpTimestamp, shown);
    return undefined;
  }

  #keep<Value>(map: Map<number, Value>, key: number, value: Value): void {
    map.set(key, value);
    if (map.size > KEPT_FRAMES) map.delete(map.keys().next().value!);
  }
}
