// Generated from protocols/fractional-scale-v1.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import { WlSurfaceProxy, WlSurfaceResource } from "./wayland.ts";

export const WpFractionalScaleManagerV1Error = { "fractionalScaleExists": 0 } as const;

export interface WpFractionalScaleManagerV1Requests extends ResourceHandler {
  /** unbind the fractional surface scale interface */
  destroy?(): void;
  /** extend surface interface for scale information */
  getFractionalScale(id: WpFractionalScaleV1Resource, surface: WlSurfaceResource): void;
}

/** Server side of wp_fractional_scale_manager_v1: fractional surface scale information */
export class WpFractionalScaleManagerV1Resource
  extends Resource<WpFractionalScaleManagerV1Requests> {
  static readonly interfaceName = "wp_fractional_scale_manager_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "getFractionalScale",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WpFractionalScaleV1Resource), m.object(WlSurfaceResource)],
  }];
}

export type WpFractionalScaleManagerV1Events = Record<never, never>;

/** Client side of wp_fractional_scale_manager_v1: fractional surface scale information */
export class WpFractionalScaleManagerV1Proxy
  extends WaylandProxy<WpFractionalScaleManagerV1Events> {
  static readonly interfaceName = "wp_fractional_scale_manager_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** unbind the fractional surface scale interface */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** extend surface interface for scale information */
  getFractionalScale(surface: WlSurfaceProxy | null): WpFractionalScaleV1Proxy {
    const created = this.connection.create(WpFractionalScaleV1Proxy, this.version);
    this.request(1).uint(created.id).uint(surface?.id ?? 0).end();
    return created;
  }
}

export interface WpFractionalScaleV1Requests extends ResourceHandler {
  /** remove surface scale information for surface */
  destroy?(): void;
}

/** Server side of wp_fractional_scale_v1: fractional scale interface to a wl_surface */
export class WpFractionalScaleV1Resource extends Resource<WpFractionalScaleV1Requests> {
  static readonly interfaceName = "wp_fractional_scale_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }];
  /** notify of new preferred scale */
  preferredScale(scale: number): void {
    this.event(0).uint(scale).end();
  }
}

export interface WpFractionalScaleV1Events {
  /** notify of new preferred scale */
  preferredScale(scale: number): void;
}

/** Client side of wp_fractional_scale_v1: fractional scale interface to a wl_surface */
export class WpFractionalScaleV1Proxy extends WaylandProxy<WpFractionalScaleV1Events> {
  static readonly interfaceName = "wp_fractional_scale_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{
    name: "preferredScale",
    decode: (m) => [m.uint()],
  }];
  /** remove surface scale information for surface */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }
}
