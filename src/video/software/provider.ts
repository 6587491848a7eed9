import type { EncoderProvider, EncoderSettings } from "../encoder.ts";
import { PRESETS } from "./presets.ts";
import { openX264 } from "./x264_encoder.ts";

/** Slices beyond this number cost more bits than they save time. */
const MAX_THREADS = 4;

/** libx264 on the CPU. */
export const softwareEncoder: EncoderProvider = {
  efforts: PRESETS.length,
  startEffort,
  open: (settings, effort) => openX264(settings, PRESETS[effort], threads()),
};

function threads(): number {
  return Math.min(MAX_THREADS, navigator.hardwareConcurrency);
}

function startEffort(settings: EncoderSettings): number {
  const macroblocks = settings.width * settings.height / 256 * settings.fps;
  return macroblocks / threads() <= 120_000 ? 0 : 1;
}
