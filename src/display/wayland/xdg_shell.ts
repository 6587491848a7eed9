/** xdg_wm_base and xdg_surface: surfaces that are windows or popups. */
import type { Compositor } from "./compositor.ts";
import { intersect, type Rect, unite } from "./geometry.ts";
import type { WlSurfaceResource } from "./generated/wayland.ts";
import {
  type XdgPopupResource,
  type XdgPositionerResource,
  XdgSurfaceError,
  type XdgSurfaceRequests,
  XdgSurfaceResource,
  type XdgToplevelResource,
  XdgWmBaseError,
  type XdgWmBaseRequests,
  type XdgWmBaseResource,
} from "./generated/xdg-shell.ts";
import { Popup } from "./popup.ts";
import { Positioner } from "./positioner.ts";
import { handlerOf, ProtocolError } from "./resource.ts";
import { Surface, type SurfaceRole } from "./surface.ts";
import { Toplevel } from "./toplevel.ts";

export class XdgWmBase implements XdgWmBaseRequests {
  constructor(readonly compositor: Compositor, readonly resource: XdgWmBaseResource) {
    resource.handler = this;
  }

  createPositioner(id: XdgPositionerResource): void {
    new Positioner(id);
  }

  getXdgSurface(id: XdgSurfaceResource, resource: WlSurfaceResource): void {
    const surface = Surface.of(resource);
    if (surface.role && surface.role.name !== "xdg surface") {
      this.#refuse(XdgWmBaseError.role, `surface ${resource.id} is a ${surface.role.name} already`);
    }
    if (surface.role && surface.role instanceof XdgSurface && surface.role.resource.alive) {
      this.#refuse(XdgWmBaseError.role, `surface ${resource.id} has an xdg_surface already`);
    }
    if (surface.content.present || surface.waiting) {
      throw new ProtocolError(
        this.resource,
        XdgWmBaseError.invalidSurfaceState,
        `surface ${resource.id} has a picture before it is a window`,
      );
    }
    this.compositor.xdgSurfaces.add(new XdgSurface(this, id, surface));
  }

  /** Clients are never asked whether they live: a game may well be busy for long. */
  pong(): void {}

  #refuse(code: number, message: string): never {
    throw new ProtocolError(this.resource, code, message);
  }
}

/** The rectangle around a surface and its subsurfaces, in coordinates of the topmost one. */
function extent(surface: Surface, x: number, y: number): Rect {
  let around: Rect = { x, y, ...surface.size };
  for (const part of surface.stack) {
    if (part === surface || !part.content.present) continue;
    around = unite(around, extent(part, x + part.x, y + part.y));
  }
  return around;
}

/** What an xdg_surface is: a toplevel or a popup. */
export interface XdgRole {
  /** Sends the role's part of a configure sequence. */
  configure(): void;
  /** The surface has a picture now, or has lost it. */
  mapped(mapped: boolean): void;
  /** A commit was applied. */
  committed?(): void;
}

export class XdgSurface implements XdgSurfaceRequests, SurfaceRole {
  readonly name = "xdg surface";
  readonly compositor: Compositor;
  xdgRole: Toplevel | Popup | undefined;
  #geometry: Rect | undefined;
  #pendingGeometry: Rect | undefined;
  #configured = false;
  #serials: number[] = [];
  #mapped = false;

  constructor(
    readonly base: XdgWmBase,
    readonly resource: XdgSurfaceResource,
    readonly surface: Surface,
  ) {
    this.compositor = base.compositor;
    surface.role = this;
    resource.handler = this;
  }

  /** The window without its shadows, in surface coordinates; never larger than what is drawn. */
  get geometry(): Rect {
    const drawn = extent(this.surface, 0, 0);
    return this.#geometry ? intersect(this.#geometry, drawn) ?? drawn : drawn;
  }

  getToplevel(id: XdgToplevelResource): void {
    this.#checkNoRole();
    this.xdgRole = new Toplevel(this, id);
  }

  getPopup(
    id: XdgPopupResource,
    parent: XdgSurfaceResource | null,
    positioner: XdgPositionerResource,
  ): void {
    this.#checkNoRole();
    const placement = handlerOf(positioner, Positioner).complete();
    if (!placement) {
      throw new ProtocolError(
        this.base.resource,
        XdgWmBaseError.invalidPositioner,
        "expected a positioner with a size and an anchor rectangle",
      );
    }
    const above = parent && handlerOf(parent, XdgSurface);
    if (!above?.xdgRole || above === this) {
      throw new ProtocolError(
        this.base.resource,
        XdgWmBaseError.invalidPopupParent,
        "expected a parent that is a window or a popup",
      );
    }
    this.xdgRole = new Popup(this, id, above, placement);
  }

  setWindowGeometry(x: number, y: number, width: number, height: number): void {
    if (!this.xdgRole) this.#refuse(XdgSurfaceError.notConstructed, "it has no role yet");
    if (width <= 0 || height <= 0) {
      this.#refuse(XdgSurfaceError.invalidSize, `expected a positive size, got ${width}×${height}`);
    }
    this.#pendingGeometry = { x, y, width, height };
  }

  ackConfigure(serial: number): void {
    const index = this.#serials.indexOf(serial);
    if (index < 0) this.#refuse(XdgSurfaceError.invalidSerial, `serial ${serial} was not sent`);
    this.#serials.splice(0, index + 1);
  }

  /** Tells the client what its window should be. */
  configure(): void {
    if (!this.resource.alive || !this.xdgRole) return;
    this.#configured = true;
    // A client that never answers keeps the newest ones only.
    if (this.#serials.length > 100) this.#serials.shift();
    this.xdgRole.configure();
    const serial = this.compositor.nextSerial();
    this.#serials.push(serial);
    this.resource.configure(serial);
  }

  get configured(): boolean {
    return this.#configured;
  }

  beforeCommit(attaches: boolean): void {
    if (!this.xdgRole) this.#refuse(XdgSurfaceError.notConstructed, "it has no role yet");
    if (attaches && !this.#configured) {
      this.#refuse(
        XdgSurfaceError.unconfiguredBuffer,
        "a picture came before the first configure event",
      );
    }
  }

  committed(shown: boolean): void {
    if (this.#pendingGeometry) {
      this.#geometry = this.#pendingGeometry;
      this.#pendingGeometry = undefined;
      this.compositor.presenter.requestRender();
    }
    const role: XdgRole | undefined = this.xdgRole;
    role?.committed?.();
    if (!this.#configured && this.xdgRole) return this.configure();
    if (!shown) return this.#setMapped(false);
    if (this.surface.content.present) this.#setMapped(true);
  }

  #setMapped(mapped: boolean): void {
    if (mapped === this.#mapped) return;
    this.#mapped = mapped;
    // A window that was hidden begins anew with an initial commit (xdg_surface, "mapped").
    if (!mapped) {
      this.#configured = false;
      this.#geometry = undefined;
    }
    this.xdgRole?.mapped(mapped);
    this.compositor.presenter.requestRender();
  }

  /** The toplevel or popup was destroyed. */
  roleDestroyed(): void {
    this.#setMapped(false);
    this.xdgRole = undefined;
  }

  surfaceDestroyed(): void {
    this.#setMapped(false);
  }

  destroyed(): void {
    this.#setMapped(false);
    this.compositor.xdgSurfaces.delete(this);
  }

  #checkNoRole(): void {
    if (!this.xdgRole) return;
    this.#refuse(XdgSurfaceError.alreadyConstructed, "it has a role already");
  }

  #refuse(code: number, message: string): never {
    throw new ProtocolError(this.resource, code, message);
  }
}
