// Generated from protocols/idle-inhibit-unstable-v1.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import { WlSurfaceProxy, WlSurfaceResource } from "./wayland.ts";

export interface ZwpIdleInhibitManagerV1Requests extends ResourceHandler {
  /** destroy the idle inhibitor object */
  destroy?(): void;
  /** create a new inhibitor object */
  createInhibitor(id: ZwpIdleInhibitorV1Resource, surface: WlSurfaceResource): void;
}

/** Server side of zwp_idle_inhibit_manager_v1: control behavior when display idles */
export class ZwpIdleInhibitManagerV1Resource extends Resource<ZwpIdleInhibitManagerV1Requests> {
  static readonly interfaceName = "zwp_idle_inhibit_manager_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "createInhibitor",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(ZwpIdleInhibitorV1Resource), m.object(WlSurfaceResource)],
  }];
}

export type ZwpIdleInhibitManagerV1Events = Record<never, never>;

/** Client side of zwp_idle_inhibit_manager_v1: control behavior when display idles */
export class ZwpIdleInhibitManagerV1Proxy extends WaylandProxy<ZwpIdleInhibitManagerV1Events> {
  static readonly interfaceName = "zwp_idle_inhibit_manager_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** destroy the idle inhibitor object */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** create a new inhibitor object */
  createInhibitor(surface: WlSurfaceProxy | null): ZwpIdleInhibitorV1Proxy {
    const created = this.connection.create(ZwpIdleInhibitorV1Proxy, this.version);
    this.request(1).uint(created.id).uint(surface?.id ?? 0).end();
    return created;
  }
}

export interface ZwpIdleInhibitorV1Requests extends ResourceHandler {
  /** destroy the idle inhibitor object */
  destroy?(): void;
}

/** Server side of zwp_idle_inhibitor_v1: context object for inhibiting idle behavior */
export class ZwpIdleInhibitorV1Resource extends Resource<ZwpIdleInhibitorV1Requests> {
  static readonly interfaceName = "zwp_idle_inhibitor_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }];
}

export type ZwpIdleInhibitorV1Events = Record<never, never>;

/** Client side of zwp_idle_inhibitor_v1: context object for inhibiting idle behavior */
export class ZwpIdleInhibitorV1Proxy extends WaylandProxy<ZwpIdleInhibitorV1Events> {
  static readonly interfaceName = "zwp_idle_inhibitor_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** destroy the idle inhibitor object */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }
}
