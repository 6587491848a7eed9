// Generated from protocols/single-pixel-buffer-v1.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import { WlBufferProxy, WlBufferResource } from "./wayland.ts";

export interface WpSinglePixelBufferManagerV1Requests extends ResourceHandler {
  /** destroy the manager */
  destroy?(): void;
  /** create a 1×1 buffer from 32-bit RGBA values */
  createU32RgbaBuffer(id: WlBufferResource, r: number, g: number, b: number, a: number): void;
}

/** Server side of wp_single_pixel_buffer_manager_v1: global factory for single-pixel buffers */
export class WpSinglePixelBufferManagerV1Resource
  extends Resource<WpSinglePixelBufferManagerV1Requests> {
  static readonly interfaceName = "wp_single_pixel_buffer_manager_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "createU32RgbaBuffer",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WlBufferResource), m.uint(), m.uint(), m.uint(), m.uint()],
  }];
}

export type WpSinglePixelBufferManagerV1Events = Record<never, never>;

/** Client side of wp_single_pixel_buffer_manager_v1: global factory for single-pixel buffers */
export class WpSinglePixelBufferManagerV1Proxy
  extends WaylandProxy<WpSinglePixelBufferManagerV1Events> {
  static readonly interfaceName = "wp_single_pixel_buffer_manager_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** destroy the manager */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** create a 1×1 buffer from 32-bit RGBA values */
  createU32RgbaBuffer(r: number, g: number, b: number, a: number): WlBufferProxy {
    const created = this.connection.create(WlBufferProxy, this.version);
    this.request(1).uint(created.id).uint(r).uint(g).uint(b).uint(a).end();
    return created;
  }
}
