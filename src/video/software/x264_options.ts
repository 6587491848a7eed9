import { levelFor } from "../bitstream/level.ts";
import type { EncoderSettings } from "../encoder.ts";
import type { Preset } from "./presets.ts";

/** Rate control fields of AVCodecContext. */
export interface X264Rate {
  /** bit/s */
  bitrate: number;
  /** bits */
  vbv: number;
}

/**
 * libx264's rate control for pictures of `bitrate / fps` bits each.
 *
 * libx264 spends per picture, at the rate it was opened for. A bitrate scaled by `openedFps / fps`
 * therefore changes the picture rate without reopening (and so without an IDR). The buffer of one
 * picture bounds every picture to what the network carries in one frame interval.
 */
export function x264Rate(openedFps: number, fps: number, bitrate: number): X264Rate {
  // libx264 counts in whole kbit and refuses less than one.
  return {
    bitrate: Math.max(1000 * openedFps, Math.round(bitrate * openedFps / fps)),
    vbv: Math.max(1000, Math.round(bitrate / fps)),
  };
}

/** Nobody sees a finer one; without it an easy picture would be spent the whole bitrate on. */
const FINEST_QUANTISER = 10;

/**
 * AVOptions for libx264, all as text.
 *
 * - `tune=zerolatency`: no lookahead, no B-frames, a picture's bits are out when encode returns;
 *   `sliced-threads` split one picture among threads instead of queueing pictures.
 * - Constrained Baseline: every WebRTC peer must decode it (RFC 7742, 6.2), CAVLC is the fastest
 *   entropy coding to decode, and no decoder waits for reordering in a profile that has none.
 *   Chromium's decoder takes 30 to 45 % longer for the same pictures in High profile.
 * - An IDR only where one is asked for: no key-frame interval, no scene cut detection. A scene cut
 *   costs no more than the buffer allows, and a lost picture is asked for by PLI.
 * - Colour: libyuv writes the BT.601 matrix in limited range; the game's colours are sRGB, so
 *   primaries are BT.709's and the transfer sRGB's.
 */
export function x264Options(
  settings: EncoderSettings,
  preset: Preset,
  threads: number,
): Record<string, string> {
  const { width, height, fps, bitrate } = settings;
  const rate = x264Rate(fps, fps, bitrate);
  const level = levelFor(width, height, fps, bitrate);
  return {
    preset,
    tune: "zerolatency",
    profile: "baseline",
    level: `${Math.floor(level / 10)}.${level % 10}`,
    video_size: `${width}x${height}`,
    pixel_format: "yuv420p",
    time_base: `1/${fps}`,
    b: String(rate.bitrate),
    maxrate: String(rate.bitrate),
    bufsize: String(rate.vbv),
    qmin: String(FINEST_QUANTISER),
    g: String(2 ** 30),
    sc_threshold: "0",
    bf: "0",
    "forced-idr": "1",
    threads: String(threads),
    thread_type: "slice",
    color_range: "tv",
    colorspace: "smpte170m",
    color_primaries: "bt709",
    color_trc: "iec61966-2-1",
  };
}
