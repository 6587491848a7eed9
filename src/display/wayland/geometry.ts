/** A rectangle in pixels; the space it lies in is the user's business. */
export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The common part, undefined where there is none. */
export function intersect(a: Rect, b: Rect): Rect | undefined {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/** The smallest rectangle around both. */
export function unite(a: Rect | undefined, b: Rect): Rect {
  if (!a) return b;
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}

export function contains(rect: Rect, x: number, y: number): boolean {
  return x >= rect.x && y >= rect.y && x < rect.x + rect.width && y < rect.y + rect.height;
}

export function sameRect(a: Rect, b: Rect): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}

/** Where a picture of `width` × `height` lies in `area` when scaled to fit, centred. */
export function fit(width: number, height: number, area: Rect): Rect & { scale: number } {
  const scale = Math.min(area.width / width, area.height / height);
  const fitted = { width: width * scale, height: height * scale };
  return {
    ...fitted,
    x: area.x + (area.width - fitted.width) / 2,
    y: area.y + (area.height - fitted.height) / 2,
    scale,
  };
}
