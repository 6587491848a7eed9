// Generated from protocols/xdg-shell.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import {
  WlOutputProxy,
  WlOutputResource,
  WlSeatProxy,
  WlSeatResource,
  WlSurfaceProxy,
  WlSurfaceResource,
} from "./wayland.ts";

export const XdgWmBaseError = {
  "role": 0,
  "defunctSurfaces": 1,
  "notTheTopmostPopup": 2,
  "invalidPopupParent": 3,
  "invalidSurfaceState": 4,
  "invalidPositioner": 5,
  "unresponsive": 6,
} as const;

export interface XdgWmBaseRequests extends ResourceHandler {
  /** destroy xdg_wm_base */
  destroy?(): void;
  /** create a positioner object */
  createPositioner(id: XdgPositionerResource): void;
  /** create a shell surface from a surface */
  getXdgSurface(id: XdgSurfaceResource, surface: WlSurfaceResource): void;
  /** respond to a ping event */
  pong(serial: number): void;
}

/** Server side of xdg_wm_base: create desktop-style surfaces */
export class XdgWmBaseResource extends Resource<XdgWmBaseRequests> {
  static readonly interfaceName = "xdg_wm_base";
  static readonly interfaceVersion = 7;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "createPositioner",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(XdgPositionerResource)],
  }, {
    name: "getXdgSurface",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(XdgSurfaceResource), m.object(WlSurfaceResource)],
  }, { name: "pong", since: 1, destructor: false, decode: (m) => [m.uint()] }];
  /** check if the client is alive */
  ping(serial: number): void {
    this.event(0).uint(serial).end();
  }
}

export interface XdgWmBaseEvents {
  /** check if the client is alive */
  ping(serial: number): void;
}

/** Client side of xdg_wm_base: create desktop-style surfaces */
export class XdgWmBaseProxy extends WaylandProxy<XdgWmBaseEvents> {
  static readonly interfaceName = "xdg_wm_base";
  static readonly interfaceVersion = 7;
  static readonly events: readonly EventSpec[] = [{ name: "ping", decode: (m) => [m.uint()] }];
  /** destroy xdg_wm_base */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** create a positioner object */
  createPositioner(): XdgPositionerProxy {
    const created = this.connection.create(XdgPositionerProxy, this.version);
    this.request(1).uint(created.id).end();
    return created;
  }

  /** create a shell surface from a surface */
  getXdgSurface(surface: WlSurfaceProxy | null): XdgSurfaceProxy {
    const created = this.connection.create(XdgSurfaceProxy, this.version);
    this.request(2).uint(created.id).uint(surface?.id ?? 0).end();
    return created;
  }

  /** respond to a ping event */
  pong(serial: number): void {
    this.request(3).uint(serial).end();
  }
}

export const XdgPositionerError = { "invalidInput": 0 } as const;

export const XdgPositionerAnchor = {
  "none": 0,
  "top": 1,
  "bottom": 2,
  "left": 3,
  "right": 4,
  "topLeft": 5,
  "bottomLeft": 6,
  "topRight": 7,
  "bottomRight": 8,
} as const;

export const XdgPositionerGravity = {
  "none": 0,
  "top": 1,
  "bottom": 2,
  "left": 3,
  "right": 4,
  "topLeft": 5,
  "bottomLeft": 6,
  "topRight": 7,
  "bottomRight": 8,
} as const;

export const XdgPositionerConstraintAdjustment = {
  "none": 0,
  "slideX": 1,
  "slideY": 2,
  "flipX": 4,
  "flipY": 8,
  "resizeX": 16,
  "resizeY": 32,
} as const;

export interface XdgPositionerRequests extends ResourceHandler {
  /** destroy the xdg_positioner object */
  destroy?(): void;
  /** set the size of the to-be positioned rectangle */
  setSize(width: number, height: number): void;
  /** set the anchor rectangle within the parent surface */
  setAnchorRect(x: number, y: number, width: number, height: number): void;
  /** set anchor rectangle anchor */
  setAnchor(anchor: number): void;
  /** set child surface gravity */
  setGravity(gravity: number): void;
  /** set the adjustment to be done when constrained */
  setConstraintAdjustment(constraintAdjustment: number): void;
  /** set surface position offset */
  setOffset(x: number, y: number): void;
  /** continuously reconstrain the surface */
  setReactive(): void;
  setParentSize(parentWidth: number, parentHeight: number): void;
  /** set parent configure this is a response to */
  setParentConfigure(serial: number): void;
}

