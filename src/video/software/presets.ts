/**
 * How much work libx264 puts into a picture, from the most to the least.
 *
 * `superfast` adds deblocking, adaptive quantisation and small partitions to `ultrafast`, for about
 * twice the time.
 */
export const PRESETS = ["superfast", "ultrafast"] as const;
export type Preset = typeof PRESETS[number];
