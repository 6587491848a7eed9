/** Where a desktop of another size lies in the stream's picture: aspect kept, centred, bars around. */
export interface Letterbox {
  /** Pixels of the picture; all even. */
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Size {
  width: number;
  height: number;
}

const even = (value: number) => Math.max(2, Math.round(value / 2) * 2);

/** The largest area of `picture` with the aspect of `desktop`, on even pixels for 4:2:0 chroma. */
export function letterbox(desktop: Size, picture: Size): Letterbox {
  const scale = Math.min(picture.width / desktop.width, picture.height / desktop.height);
  const width = Math.min(picture.width, even(desktop.width * scale));
  const height = Math.min(picture.height, even(desktop.height * scale));
  const x = Math.floor((picture.width - width) / 4) * 2;
  const y = Math.floor((picture.height - height) / 4) * 2;
  return { x, y, width, height };
}

/** The desktop pixel under a position on the picture (0–1 each); bars belong to the nearest edge. */
export function toDesktop(
  position: { x: number; y: number },
  box: Letterbox,
  desktop: Size,
  picture: Size,
): { x: number; y: number } {
  const along = (at: number, pictureLength: number, start: number, length: number, full: number) =>
    Math.min(full - 1, Math.max(0, Math.floor((at * pictureLength - start) / length * full)));
  return {
    x: along(position.x, picture.width, box.x, box.width, desktop.width),
    y: along(position.y, picture.height, box.y, box.height, desktop.height),
  };
}