/** Server side of xdg_positioner: child surface positioner */
export class XdgPositionerResource extends Resource<XdgPositionerRequests> {
  static readonly interfaceName = "xdg_positioner";
  static readonly interfaceVersion = 7;
  static readonly requests: readonly RequestSpec[] = [
    { name: "destroy", since: 1, destructor: true, decode: () => [] },
    { name: "setSize", since: 1, destructor: false, decode: (m) => [m.int(), m.int()] },
    {
      name: "setAnchorRect",
      since: 1,
      destructor: false,
      decode: (m) => [m.int(), m.int(), m.int(), m.int()],
    },
    { name: "setAnchor", since: 1, destructor: false, decode: (m) => [m.uint()] },
    { name: "setGravity", since: 1, destructor: false, decode: (m) => [m.uint()] },
    { name: "setConstraintAdjustment", since: 1, destructor: false, decode: (m) => [m.uint()] },
    { name: "setOffset", since: 1, destructor: false, decode: (m) => [m.int(), m.int()] },
    { name: "setReactive", since: 3, destructor: false, decode: () => [] },
    { name: "setParentSize", since: 3, destructor: false, decode: (m) => [m.int(), m.int()] },
    { name: "setParentConfigure", since: 3, destructor: false, decode: (m) => [m.uint()] },
  ];
}

export type XdgPositionerEvents = Record<never, never>;

/** Client side of xdg_positioner: child surface positioner */
export class XdgPositionerProxy extends WaylandProxy<XdgPositionerEvents> {
  static readonly interfaceName = "xdg_positioner";
  static readonly interfaceVersion = 7;
  static readonly events: readonly EventSpec[] = [];
  /** destroy the xdg_positioner object */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** set the size of the to-be positioned rectangle */
  setSize(width: number, height: number): void {
    this.request(1).int(width).int(height).end();
  }

  /** set the anchor rectangle within the parent surface */
  setAnchorRect(x: number, y: number, width: number, height: number): void {
    this.request(2).int(x).int(y).int(width).int(height).end();
  }

  /** set anchor rectangle anchor */
  setAnchor(anchor: number): void {
    this.request(3).uint(anchor).end();
  }

  /** set child surface gravity */
  setGravity(gravity: number): void {
    this.request(4).uint(gravity).end();
  }

  /** set the adjustment to be done when constrained */
  setConstraintAdjustment(constraintAdjustment: number): void {
    this.request(5).uint(constraintAdjustment).end();
  }

  /** set surface position offset */
  setOffset(x: number, y: number): void {
    this.request(6).int(x).int(y).end();
  }

  /** continuously reconstrain the surface */
  setReactive(): void {
    this.request(7).end();
  }

  setParentSize(parentWidth: number, parentHeight: number): void {
    this.request(8).int(parentWidth).int(parentHeight).end();
  }

  /** set parent configure this is a response to */
  setParentConfigure(serial: number): void {
    this.request(9).uint(serial).end();
  }
}

export const XdgSurfaceError = {
  "notConstructed": 1,
  "alreadyConstructed": 2,
  "unconfiguredBuffer": 3,
  "invalidSerial": 4,
  "invalidSize": 5,
  "defunctRoleObject": 6,
} as const;

export interface XdgSurfaceRequests extends ResourceHandler {
  /** destroy the xdg_surface */
  destroy?(): void;
  /** assign the xdg_toplevel surface role */
  getToplevel(id: XdgToplevelResource): void;
  /** assign the xdg_popup surface role */
  getPopup(
    id: XdgPopupResource,
    parent: XdgSurfaceResource | null,
    positioner: XdgPositionerResource,
  ): void;
  /** set the new window geometry */
  setWindowGeometry(x: number, y: number, width: number, height: number): void;
  /** ack a configure event */
  ackConfigure(serial: number): void;
}

