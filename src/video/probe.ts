import { libyuv } from "../../ffi/libyuv.ts";
import { monotonicMs } from "../media/clock.ts";
import type { Capability } from "../protocol/library.ts";
import { Scaler } from "./scaler.ts";
import { LIBAV_PACKAGES, loadLibav } from "./software/libav.ts";
import { softwareEncoder } from "./software/provider.ts";

const PROBED = { width: 1280, height: 720, fps: 60, bitrate: 8_000_000 };
/** Pictures to measure, and the fewest of them on a machine that takes longer than `enoughMs` for all. */
const PICTURES = { most: 20, least: 3, enoughMs: 300 };
/** How far the picture moves from one to the next, rows. */
const STEP = 6;

/**
 * What this machine can encode with, measured, for `gamelan doctor`. Never throws; takes about 0.2 s,
 * on a very slow machine as long as three pictures do.
 */
export async function probeVideoEncoders(): Promise<Capability[]> {
  return [await probeSoftware(), probeConversion()];
}

async function probeSoftware(): Promise<Capability> {
  const row = { id: "video-software", title: "Software video encoder (H.264)" };
  try {
    const milliseconds = await measure();
    const evidence = `libavcodec ${loadLibav().version}, libx264 encodes ${PROBED.width}×` +
      `${PROBED.height} in ${milliseconds.toFixed(1)} ms`;
    const interval = 1000 / PROBED.fps;
    return milliseconds < interval / 2 ? { ...row, status: "ok", evidence } : {
      ...row,
      status: "warning",
      evidence: `${evidence}, too slow for ${PROBED.fps} pictures a second beside a game`,
      fix: "choose a smaller resolution or frame rate in the player's settings",
    };
  } catch (error) {
    return { ...row, status: "missing", evidence: reason(error), fix: LIBAV_PACKAGES };
  }
}

/** Median time of moving pictures, ms. */
async function measure(): Promise<number> {
  const encoder = softwareEncoder.open(PROBED, softwareEncoder.startEffort(PROBED));
  const picture = new Scaler(PROBED).blank();
  const stripes = tallStripes();
  const { most, least, enoughMs } = PICTURES;
  try {
    const times: number[] = [];
    for (let index = 0, sum = 0; index < most && (index < least || sum < enoughMs); index++) {
      const from = index * STEP * PROBED.width;
      picture.y.set(stripes.subarray(from, from + picture.y.length));
      const start = monotonicMs();
      encoder.encode(picture, { forceIdr: index === 0 });
      const spent = monotonicMs() - start;
      times.push(spent);
      sum += spent;
      await new Promise((resolve) => setTimeout(resolve));
    }
    return times.sort((a, b) => a - b)[times.length >> 1];
  } finally {
    encoder.close();
  }
}

/**
 * Luma, higher than a picture: diagonal stripes of changing width, something to search for in every
 * block. Each picture begins further down.
 */
function tallStripes(): Uint8Array {
  const { width, height } = PROBED;
  const rows = height + (PICTURES.most - 1) * STEP;
  const stripes = new Uint8Array(width * rows);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < width; column++, at++) {
      stripes[at] = 16 + ((column + row) * (1 + (row >> 5)) & 127);
    }
  }
  return stripes;
}

function probeConversion(): Capability {
  const row = { id: "video-conversion", title: "Colour conversion and scaling" };
  try {
    libyuv();
    const start = monotonicMs();
    new Scaler({ width: 960, height: 540 }).scale({ ...new Scaler(PROBED).blank(), ...PROBED });
    const milliseconds = (monotonicMs() - start).toFixed(1);
    return { ...row, status: "ok", evidence: `libyuv scales 1280×720 in ${milliseconds} ms` };
  } catch (error) {
    const fix = "install Debian's package libyuv0";
    return { ...row, status: "missing", evidence: reason(error), fix };
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
