// Generated from protocols/xdg-decoration-unstable-v1.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import { XdgToplevelProxy, XdgToplevelResource } from "./xdg-shell.ts";

export interface ZxdgDecorationManagerV1Requests extends ResourceHandler {
  /** destroy the decoration manager object */
  destroy?(): void;
  /** create a new toplevel decoration object */
  getToplevelDecoration(id: ZxdgToplevelDecorationV1Resource, toplevel: XdgToplevelResource): void;
}

/** Server side of zxdg_decoration_manager_v1: window decoration manager */
export class ZxdgDecorationManagerV1Resource extends Resource<ZxdgDecorationManagerV1Requests> {
  static readonly interfaceName = "zxdg_decoration_manager_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "getToplevelDecoration",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(ZxdgToplevelDecorationV1Resource), m.object(XdgToplevelResource)],
  }];
}

export type ZxdgDecorationManagerV1Events = Record<never, never>;

/** Client side of zxdg_decoration_manager_v1: window decoration manager */
export class ZxdgDecorationManagerV1Proxy extends WaylandProxy<ZxdgDecorationManagerV1Events> {
  static readonly interfaceName = "zxdg_decoration_manager_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** destroy the decoration manager object */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** create a new toplevel decoration object */
  getToplevelDecoration(toplevel: XdgToplevelProxy | null): ZxdgToplevelDecorationV1Proxy {
    const created = this.connection.create(ZxdgToplevelDecorationV1Proxy, this.version);
    this.request(1).uint(created.id).uint(toplevel?.id ?? 0).end();
    return created;
  }
}

export const ZxdgToplevelDecorationV1Error = {
  "unconfiguredBuffer": 0,
  "alreadyConstructed": 1,
  "orphaned": 2,
  "invalidMode": 3,
} as const;

export const ZxdgToplevelDecorationV1Mode = { "clientSide": 1, "serverSide": 2 } as const;

export interface ZxdgToplevelDecorationV1Requests extends ResourceHandler {
  /** destroy the decoration object */
  destroy?(): void;
  /** set the decoration mode */
  setMode(mode: number): void;
  /** unset the decoration mode */
  unsetMode(): void;
}

/** Server side of zxdg_toplevel_decoration_v1: decoration object for a toplevel surface */
export class ZxdgToplevelDecorationV1Resource extends Resource<ZxdgToplevelDecorationV1Requests> {
  static readonly interfaceName = "zxdg_toplevel_decoration_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [
    { name: "destroy", since: 1, destructor: true, decode: () => [] },
    { name: "setMode", since: 1, destructor: false, decode: (m) => [m.uint()] },
    { name: "unsetMode", since: 1, destructor: false, decode: () => [] },
  ];
  /** notify a decoration mode change */
  configure(mode: number): void {
    this.event(0).uint(mode).end();
  }
}

export interface ZxdgToplevelDecorationV1Events {
  /** notify a decoration mode change */
  configure(mode: number): void;
}

/** Client side of zxdg_toplevel_decoration_v1: decoration object for a toplevel surface */
export class ZxdgToplevelDecorationV1Proxy extends WaylandProxy<ZxdgToplevelDecorationV1Events> {
  static readonly interfaceName = "zxdg_toplevel_decoration_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{ name: "configure", decode: (m) => [m.uint()] }];
  /** destroy the decoration object */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** set the decoration mode */
  setMode(mode: number): void {
    this.request(1).uint(mode).end();
  }

  /** unset the decoration mode */
  unsetMode(): void {
    this.request(2).end();
  }
}