/** Server side of xdg_surface: desktop user interface surface base interface */
export class XdgSurfaceResource extends Resource<XdgSurfaceRequests> {
  static readonly interfaceName = "xdg_surface";
  static readonly interfaceVersion = 7;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "getToplevel",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(XdgToplevelResource)],
  }, {
    name: "getPopup",
    since: 1,
    destructor: false,
    decode: (
      m,
    ) => [
      m.newResource(XdgPopupResource),
      m.nullableObject(XdgSurfaceResource),
      m.object(XdgPositionerResource),
    ],
  }, {
    name: "setWindowGeometry",
    since: 1,
    destructor: false,
    decode: (m) => [m.int(), m.int(), m.int(), m.int()],
  }, { name: "ackConfigure", since: 1, destructor: false, decode: (m) => [m.uint()] }];
  /** suggest a surface change */
  configure(serial: number): void {
    this.event(0).uint(serial).end();
  }
}

export interface XdgSurfaceEvents {
  /** suggest a surface change */
  configure(serial: number): void;
}

/** Client side of xdg_surface: desktop user interface surface base interface */
export class XdgSurfaceProxy extends WaylandProxy<XdgSurfaceEvents> {
  static readonly interfaceName = "xdg_surface";
  static readonly interfaceVersion = 7;
  static readonly events: readonly EventSpec[] = [{ name: "configure", decode: (m) => [m.uint()] }];
  /** destroy the xdg_surface */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** assign the xdg_toplevel surface role */
  getToplevel(): XdgToplevelProxy {
    const created = this.connection.create(XdgToplevelProxy, this.version);
    this.request(1).uint(created.id).end();
    return created;
  }

  /** assign the xdg_popup surface role */
  getPopup(parent: XdgSurfaceProxy | null, positioner: XdgPositionerProxy | null): XdgPopupProxy {
    const created = this.connection.create(XdgPopupProxy, this.version);
    this.request(2).uint(created.id).uint(parent?.id ?? 0).uint(positioner?.id ?? 0).end();
    return created;
  }

  /** set the new window geometry */
  setWindowGeometry(x: number, y: number, width: number, height: number): void {
    this.request(3).int(x).int(y).int(width).int(height).end();
  }

  /** ack a configure event */
  ackConfigure(serial: number): void {
    this.request(4).uint(serial).end();
  }
}

export const XdgToplevelError = {
  "invalidResizeEdge": 0,
  "invalidParent": 1,
  "invalidSize": 2,
} as const;

export const XdgToplevelResizeEdge = {
  "none": 0,
  "top": 1,
  "bottom": 2,
  "left": 4,
  "topLeft": 5,
  "bottomLeft": 6,
  "right": 8,
  "topRight": 9,
  "bottomRight": 10,
} as const;

export const XdgToplevelState = {
  "maximized": 1,
  "fullscreen": 2,
  "resizing": 3,
  "activated": 4,
  "tiledLeft": 5,
  "tiledRight": 6,
  "tiledTop": 7,
  "tiledBottom": 8,
  "suspended": 9,
  "constrainedLeft": 10,
  "constrainedRight": 11,
  "constrainedTop": 12,
  "constrainedBottom": 13,
} as const;

export const XdgToplevelWmCapabilities = {
  "windowMenu": 1,
  "maximize": 2,
  "fullscreen": 3,
  "minimize": 4,
} as const;

export interface XdgToplevelRequests extends ResourceHandler {
  /** destroy the xdg_toplevel */
  destroy?(): void;
  /** set the parent of this surface */
  setParent(parent: XdgToplevelResource | null): void;
  /** set surface title */
  setTitle(title: string): void;
  /** set application ID */
  setAppId(appId: string): void;
  /** show the window menu */
  showWindowMenu(seat: WlSeatResource, serial: number, x: number, y: number): void;
  /** start an interactive move */
  move(seat: WlSeatResource, serial: number): void;
  /** start an interactive resize */
  resize(seat: WlSeatResource, serial: number, edges: number): void;
  /** set the maximum size */
  setMaxSize(width: number, height: number): void;
  /** set the minimum size */
  setMinSize(width: number, height: number): void;
  /** maximize the window */
  setMaximized(): void;
  /** unmaximize the window */
  unsetMaximized(): void;
  /** set the window as fullscreen on an output */
  setFullscreen(output: WlOutputResource | null): void;
  /** unset the window as fullscreen */
  unsetFullscreen(): void;
  /** set the window as minimized */
  setMinimized(): void;
}

