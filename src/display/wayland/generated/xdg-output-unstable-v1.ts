// Generated from protocols/xdg-output-unstable-v1.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import { WlOutputProxy, WlOutputResource } from "./wayland.ts";

export interface ZxdgOutputManagerV1Requests extends ResourceHandler {
  /** destroy the xdg_output_manager object */
  destroy?(): void;
  /** create an xdg output from a wl_output */
  getXdgOutput(id: ZxdgOutputV1Resource, output: WlOutputResource): void;
}

/** Server side of zxdg_output_manager_v1: manage xdg_output objects */
export class ZxdgOutputManagerV1Resource extends Resource<ZxdgOutputManagerV1Requests> {
  static readonly interfaceName = "zxdg_output_manager_v1";
  static readonly interfaceVersion = 3;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "getXdgOutput",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(ZxdgOutputV1Resource), m.object(WlOutputResource)],
  }];
}

export type ZxdgOutputManagerV1Events = Record<never, never>;

/** Client side of zxdg_output_manager_v1: manage xdg_output objects */
export class ZxdgOutputManagerV1Proxy extends WaylandProxy<ZxdgOutputManagerV1Events> {
  static readonly interfaceName = "zxdg_output_manager_v1";
  static readonly interfaceVersion = 3;
  static readonly events: readonly EventSpec[] = [];
  /** destroy the xdg_output_manager object */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** create an xdg output from a wl_output */
  getXdgOutput(output: WlOutputProxy | null): ZxdgOutputV1Proxy {
    const created = this.connection.create(ZxdgOutputV1Proxy, this.version);
    this.request(1).uint(created.id).uint(output?.id ?? 0).end();
    return created;
  }
}

export interface ZxdgOutputV1Requests extends ResourceHandler {
  /** destroy the xdg_output object */
  destroy?(): void;
}

/** Server side of zxdg_output_v1: compositor logical output region */
export class ZxdgOutputV1Resource extends Resource<ZxdgOutputV1Requests> {
  static readonly interfaceName = "zxdg_output_v1";
  static readonly interfaceVersion = 3;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }];
  /** position of the output within the global compositor space */
  logicalPosition(x: number, y: number): void {
    this.event(0).int(x).int(y).end();
  }

  /** size of the output in the global compositor space */
  logicalSize(width: number, height: number): void {
    this.event(1).int(width).int(height).end();
  }

  /** all information about the output have been sent */
  done(): void {
    this.event(2).end();
  }

  /** name of this output. Sent from version 2 on. */
  name(name: string): void {
    if (this.version < 2) return;
    this.event(3).string(name).end();
  }

  /** human-readable description of this output. Sent from version 2 on. */
  description(description: string): void {
    if (this.version < 2) return;
    this.event(4).string(description).end();
  }
}

export interface ZxdgOutputV1Events {
  /** position of the output within the global compositor space */
  logicalPosition(x: number, y: number): void;
  /** size of the output in the global compositor space */
  logicalSize(width: number, height: number): void;
  /** all information about the output have been sent */
  done(): void;
  /** name of this output */
  name(name: string): void;
  /** human-readable description of this output */
  description(description: string): void;
}

/** Client side of zxdg_output_v1: compositor logical output region */
export class ZxdgOutputV1Proxy extends WaylandProxy<ZxdgOutputV1Events> {
  static readonly interfaceName = "zxdg_output_v1";
  static readonly interfaceVersion = 3;
  static readonly events: readonly EventSpec[] = [
    { name: "logicalPosition", decode: (m) => [m.int(), m.int()] },
    { name: "logicalSize", decode: (m) => [m.int(), m.int()] },
    { name: "done", decode: () => [] },
    { name: "name", decode: (m) => [m.string()] },
    { name: "description", decode: (m) => [m.string()] },
  ];
  /** destroy the xdg_output object */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }
}
