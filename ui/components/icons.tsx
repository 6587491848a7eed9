/** Line icons, drawn on a 24 × 24 grid with the text's colour, and the house's sign. */
import { GONG_RINGS } from "../icons/gong_geometry.ts";

const PATHS = {
  play: "M7 4.5v15l12-7.5z",
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  library: "M4 5h6v6H4zM14 5h6v6h-6zM4 15h6v4H4zM14 15h6v4h-6z",
  settings:
    "M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM12 2.8v3M12 18.2v3M2.8 12h3M18.2 12h3M5.5 5.5l2.1 2.1M16.4 16.4l2.1 2.1M18.5 5.5l-2.1 2.1M7.6 16.4l-2.1 2.1",
  gamepad:
    "M8 7h8a6 6 0 0 1 6 6v1.5a3 3 0 0 1-5.6 1.5L15.5 15h-7l-.9 1a3 3 0 0 1-5.6-1.5V13a6 6 0 0 1 6-6zM8 10v3M6.5 11.500h3M15.500 10.500h.01M17.500 12.500h.01",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M18 10h.01M7 14h10",
  touch:
    "M9 11V5.5a1.500 1.500 0 0 1 3 0V11l5.200 1.100a2 2 0 0 1 1.600 2.300L18 20h-7l-4.200-5.200a1.500 1.500 0 0 1 2.200-2z",
  people:
    "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20a6.500 6.500 0 0 1 13 0M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.200a6.500 6.500 0 0 1 3.500 5.800",
  machine: "M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01",
  fullscreen: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  camera:
    "M4 8h3l1.500-2.500h7L17 8h3v11H4zM12 16.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7z",
  microphone:
    "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5.500 11a6.500 6.500 0 0 0 13 0M12 17.500V21",
  sound:
    "M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM15.500 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",
  silent: "M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM16 10l4.500 4.500M20.500 10L16 14.500",
  chart: "M4 20V4M4 20h16M7 15l4-4 3 3 5-6",
  leave: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  stop: "M7 7h10v10H7z",
  link:
    "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.700-5.700L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.700 5.700L12 17",
  shield:
    "M12 3l8 3v6c0 4.500-3.200 7.800-8 9-4.800-1.200-8-4.500-8-9V6zM8.500 12l2.500 2.500 4.500-5",
  trash: "M5 7h14M10 7V4.500h4V7M7 7l1 13h8l1-13",
  download: "M12 4v11M7.500 11l4.500 4.500 4.500-4.500M5 20h14",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
  offline: "M3 9a14 14 0 0 1 18 0M6.500 13a9 9 0 0 1 11 0M10 17a4 4 0 0 1 4 0M4 4l16 16",
  wifi: "M3 9a14 14 0 0 1 18 0M6.500 13a9 9 0 0 1 11 0M10 17a4 4 0 0 1 4 0",
  cable: "M5 4h6v6H5zM13 14h6v6h-6zM8 10v4a3 3 0 0 0 3 3h2",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  key: "M8 16a4 4 0 1 1 3-6.700L20 9.300v3h-2.500V15h-3v-2h-2.600A4 4 0 0 1 8 16zM7.500 12h.01",
  upload: "M12 15V4M7.500 8.500L12 4l4.500 4.500M5 20h14",
  phone: "M8 3h8v18H8zM11.500 18h1",
  tv: "M3 5h18v12H3zM8 21h8",
  laptop: "M5 5h14v10H5zM2.500 19h19",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The gong. Gradient ids are shared: every copy defines the same ones. */
export function Gong({ class: className = "gong" }: { class?: string }) {
  return (
    <svg class={className} viewBox="0 0 100 100" aria-hidden="true">
      <defs>
        {GONG_RINGS.map((ring, i) => (
          <linearGradient key={i} id={`gong-${i}`} x1="0" y1="0" x2="1" y2="1">
            <stop stop-color={ring.light} />
            <stop offset="1" stop-color={ring.dark} />
          </linearGradient>
        ))}
      </defs>
      {GONG_RINGS.map((ring, i) => (
        <circle key={i} cx="50" cy="50" r={ring.radius * 50} fill={`url(#gong-${i})`} />
      ))}
    </svg>
  );
}
