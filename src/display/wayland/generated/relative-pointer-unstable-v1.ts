// Generated from protocols/relative-pointer-unstable-v1.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import { WlPointerProxy, WlPointerResource } from "./wayland.ts";

export interface ZwpRelativePointerManagerV1Requests extends ResourceHandler {
  /** destroy the relative pointer manager object */
  destroy?(): void;
  /** get a relative pointer object */
  getRelativePointer(id: ZwpRelativePointerV1Resource, pointer: WlPointerResource): void;
}

/** Server side of zwp_relative_pointer_manager_v1: get relative pointer objects */
export class ZwpRelativePointerManagerV1Resource
  extends Resource<ZwpRelativePointerManagerV1Requests> {
  static readonly interfaceName = "zwp_relative_pointer_manager_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "getRelativePointer",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(ZwpRelativePointerV1Resource), m.object(WlPointerResource)],
  }];
}

export type ZwpRelativePointerManagerV1Events = Record<never, never>;

/** Client side of zwp_relative_pointer_manager_v1: get relative pointer objects */
export class ZwpRelativePointerManagerV1Proxy
  extends WaylandProxy<ZwpRelativePointerManagerV1Events> {
  static readonly interfaceName = "zwp_relative_pointer_manager_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** destroy the relative pointer manager object */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** get a relative pointer object */
  getRelativePointer(pointer: WlPointerProxy | null): ZwpRelativePointerV1Proxy {
    const created = this.connection.create(ZwpRelativePointerV1Proxy, this.version);
    this.request(1).uint(created.id).uint(pointer?.id ?? 0).end();
    return created;
  }
}

export interface ZwpRelativePointerV1Requests extends ResourceHandler {
  /** release the relative pointer object */
  destroy?(): void;
}

/** Server side of zwp_relative_pointer_v1: relative pointer object */
export class ZwpRelativePointerV1Resource extends Resource<ZwpRelativePointerV1Requests> {
  static readonly interfaceName = "zwp_relative_pointer_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }];
  /** relative pointer motion */
  relativeMotion(
    utimeHi: number,
    utimeLo: number,
    dx: number,
    dy: number,
    dxUnaccel: number,
    dyUnaccel: number,
  ): void {
    this.event(0).uint(utimeHi).uint(utimeLo).fixed(dx).fixed(dy).fixed(dxUnaccel).fixed(dyUnaccel)
      .end();
  }
}

export interface ZwpRelativePointerV1Events {
  /** relative pointer motion */
  relativeMotion(
    utimeHi: number,
    utimeLo: number,
    dx: number,
    dy: number,
    dxUnaccel: number,
    dyUnaccel: number,
  ): void;
}

/** Client side of zwp_relative_pointer_v1: relative pointer object */
export class ZwpRelativePointerV1Proxy extends WaylandProxy<ZwpRelativePointerV1Events> {
  static readonly interfaceName = "zwp_relative_pointer_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{
    name: "relativeMotion",
    decode: (m) => [m.uint(), m.uint(), m.fixed(), m.fixed(), m.fixed(), m.fixed()],
  }];
  /** release the relative pointer object */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }
}
