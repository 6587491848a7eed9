/** A row of Rec. ITU-T H.264 table A-1. */
interface LevelLimits {
  levelIdc: number;
  /** Macroblocks a second. */
  maxMbps: number;
  /** Macroblocks a picture. */
  maxFrameSize: number;
  /** kbit/s of the Baseline and Main profiles. */
  maxBitrate: number;
}

const LEVELS: LevelLimits[] = [
  { levelIdc: 31, maxMbps: 108_000, maxFrameSize: 3_600, maxBitrate: 14_000 },
  { levelIdc: 32, maxMbps: 216_000, maxFrameSize: 5_120, maxBitrate: 20_000 },
  { levelIdc: 40, maxMbps: 245_760, maxFrameSize: 8_192, maxBitrate: 20_000 },
  { levelIdc: 41, maxMbps: 245_760, maxFrameSize: 8_192, maxBitrate: 50_000 },
  { levelIdc: 42, maxMbps: 522_240, maxFrameSize: 8_704, maxBitrate: 50_000 },
  { levelIdc: 50, maxMbps: 589_824, maxFrameSize: 22_080, maxBitrate: 135_000 },
  { levelIdc: 51, maxMbps: 983_040, maxFrameSize: 36_864, maxBitrate: 240_000 },
  { levelIdc: 52, maxMbps: 2_073_600, maxFrameSize: 36_864, maxBitrate: 240_000 },
];

/**
 * The lowest level from 3.1 on that covers a stream, as level_idc (ten times the level).
 *
 * 5.2 is declared for anything beyond it (3840×2160 at more than 64 a second): browsers know
 * nothing higher, and decoders go by the picture's size.
 *
 * @param bitrate bit/s
 */
export function levelFor(width: number, height: number, fps: number, bitrate: number): number {
  const macroblocks = Math.ceil(width / 16) * Math.ceil(height / 16);
  const level = LEVELS.find((limits) =>
    macroblocks <= limits.maxFrameSize && macroblocks * fps <= limits.maxMbps &&
    bitrate <= limits.maxBitrate * 1000
  );
  return level?.levelIdc ?? 52;
}
