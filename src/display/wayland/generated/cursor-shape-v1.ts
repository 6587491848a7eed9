// Generated from protocols/cursor-shape-v1.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import { WlPointerProxy, WlPointerResource } from "./wayland.ts";

export interface WpCursorShapeManagerV1Requests extends ResourceHandler {
  /** destroy the manager */
  destroy?(): void;
  /** manage the cursor shape of a pointer device */
  getPointer(cursorShapeDevice: WpCursorShapeDeviceV1Resource, pointer: WlPointerResource): void;
  /** manage the cursor shape of a tablet tool device */
  getTabletToolV2(cursorShapeDevice: WpCursorShapeDeviceV1Resource, tabletTool: null): void;
}

/** Server side of wp_cursor_shape_manager_v1: cursor shape manager */
export class WpCursorShapeManagerV1Resource extends Resource<WpCursorShapeManagerV1Requests> {
  static readonly interfaceName = "wp_cursor_shape_manager_v1";
  static readonly interfaceVersion = 2;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "getPointer",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WpCursorShapeDeviceV1Resource), m.object(WlPointerResource)],
  }, {
    name: "getTabletToolV2",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WpCursorShapeDeviceV1Resource), m.object(undefined)],
  }];
}

export type WpCursorShapeManagerV1Events = Record<never, never>;

/** Client side of wp_cursor_shape_manager_v1: cursor shape manager */
export class WpCursorShapeManagerV1Proxy extends WaylandProxy<WpCursorShapeManagerV1Events> {
  static readonly interfaceName = "wp_cursor_shape_manager_v1";
  static readonly interfaceVersion = 2;
  static readonly events: readonly EventSpec[] = [];
  /** destroy the manager */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** manage the cursor shape of a pointer device */
  getPointer(pointer: WlPointerProxy | null): WpCursorShapeDeviceV1Proxy {
    const created = this.connection.create(WpCursorShapeDeviceV1Proxy, this.version);
    this.request(1).uint(created.id).uint(pointer?.id ?? 0).end();
    return created;
  }

  /** manage the cursor shape of a tablet tool device */
  getTabletToolV2(tabletTool: WaylandProxy | null): WpCursorShapeDeviceV1Proxy {
    const created = this.connection.create(WpCursorShapeDeviceV1Proxy, this.version);
    this.request(2).uint(created.id).uint(tabletTool?.id ?? 0).end();
    return created;
  }
}

export const WpCursorShapeDeviceV1Shape = {
  "default": 1,
  "contextMenu": 2,
  "help": 3,
  "pointer": 4,
  "progress": 5,
  "wait": 6,
  "cell": 7,
  "crosshair": 8,
  "text": 9,
  "verticalText": 10,
  "alias": 11,
  "copy": 12,
  "move": 13,
  "noDrop": 14,
  "notAllowed": 15,
  "grab": 16,
  "grabbing": 17,
  "eResize": 18,
  "nResize": 19,
  "neResize": 20,
  "nwResize": 21,
  "sResize": 22,
  "seResize": 23,
  "swResize": 24,
  "wResize": 25,
  "ewResize": 26,
  "nsResize": 27,
  "neswResize": 28,
  "nwseResize": 29,
  "colResize": 30,
  "rowResize": 31,
  "allScroll": 32,
  "zoomIn": 33,
  "zoomOut": 34,
  "dndAsk": 35,
  "allResize": 36,
} as const;

export const WpCursorShapeDeviceV1Error = { "invalidShape": 1 } as const;

export interface WpCursorShapeDeviceV1Requests extends ResourceHandler {
  /** destroy the cursor shape device */
  destroy?(): void;
  /** set device cursor to the shape */
  setShape(serial: number, shape: number): void;
}

/** Server side of wp_cursor_shape_device_v1: cursor shape for a device */
export class WpCursorShapeDeviceV1Resource extends Resource<WpCursorShapeDeviceV1Requests> {
  static readonly interfaceName = "wp_cursor_shape_device_v1";
  static readonly interfaceVersion = 2;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, { name: "setShape", since: 1, destructor: false, decode: (m) => [m.uint(), m.uint()] }];
}

export type WpCursorShapeDeviceV1Events = Record<never, never>;

/** Client side of wp_cursor_shape_device_v1: cursor shape for a device */
export class WpCursorShapeDeviceV1Proxy extends WaylandProxy<WpCursorShapeDeviceV1Events> {
  static readonly interfaceName = "wp_cursor_shape_device_v1";
  static readonly interfaceVersion = 2;
  static readonly events: readonly EventSpec[] = [];
  /** destroy the cursor shape device */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** set device cursor to the shape */
  setShape(serial: number, shape: number): void {
    this.request(1).uint(serial).uint(shape).end();
  }
}