/** Server side of xdg_toplevel: toplevel surface */
export class XdgToplevelResource extends Resource<XdgToplevelRequests> {
  static readonly interfaceName = "xdg_toplevel";
  static readonly interfaceVersion = 7;
  static readonly requests: readonly RequestSpec[] = [
    { name: "destroy", since: 1, destructor: true, decode: () => [] },
    {
      name: "setParent",
      since: 1,
      destructor: false,
      decode: (m) => [m.nullableObject(XdgToplevelResource)],
    },
    { name: "setTitle", since: 1, destructor: false, decode: (m) => [m.string()] },
    { name: "setAppId", since: 1, destructor: false, decode: (m) => [m.string()] },
    {
      name: "showWindowMenu",
      since: 1,
      destructor: false,
      decode: (m) => [m.object(WlSeatResource), m.uint(), m.int(), m.int()],
    },
    {
      name: "move",
      since: 1,
      destructor: false,
      decode: (m) => [m.object(WlSeatResource), m.uint()],
    },
    {
      name: "resize",
      since: 1,
      destructor: false,
      decode: (m) => [m.object(WlSeatResource), m.uint(), m.uint()],
    },
    { name: "setMaxSize", since: 1, destructor: false, decode: (m) => [m.int(), m.int()] },
    { name: "setMinSize", since: 1, destructor: false, decode: (m) => [m.int(), m.int()] },
    { name: "setMaximized", since: 1, destructor: false, decode: () => [] },
    { name: "unsetMaximized", since: 1, destructor: false, decode: () => [] },
    {
      name: "setFullscreen",
      since: 1,
      destructor: false,
      decode: (m) => [m.nullableObject(WlOutputResource)],
    },
    { name: "unsetFullscreen", since: 1, destructor: false, decode: () => [] },
    { name: "setMinimized", since: 1, destructor: false, decode: () => [] },
  ];
  /** suggest a surface change */
  configure(width: number, height: number, states: Uint8Array): void {
    this.event(0).int(width).int(height).array(states).end();
  }

  /** surface wants to be closed */
  close(): void {
    this.event(1).end();
  }

  /** recommended window geometry bounds. Sent from version 4 on. */
  configureBounds(width: number, height: number): void {
    if (this.version < 4) return;
    this.event(2).int(width).int(height).end();
  }

  /** compositor capabilities. Sent from version 5 on. */
  wmCapabilities(capabilities: Uint8Array): void {
    if (this.version < 5) return;
    this.event(3).array(capabilities).end();
  }
}

export interface XdgToplevelEvents {
  /** suggest a surface change */
  configure(width: number, height: number, states: Uint8Array): void;
  /** surface wants to be closed */
  close(): void;
  /** recommended window geometry bounds */
  configureBounds(width: number, height: number): void;
  /** compositor capabilities */
  wmCapabilities(capabilities: Uint8Array): void;
}

/** Client side of xdg_toplevel: toplevel surface */
export class XdgToplevelProxy extends WaylandProxy<XdgToplevelEvents> {
  static readonly interfaceName = "xdg_toplevel";
  static readonly interfaceVersion = 7;
  static readonly events: readonly EventSpec[] = [
    { name: "configure", decode: (m) => [m.int(), m.int(), m.array()] },
    { name: "close", decode: () => [] },
    { name: "configureBounds", decode: (m) => [m.int(), m.int()] },
    { name: "wmCapabilities", decode: (m) => [m.array()] },
  ];
  /** destroy the xdg_toplevel */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** set the parent of this surface */
  setParent(parent: XdgToplevelProxy | null): void {
    this.request(1).uint(parent?.id ?? 0).end();
  }

