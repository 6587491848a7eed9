// Generated from protocols/viewporter.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import { WlSurfaceProxy, WlSurfaceResource } from "./wayland.ts";

export const WpViewporterError = { "viewportExists": 0 } as const;

export interface WpViewporterRequests extends ResourceHandler {
  /** unbind from the cropping and scaling interface */
  destroy?(): void;
  /** extend surface interface for crop and scale */
  getViewport(id: WpViewportResource, surface: WlSurfaceResource): void;
}

/** Server side of wp_viewporter: surface cropping and scaling */
export class WpViewporterResource extends Resource<WpViewporterRequests> {
  static readonly interfaceName = "wp_viewporter";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "getViewport",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WpViewportResource), m.object(WlSurfaceResource)],
  }];
}

export type WpViewporterEvents = Record<never, never>;

/** Client side of wp_viewporter: surface cropping and scaling */
export class WpViewporterProxy extends WaylandProxy<WpViewporterEvents> {
  static readonly interfaceName = "wp_viewporter";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** unbind from the cropping and scaling interface */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** extend surface interface for crop and scale */
  getViewport(surface: WlSurfaceProxy | null): WpViewportProxy {
    const created = this.connection.create(WpViewportProxy, this.version);
    this.request(1).uint(created.id).uint(surface?.id ?? 0).end();
    return created;
  }
}

export const WpViewportError = {
  "badValue": 0,
  "badSize": 1,
  "outOfBuffer": 2,
  "noSurface": 3,
} as const;

export interface WpViewportRequests extends ResourceHandler {
  /** remove scaling and cropping from the surface */
  destroy?(): void;
  /** set the source rectangle for cropping */
  setSource(x: number, y: number, width: number, height: number): void;
  /** set the surface size for scaling */
  setDestination(width: number, height: number): void;
}

/** Server side of wp_viewport: crop and scale interface to a wl_surface */
export class WpViewportResource extends Resource<WpViewportRequests> {
  static readonly interfaceName = "wp_viewport";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "setSource",
    since: 1,
    destructor: false,
    decode: (m) => [m.fixed(), m.fixed(), m.fixed(), m.fixed()],
  }, { name: "setDestination", since: 1, destructor: false, decode: (m) => [m.int(), m.int()] }];
}

export type WpViewportEvents = Record<never, never>;

/** Client side of wp_viewport: crop and scale interface to a wl_surface */
export class WpViewportProxy extends WaylandProxy<WpViewportEvents> {
  static readonly interfaceName = "wp_viewport";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** remove scaling and cropping from the surface */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** set the source rectangle for cropping */
  setSource(x: number, y: number, width: number, height: number): void {
    this.request(1).fixed(x).fixed(y).fixed(width).fixed(height).end();
  }

  /** set the surface size for scaling */
  setDestination(width: number, height: number): void {
    this.request(2).int(width).int(height).end();
  }
}
