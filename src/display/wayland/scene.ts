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
}

/** Where a surface is on the output and where in the surface a point lies. */
export interface Hit {
  view: View;
  /** Surface coordinates. */
  x: number;
  y: number;
}

/** The output pixels a view covers, rounded to whole ones. */
export function coverage({ surface, x, y, scale }: View): Rect {
  const { width, height } = surface.size;
  const left = Math.round(x);
  const top = Math.round(y);
  return {
    x: left,
    y: top,
    width: Math.round(x + width * scale) - left,
    height: Math.round(y + height * scale) - top,
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
      if (!contains({ x: 0, y: 0, ...surface.size }, point.x, point.y)) continue;
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