  /** set surface title */
  setTitle(title: string): void {
    this.request(2).string(title).end();
  }

  /** set application ID */
  setAppId(appId: string): void {
    this.request(3).string(appId).end();
  }

  /** show the window menu */
  showWindowMenu(seat: WlSeatProxy | null, serial: number, x: number, y: number): void {
    this.request(4).uint(seat?.id ?? 0).uint(serial).int(x).int(y).end();
  }

  /** start an interactive move */
  move(seat: WlSeatProxy | null, serial: number): void {
    this.request(5).uint(seat?.id ?? 0).uint(serial).end();
  }

  /** start an interactive resize */
  resize(seat: WlSeatProxy | null, serial: number, edges: number): void {
    this.request(6).uint(seat?.id ?? 0).uint(serial).uint(edges).end();
  }

  /** set the maximum size */
  setMaxSize(width: number, height: number): void {
    this.request(7).int(width).int(height).end();
  }

  /** set the minimum size */
  setMinSize(width: number, height: number): void {
    this.request(8).int(width).int(height).end();
  }

  /** maximize the window */
  setMaximized(): void {
    this.request(9).end();
  }

  /** unmaximize the window */
  unsetMaximized(): void {
    this.request(10).end();
  }

  /** set the window as fullscreen on an output */
  setFullscreen(output: WlOutputProxy | null): void {
    this.request(11).uint(output?.id ?? 0).end();
  }

  /** unset the window as fullscreen */
  unsetFullscreen(): void {
    this.request(12).end();
  }

  /** set the window as minimized */
  setMinimized(): void {
    this.request(13).end();
  }
}

export const XdgPopupError = { "invalidGrab": 0 } as const;

export interface XdgPopupRequests extends ResourceHandler {
  /** remove xdg_popup interface */
  destroy?(): void;
  /** make the popup take an explicit grab */
  grab(seat: WlSeatResource, serial: number): void;
  /** recalculate the popup's location */
  reposition(positioner: XdgPositionerResource, token: number): void;
}

/** Server side of xdg_popup: short-lived, popup surfaces for menus */
export class XdgPopupResource extends Resource<XdgPopupRequests> {
  static readonly interfaceName = "xdg_popup";
  static readonly interfaceVersion = 7;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "grab",
    since: 1,
    destructor: false,
    decode: (m) => [m.object(WlSeatResource), m.uint()],
  }, {
    name: "reposition",
    since: 3,
    destructor: false,
    decode: (m) => [m.object(XdgPositionerResource), m.uint()],
  }];
  /** configure the popup surface */
  configure(x: number, y: number, width: number, height: number): void {
    this.event(0).int(x).int(y).int(width).int(height).end();
  }

  /** popup interaction is done */
  popupDone(): void {
    this.event(1).end();
  }

  /** signal the completion of a repositioned request. Sent from version 3 on. */
  repositioned(token: number): void {
    if (this.version < 3) return;
    this.event(2).uint(token).end();
  }
}

export interface XdgPopupEvents {
  /** configure the popup surface */
  configure(x: number, y: number, width: number, height: number): void;
  /** popup interaction is done */
  popupDone(): void;
  /** signal the completion of a repositioned request */
  repositioned(token: number): void;
}

/** Client side of xdg_popup: short-lived, popup surfaces for menus */
export class XdgPopupProxy extends WaylandProxy<XdgPopupEvents> {
  static readonly interfaceName = "xdg_popup";
  static readonly interfaceVersion = 7;
  static readonly events: readonly EventSpec[] = [
    { name: "configure", decode: (m) => [m.int(), m.int(), m.int(), m.int()] },
    { name: "popupDone", decode: () => [] },
    { name: "repositioned", decode: (m) => [m.uint()] },
  ];
  /** remove xdg_popup interface */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** make the popup take an explicit grab */
  grab(seat: WlSeatProxy | null, serial: number): void {
    this.request(1).uint(seat?.id ?? 0).uint(serial).end();
  }

  /** recalculate the popup's location */
  reposition(positioner: XdgPositionerProxy | null, token: number): void {
    this.request(2).uint(positioner?.id ?? 0).uint(token).end();
  }
}
