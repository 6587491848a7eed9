/** How much parity is worth its bits. */
import { MAX_PARITY } from "./parity_masks.ts";

/** Below this a repeat now and then costs less than parity for every frame. */
const MIN_LOSS = 0.005;
/** Losses that are provided for: of the mean, and over it in standard deviations. */
const MEANS = 1.25;
const DEVIATIONS = 2.6;
/** Of the rate, video keeps at least this share. */
const MIN_VIDEO = 0.5;
/** What a packet of full size takes on the path, bytes. */
const PACKET_BYTES = 1230;

/**
 * Parity packets for a group of `media` packets on a path that loses the share `loss` of them. Leaves
 * at most some 5 % of the frames to repeats at any loss up to 10 %, of frames over 20 packets 12 %.
 */
export function parityFor(media: number, loss: number): number {
  if (media === 0 || loss < MIN_LOSS) return 0;
  const expected = media * loss;
  const wanted = Math.ceil((MEANS * expected + DEVIATIONS * Math.sqrt(expected)) / (1 - loss));
  return Math.min(wanted, MAX_PARITY, media + 1);
}

/**
 * The share of a rate that is left for video beside parity and repeats.
 *
 * @param bitrate bit/s for all of them
 */
export function videoShare(bitrate: number, loss: number, fps = 60): number {
  if (loss < MIN_LOSS) return 1;
  const packets = bitrate / 8 / fps / PACKET_BYTES;
  // Frames differ in size; those that are smaller than the mean pay more.
  const media = Math.max(1, Math.round(0.8 * packets));
  return Math.max(MIN_VIDEO, 1 / (1 + parityFor(media, loss) / media + loss));
}
