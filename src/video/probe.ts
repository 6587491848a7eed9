import { libyuv } from "../../ffi/libyuv.ts";
import { monotonicMs } from "../media/clock.ts";
import type { Capability } from "../protocol/library.ts";
import type { VideoEncoder } from "./encoder.ts";
import { Scaler } from "./scaler.ts";
import { LIBAV_PACKAGES, loadLibav } from "./software/libav.ts";
import { softwareEncoder } from "./software/provider.ts";

const PROBED = { width: 1280, height: 720, fps: 60, bitrate: 8_000_000 };
const PICTURES = 20;

/** What this machine can encode with, measured, for `gamelan doctor`. Never throws; takes about 0.2 s. */
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
  try {
    const times: number[] = [];
    for (let index = 0; index < PICTURES; index++) {
      times.push(encodeOne(encoder, index));
      await new Promise((resolve) => setTimeout(resolve));
    }
    return times.sort((a, b) => a - b)[PICTURES >> 1];
  } finally {
    encoder.close();
  }
}

function encodeOne(encoder: VideoEncoder, index: number): number {
  const picture = new Scaler(PROBED).blank();
  // Diagonal stripes of changing width that move: something to search for in every block.
  for (let at = 0; at < picture.y.length; at++) {
    const [row, column] = [Math.floor(at / PROBED.width), at % PROBED.width];
    picture.y[at] = 16 + ((column + row + index * 6) * (1 + (row >> 5)) & 127);
  }
  const start = monotonicMs();
  encoder.encode(picture, { forceIdr: index === 0 });
  return monotonicMs() - start;
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
