/** WM_NORMAL_HINTS (ICCCM 4.1.2.3), as far as placing a window needs it. */
export interface SizeHints {
  /** The window has one size only. */
  fixed: { width: number; height: number } | undefined;
  minimum: { width: number; height: number } | undefined;
}

const P_MIN_SIZE = 1 << 4;
const P_MAX_SIZE = 1 << 5;

/** Reads the property's 32-bit words; a short or absent one sets no limits. */
export function parseSizeHints(data: Uint8Array): SizeHints {
  if (data.length < 36) return { fixed: undefined, minimum: undefined };
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const flags = view.getUint32(0, true);
  // Words 1–4 are obsolete; 5 and 6 the minimum, 7 and 8 the maximum.
  const size = (word: number) => ({
    width: clamp(view.getInt32(word * 4, true)),
    height: clamp(view.getInt32(word * 4 + 4, true)),
  });
  const minimum = flags & P_MIN_SIZE ? size(5) : undefined;
  const maximum = flags & P_MAX_SIZE ? size(7) : undefined;
  const fixed = minimum && maximum && minimum.width === maximum.width &&
      minimum.height === maximum.height
    ? minimum
    : undefined;
  return { fixed, minimum };
}

const clamp = (value: number) => Math.max(1, Math.min(32767, value));

export interface Placement {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** How a window wants to be shown. */
export interface PlacementRequest {
  /** It asked for full screen. */
  fullscreen: boolean;
  /** A dialog or the like, which keeps its size. */
  dialog: boolean;
  hints: SizeHints;
  /** The size it asked for. */
  width: number;
  height: number;
  /** It asked for this size again and again after it was given another. */
  insistsOn?: { width: number; height: number };
}

/** The size a window is left with; undefined: it fills the screen. */
export function ownSize(request: PlacementRequest): { width: number; height: number } | undefined {
  const { fullscreen, dialog, hints, width, height, insistsOn } = request;
  if (fullscreen) return undefined;
  return hints.fixed ?? insistsOn ?? (dialog ? { width, height } : undefined);
}

/**
 * Where a window goes on a screen that shows one game: dialogs and windows of one size are centred,
 * everything else fills the screen.
 */
export function place(
  request: PlacementRequest,
  screen: { width: number; height: number },
): Placement {
  const size = ownSize(request);
  if (!size) return { x: 0, y: 0, ...screen };
  const { width, height } = size;
  return {
    x: Math.max(0, Math.floor((screen.width - width) / 2)),
    y: Math.max(0, Math.floor((screen.height - height) / 2)),
    width,
    height,
  };
}
