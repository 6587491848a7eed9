import type { DesktopView } from "../../media/stages.ts";
import { intersect, type Rect, unite } from "../wayland/geometry.ts";
import type { ManagedWindow } from "./managed_window.ts";
import { ownSize, type Placement } from "./size_hints.ts";

/** What of the screen is to be shown, and how large it has to be. */
export type ShownDesktop = Omit<DesktopView, "server">;

/** Smaller windows are helpers of a toolkit or a launcher, and nothing to fill a screen with. */
const SMALLEST_GAME = 64;
/** Largest screen that a window with a size of its own is given, which is the largest picture's. */
const LARGEST_ROOM = { width: 3840, height: 2160 };

type ViewedWindow = Pick<
  ManagedWindow,
  "dialog" | "fullscreen" | "hints" | "width" | "height" | "insistsOn" | "placement"
>;

/**
 * The part of the screen that is to be shown: the topmost window that is no dialog, with the dialogs
 * and menus above it. Where that window fills the screen, or nothing is shown yet, it is all of it.
 * `windows` are the managed ones from bottom to top, `menus` those that place themselves.
 */
export function desktopView(
  windows: readonly ViewedWindow[],
  menus: readonly Placement[],
  screen: { width: number; height: number },
): ShownDesktop {
  const onScreen = (areas: readonly Placement[]) =>
    areas.map((area) => intersect(area, { x: 0, y: 0, ...screen }))
      .filter((area) => area !== undefined);
  const visible = onScreen(menus).filter(isVisible);
  const large = windows.filter(({ placement }) => placement && isLarge(placement));
  const topmost = large.findLastIndex(({ dialog }) => !dialog);
  const areas = onScreen(large.slice(Math.max(0, topmost)).map(({ placement }) => placement!));
  // A game that wants no window manager has no other window; its menus do not tell where it is.
  const games = areas.length > 0 ? areas : visible.filter(isLarge);
  const part = games.length > 0 ? [...games, ...visible].reduce<Rect>(unite, games[0]) : undefined;
  const whole = part?.width === screen.width && part.height === screen.height;
  return { room: roomFor(windows), part: whole ? undefined : part };
}

/** The smallest screen that no window with a size of its own is cut by. */
function roomFor(windows: readonly ViewedWindow[]): ShownDesktop["room"] {
  const sizes = windows.map(ownSize).filter((size) => size !== undefined);
  if (sizes.length === 0) return undefined;
  const most = (side: "width" | "height") =>
    Math.min(LARGEST_ROOM[side], Math.max(...sizes.map((size) => size[side])));
  return { width: most("width"), height: most("height") };
}

const isLarge = ({ width, height }: Placement) => Math.min(width, height) >= SMALLEST_GAME;
/** Toolkits keep windows of one pixel for messages and the focus. */
const isVisible = ({ width, height }: Placement) => Math.min(width, height) > 1;
