// Generated from protocols/pointer-constraints-unstable-v1.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import {
  WlPointerProxy,
  WlPointerResource,
  WlRegionProxy,
  WlRegionResource,
  WlSurfaceProxy,
  WlSurfaceResource,
} from "./wayland.ts";

export const ZwpPointerConstraintsV1Error = { "alreadyConstrained": 1 } as const;

export const ZwpPointerConstraintsV1Lifetime = { "oneshot": 1, "persistent": 2 } as const;

export interface ZwpPointerConstraintsV1Requests extends ResourceHandler {
  /** destroy the pointer constraints manager object */
  destroy?(): void;
  /** lock pointer to a position */
  lockPointer(
    id: ZwpLockedPointerV1Resource,
    surface: WlSurfaceResource,
    pointer: WlPointerResource,
    region: WlRegionResource | null,
    lifetime: number,
  ): void;
  /** confine pointer to a region */
  confinePointer(
    id: ZwpConfinedPointerV1Resource,
    surface: WlSurfaceResource,
    pointer: WlPointerResource,
    region: WlRegionResource | null,
    lifetime: number,
  ): void;
}

/** Server side of zwp_pointer_constraints_v1: constrain the movement of a pointer */
export class ZwpPointerConstraintsV1Resource extends Resource<ZwpPointerConstraintsV1Requests> {
  static readonly interfaceName = "zwp_pointer_constraints_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "lockPointer",
    since: 1,
    destructor: false,
    decode: (
      m,
    ) => [
      m.newResource(ZwpLockedPointerV1Resource),
      m.object(WlSurfaceResource),
      m.object(WlPointerResource),
      m.nullableObject(WlRegionResource),
      m.uint(),
    ],
  }, {
    name: "confinePointer",
    since: 1,
    destructor: false,
    decode: (
      m,
    ) => [
      m.newResource(ZwpConfinedPointerV1Resource),
      m.object(WlSurfaceResource),
      m.object(WlPointerResource),
      m.nullableObject(WlRegionResource),
      m.uint(),
    ],
  }];
}

export type ZwpPointerConstraintsV1Events = Record<never, never>;

/** Client side of zwp_pointer_constraints_v1: constrain the movement of a pointer */
export class ZwpPointerConstraintsV1Proxy extends WaylandProxy<ZwpPointerConstraintsV1Events> {
  static readonly interfaceName = "zwp_pointer_constraints_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** destroy the pointer constraints manager object */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** lock pointer to a position */
  lockPointer(
    surface: WlSurfaceProxy | null,
    pointer: WlPointerProxy | null,
    region: WlRegionProxy | null,
    lifetime: number,
  ): ZwpLockedPointerV1Proxy {
    const created = this.connection.create(ZwpLockedPointerV1Proxy, this.version);
    this.request(1).uint(created.id).uint(surface?.id ?? 0).uint(pointer?.id ?? 0).uint(
      region?.id ?? 0,
    ).uint(lifetime).end();
    return created;
  }

  /** confine pointer to a region */
  confinePointer(
    surface: WlSurfaceProxy | null,
    pointer: WlPointerProxy | null,
    region: WlRegionProxy | null,
    lifetime: number,
  ): ZwpConfinedPointerV1Proxy {
    const created = this.connection.create(ZwpConfinedPointerV1Proxy, this.version);
    this.request(2).uint(created.id).uint(surface?.id ?? 0).uint(pointer?.id ?? 0).uint(
      region?.id ?? 0,
    ).uint(lifetime).end();
    return created;
  }
}

export interface ZwpLockedPointerV1Requests extends ResourceHandler {
  /** destroy the locked pointer object */
  destroy?(): void;
  /** set the pointer cursor position hint */
  setCursorPositionHint(surfaceX: number, surfaceY: number): void;
  /** set a new lock region */
  setRegion(region: WlRegionResource | null): void;
}

/** Server side of zwp_locked_pointer_v1: receive relative pointer motion events */
export class ZwpLockedPointerV1Resource extends Resource<ZwpLockedPointerV1Requests> {
  static readonly interfaceName = "zwp_locked_pointer_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "setCursorPositionHint",
    since: 1,
    destructor: false,
    decode: (m) => [m.fixed(), m.fixed()],
  }, {
    name: "setRegion",
    since: 1,
    destructor: false,
    decode: (m) => [m.nullableObject(WlRegionResource)],
  }];
  /** lock activation event */
  locked(): void {
    this.event(0).end();
  }

  /** lock deactivation event */
  unlocked(): void {
    this.event(1).end();
  }
}

export interface ZwpLockedPointerV1Events {
  /** lock activation event */
  locked(): void;
  /** lock deactivation event */
  unlocked(): void;
}

/** Client side of zwp_locked_pointer_v1: receive relative pointer motion events */
export class ZwpLockedPointerV1Proxy extends WaylandProxy<ZwpLockedPointerV1Events> {
  static readonly interfaceName = "zwp_locked_pointer_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{ name: "locked", decode: () => [] }, {
    name: "unlocked",
    decode: () => [],
  }];
  /** destroy the locked pointer object */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** set the pointer cursor position hint */
  setCursorPositionHint(surfaceX: number, surfaceY: number): void {
    this.request(1).fixed(surfaceX).fixed(surfaceY).end();
  }

  /** set a new lock region */
  setRegion(region: WlRegionProxy | null): void {
    this.request(2).uint(region?.id ?? 0).end();
  }
}

export interface ZwpConfinedPointerV1Requests extends ResourceHandler {
  /** destroy the confined pointer object */
  destroy?(): void;
  /** set a new confine region */
  setRegion(region: WlRegionResource | null): void;
}

/** Server side of zwp_confined_pointer_v1: confined pointer object */
export class ZwpConfinedPointerV1Resource extends Resource<ZwpConfinedPointerV1Requests> {
  static readonly interfaceName = "zwp_confined_pointer_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "setRegion",
    since: 1,
    destructor: false,
    decode: (m) => [m.nullableObject(WlRegionResource)],
  }];
  /** pointer confined */
  confined(): void {
    this.event(0).end();
  }

  /** pointer unconfined */
  unconfined(): void {
    this.event(1).end();
  }
}

export interface ZwpConfinedPointerV1Events {
  /** pointer confined */
  confined(): void;
  /** pointer unconfined */
  unconfined(): void;
}

/** Client side of zwp_confined_pointer_v1: confined pointer object */
export class ZwpConfinedPointerV1Proxy extends WaylandProxy<ZwpConfinedPointerV1Events> {
  static readonly interfaceName = "zwp_confined_pointer_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{ name: "confined", decode: () => [] }, {
    name: "unconfined",
    decode: () => [],
  }];
  /** destroy the confined pointer object */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** set a new confine region */
  setRegion(region: WlRegionProxy | null): void {
    this.request(1).uint(region?.id ?? 0).end();
  }
}
