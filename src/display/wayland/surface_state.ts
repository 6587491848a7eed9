/**
 * The double-buffered state of a wl_surface: requests collect it, a commit applies it.
 */
import type { ClientBuffer } from "./buffer.ts";
import { type Rect, unite } from "./geometry.ts";
import type { WpPresentationFeedbackResource } from "./generated/presentation-time.ts";
import type { WlCallbackResource } from "./generated/wayland.ts";
import type { Area } from "./region.ts";

/** What requests since the last commit changed; a missing key means unchanged. */
export interface SurfaceChange {
  /** null: the surface loses its picture. */
  buffer?: ClientBuffer | null;
  /** Bounding boxes, in buffer and in surface coordinates. */
  bufferDamage?: Rect;
  surfaceDamage?: Rect;
  callbacks: WlCallbackResource[];
  feedbacks: WpPresentationFeedbackResource[];
  scale?: number;
  transform?: number;
  /** null: nothing is known to be opaque. */
  opaque?: Area | null;
  /** null: input is taken everywhere. */
  input?: Area | null;
  /** wp_viewport, in surface coordinates after scale and transform; null: unset. */
  viewportSource?: Rect | null;
  viewportSize?: { width: number; height: number } | null;
}

export function noChange(): SurfaceChange {
  return { callbacks: [], feedbacks: [] };
}

/** Adds `later` to `earlier`; a buffer that is replaced before it was shown is released. */
export function mergeChange(earlier: SurfaceChange, later: SurfaceChange): void {
  const { callbacks, feedbacks, bufferDamage, surfaceDamage, ...values } = later;
  if (later.buffer !== undefined && earlier.buffer && earlier.buffer !== later.buffer) {
    earlier.buffer.release();
    earlier.buffer.drop();
  } else if (later.buffer && earlier.buffer === later.buffer) {
    later.buffer.drop();
  }
  Object.assign(earlier, values);
  earlier.callbacks.push(...callbacks);
  earlier.feedbacks.push(...feedbacks);
  if (bufferDamage) earlier.bufferDamage = unite(earlier.bufferDamage, bufferDamage);
  if (surfaceDamage) earlier.surfaceDamage = unite(earlier.surfaceDamage, surfaceDamage);
}
