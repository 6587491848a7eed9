/** How tests start Debian's Chromium: without a screen, a GPU, or anything it would ask the network for. */
export const CHROMIUM = "/usr/bin/chromium";

export const CHROMIUM_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Sound plays without a click before it. */
export const AUTOPLAY = "--autoplay-policy=no-user-gesture-required";
