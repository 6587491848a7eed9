/** Where the picture lies in its element, and positions on it. Pure. */

export interface Rect {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The picture within its box: whole, centred, as `object-fit: contain` draws it. */
export function pictureRect(box: Rect, video: { width: number; height: number }): Rect {
  if (!(video.width > 0 && video.height > 0 && box.width > 0 && box.height > 0)) return box;
  const scale = Math.min(box.width / video.width, box.height / video.height);
  const width = video.width * scale;
  const height = video.height * scale;
  return {
    left: box.left + (box.width - width) / 2,
    top: box.top + (box.height - height) / 2,
    width,
    height,
  };
}

/** A point of the page on the picture, 0–1; points in the bars count as its edge. */
export function onPicture(picture: Rect, x: number, y: number): { x: number; y: number } {
  const clamp = (value: number) => Math.min(1, Math.max(0, value || 0));
  return {
    x: clamp((x - picture.left) / picture.width),
    y: clamp((y - picture.top) / picture.height),
  };
}

/**
 * Wheel movement in 1/120 of a detent (`wl_pointer.axis_value120`). `deltaMode` as in WheelEvent:
 * 0 pixels, 1 lines, 2 pages. A mouse wheel's detent is 100 px or 3 lines in today's browsers.
 */
export function wheelDetents(delta: number, deltaMode: number): number {
  if (deltaMode === 1) return delta * 120 / 3;
  if (deltaMode === 2) return delta * 120;
  return delta * 120 / 100;
}
