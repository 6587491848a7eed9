import type { EncoderProvider, EncoderSettings } from "../encoder.ts";
import { PRESETS } from "./presets.ts";
import { openX264 } from "./x264_encoder.ts";

/** Pixels up to which more than four slices cost more bits than they save time. */
const FULL_HD = 1920 * 1088;
/** Macroblocks a second and thread that the best preset encodes in about half of its time. */
const COMFORTABLE = 125_000;

/**
 * libx264 on the CPU, from `superfast` to `ultrafast`.
 *
 * Measured on two cores, two threads, 60 pictures a second, median ms a picture of moving content
 * and the luma PSNR of the hardest: 1280×720 at 12 Mbit/s superfast 1.6–2.7 ms (32.2 dB), ultrafast
 * 1.5–2.2 (30.4); 1920×1080 at 20 Mbit/s superfast 4.2–5.4 (33.9), ultrafast 3.2–5.3 (32.2). A second
 * thread takes 15–45 % off at the same CPU time. High profile instead of Constrained Baseline gains
 * 0.5 dB or 15 % of the bits for 1.2–1.9 times the encode time, so it is not used.
 */
export const softwareEncoder: EncoderProvider = {
  efforts: PRESETS.length,
  startEffort,
  open: (settings, effort) => openX264(settings, PRESETS[effort], softwareThreads(settings)),
};

/** Slices that a picture is encoded in at the same time. */
export function softwareThreads({ width, height }: EncoderSettings): number {
  return Math.min(width * height > FULL_HD ? 8 : 4, navigator.hardwareConcurrency);
}

function startEffort(settings: EncoderSettings): number {
  const macroblocks = settings.width * settings.height / 256 * settings.fps;
  return macroblocks / softwareThreads(settings) <= COMFORTABLE ? 0 : 1;
}
