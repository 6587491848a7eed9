/** xdg_popup: menus and the like, placed relative to their parent. */
import { LimitError } from "./client.ts";
import type { Rect } from "./geometry.ts";
import {
  XdgPopupError,
  type XdgPopupRequests,
  type XdgPopupResource,
  type XdgPositionerResource,
} from "./generated/xdg-shell.ts";
import { place, type Placement, Positioner } from "./positioner.ts";
import { handlerOf, ProtocolError } from "./resource.ts";
import type { View } from "./scene.ts";
import type { Surface } from "./surface.ts";
import type { XdgRole, XdgSurface } from "./xdg_shell.ts";

const MAX_PARENTS = 16;

export class Popup implements XdgPopupRequests, XdgRole {
  /** It takes the keyboard, and a click elsewhere dismisses it. */
  grabbed = false;
  #placement: Placement;
  #rect: Rect;

  constructor(
    readonly xdgSurface: XdgSurface,
    readonly resource: XdgPopupResource,
    readonly parent: XdgSurface,
    placement: Placement,
  ) {
    let depth = 0;
    for (let above = parent.xdgRole; above instanceof Popup; above = above.parent.xdgRole) {
      if (++depth > MAX_PARENTS) throw new LimitError(`more than ${MAX_PARENTS} nested popups`);
    }
    resource.handler = this;
    this.#placement = placement;
    this.#rect = this.#place();
  }

  get surface(): Surface {
    return this.xdgSurface.surface;
  }

  /** Undefined while the parent is not shown. */
  view(): View | undefined {
    const parent = this.parent.xdgRole?.view();
    if (!parent) return undefined;
    const { scale } = parent;
    const outer = this.parent.geometry;
    const inner = this.xdgSurface.geometry;
    return {
      surface: this.surface,
      x: parent.x + (outer.x + this.#rect.x - inner.x) * scale,
      y: parent.y + (outer.y + this.#rect.y - inner.y) * scale,
      scale,
    };
  }

  #place(): Rect {
    const parent = this.parent.xdgRole?.view();
    const { width, height } = this.parent.compositor.output.mode;
    if (!parent) return place(this.#placement, { x: 0, y: 0, width, height });
    const { geometry } = this.parent;
    const { scale } = parent;
    // The output as the parent's window geometry sees it.
    return place(this.#placement, {
      x: Math.ceil(-parent.x / scale - geometry.x),
      y: Math.ceil(-parent.y / scale - geometry.y),
      width: Math.floor(width / scale),
      height: Math.floor(height / scale),
    });
  }

  configure(): void {
    const { x, y, width, height } = this.#rect;
    this.resource.configure(x, y, width, height);
  }

  mapped(mapped: boolean): void {
    const { compositor } = this.xdgSurface;
    const { popups } = compositor.scene;
    const index = popups.indexOf(this);
    if (mapped && index < 0) popups.push(this);
    if (!mapped && index >= 0) popups.splice(index, 1);
    compositor.windowsChanged();
  }

  grab(): void {
    if (this.xdgSurface.surface.content.present) {
      throw new ProtocolError(
        this.resource,
        XdgPopupError.invalidGrab,
        "a popup asks for the grab before it is shown",
      );
    }
    this.grabbed = true;
  }

  reposition(positioner: XdgPositionerResource, token: number): void {
    const placement = handlerOf(positioner, Positioner).complete();
    if (!placement) return;
    this.#placement = placement;
    this.#rect = this.#place();
    this.resource.repositioned(token);
    this.xdgSurface.configure();
    this.xdgSurface.compositor.presenter.requestRender();
  }

  /** Tells the client to take the popup down. */
  dismiss(): void {
    if (this.resource.alive) this.resource.popupDone();
  }

  destroyed(): void {
    this.xdgSurface.roleDestroyed();
  }
}
