/** The gong, as shares of half the picture: what the page and the icon files draw. */

/** Circles from the outside in: radius as a share of half the picture, with a bronze from top left to bottom right. */
export const GONG_RINGS = [
  { radius: 0.86, light: "#f2c27c", dark: "#7c4a1c" },
  { radius: 0.76, light: "#8f5a26", dark: "#c98a45" },
  { radius: 0.7, light: "#dba35c", dark: "#8a5522" },
  { radius: 0.42, light: "#9c6630", dark: "#d79b52" },
  { radius: 0.37, light: "#c48a48", dark: "#7c4a1c" },
  { radius: 0.19, light: "#ffe6bd", dark: "#b87632" },
] as const;
