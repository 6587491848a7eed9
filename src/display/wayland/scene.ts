/**
 * What is shown where: the windows from bottom to top, each with its popups and subsurfaces.
 */
import { contains, type Rect } from "./geometry.ts";
import type { Surface } from "./surface.ts";
import type { Popup } from "./popup.ts";
import type { Toplevel } from "./toplevel.ts";

/** A surface on the output. */
export interface View {
  surface: Surface;
  /** Top left corner in output pixels; may be fractional and outside. */
  x: number;
  y: number;
  /** Output pixels per unit of surface coordinates. */
  scale: number;
  /** The part of the surface that is shown, in its coordinates; absent: all of it. */
  crop?: Rect;
}

/** Where a surface is on the output and where in the surface a point lies. */
export interface Hit {
  view: View;
  /** Surface coordinates. */
  x: number;
  y: number;
}

/** The part of the surface that a view shows, in surface coordinates. */
export function shownArea({ surface, crop }: View): Rect {
  return crop ?? { x: 0, y: 0, ...surface.size };
}

/** The output pixels a view covers, rounded to whole ones. */
export function coverage(view: View): Rect {
  const { scale } = view;
  const area = shownArea(view);
  const x = view.x + area.x * scale;
  const y = view.y + area.y * scale;
  const left = Math.round(x);
  const top = Math.round(y);
  return {
    x: left,
    y: top,
    width: Math.round(x + area.width * scale) - left,
    height: Math.round(y + area.height * scale) - top,
  };
}

/** The part of the surface's content that a view shows, in pixels of the content. */
export function shownSource({ surface, crop }: View): Rect {
  const { source, size } = surface;
  if (!crop) return source;
  const perX = source.width / size.width;
  const perY = source.height / size.height;
  return {
    x: source.x + crop.x * perX,
    y: source.y + crop.y * perY,
    width: crop.width * perX,
    height: crop.height * perY,
  };
}

/** Surface coordinates of a point of the output. */
export function toSurface(view: View, x: number, y: number): { x: number; y: number } {
  return { x: (x - view.x) / view.scale, y: (y - view.y) / view.scale };
}

export class Scene {
  /** Mapped windows, topmost last. */
  readonly toplevels: Toplevel[] = [];
  /** Mapped popups, topmost last. */
  readonly popups: Popup[] = [];

  /** Everything that is shown, from bottom to top. */
  views(): View[] {
    const views: View[] = [];
    for (const toplevel of this.toplevels) addTree(views, toplevel.view());
    for (const popup of this.popups) {
      const view = popup.view();
      if (view) addTree(views, view);
    }
    return views;
  }

  /** The topmost surface that takes input at a point of the output. */
  hit(x: number, y: number): Hit | undefined {
    const views = this.views();
    for (let i = views.length - 1; i >= 0; i--) {
      const view = views[i];
      const { surface } = view;
      const point = toSurface(view, x, y);
      if (!contains(shownArea(view), point.x, point.y)) continue;
      if (surface.input && !surface.input.has(point.x, point.y)) continue;
      return { view, ...point };
    }
  }

  /** The view of a surface, undefined where it is not shown. */
  viewOf(surface: Surface): View | undefined {
    return this.views().find((view) => view.surface === surface);
  }
}

function addTree(views: View[], view: View): void {
  const { surface, scale } = view;
  for (const part of surface.stack) {
    if (part !== surface) {
      addTree(views, {
        surface: part,
        x: view.x + part.x * scale,
        y: view.y + part.y * scale,
        scale,
      });
    } else if (surface.content.present) {
      views.push(view);
    }
  }
}
