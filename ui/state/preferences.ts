/** What this device's player likes; kept in the browser. */
import { signal } from "@preact/signals";
import { z } from "zod";
import { KeyboardLayout, Sharing, VideoMode } from "../../src/protocol/session.ts";
import { TouchLayout } from "../player/touch/layout.ts";

const KEY = "gamelan.preferences";

export const Preferences = z.object({
  keyboard: KeyboardLayout.catch({ layout: "us", variant: "" }).default({
    layout: "us",
    variant: "",
  }),
  /** Height of the picture; null follows the screen. */
  height: z.number().nullable().catch(null).default(null),
  fps: z.union([z.literal(30), z.literal(60), z.literal(120)]).nullable().catch(null).default(null),
  /** Mbit/s; null is automatic. */
  bitrate: z.number().min(0.3).max(200).nullable().catch(null).default(null),
  /** 0–1 */
  volume: z.number().min(0).max(1).catch(1).default(1),
  muted: z.boolean().catch(false).default(false),
  /** What a finger on the picture is for the game. */
  touchMode: z.enum(["touch", "mouse", "trackpad"]).catch("touch").default("touch"),
  /** Show on-screen controls; null: on a device with touch and without pad or keyboard. */
  touchOverlay: z.boolean().nullable().catch(null).default(null),
  touchLayout: TouchLayout.nullable().catch(null).default(null),
  touchPreset: z.string().catch("gamepad").default("gamepad"),
  /** What housemates may do in the next session. */
  sharing: Sharing.catch("private").default("private"),
  shareClipboard: z.boolean().catch(true).default(true),
});
export type Preferences = z.infer<typeof Preferences>;

function load(): Preferences {
  try {
    return Preferences.parse(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  } catch {
    return Preferences.parse({});
  }
}

export const preferences = signal<Preferences>(load());

/** Changes some of them and keeps the result. */
export function setPreferences(change: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences.value));
  } catch {
    // Private windows may have no storage: it then lasts as long as the page.
  }
}

/** Heights offered, in pixels. */
export const HEIGHTS = [480, 720, 1080, 1440, 2160] as const;

export interface Screen {
  /** Device pixels. */
  width: number;
  height: number;
  refreshRate?: number;
}

/** Wider than any phone: a screen that was bought for its width. */
const ULTRAWIDE = 2.2;

/**
 * The mode to ask for on this screen: 16:9, which every game knows, or the shape of an ultrawide
 * screen; the wanted height or the largest offered one that the screen shows up to 1080; and 60 Hz
 * by default.
 */
export function modeFor(
  screen: Screen,
  wanted: { height: number | null; fps: number | null },
): VideoMode {
  const long = Math.max(screen.width, screen.height, 1);
  const short = Math.max(Math.min(screen.width, screen.height), 1);
  const aspect = long / short >= ULTRAWIDE ? Math.min(32 / 9, long / short) : 16 / 9;
  const fitting = HEIGHTS.filter((height) => height <= Math.min(1080, short * 1.05));
  const height = wanted.height ?? fitting.at(-1) ?? 480;
  const width = Math.min(3840, 2 * Math.round(height * aspect / 2));
  return { width, height, fps: wanted.fps ?? 60 };
}

/** The mode for this device with these preferences. */
export function preferredMode(): VideoMode {
  const { height, fps } = preferences.value;
  const ratio = globalThis.devicePixelRatio || 1;
  return modeFor(
    { width: screen.width * ratio, height: screen.height * ratio },
    { height, fps },
  );
}
