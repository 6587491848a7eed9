// Generated from protocols/wayland.xml by `deno task generate`; do not edit.

import { type EventSpec, type ProxyType, WaylandProxy } from "../proxy.ts";
import {
  type RequestSpec,
  Resource,
  type ResourceHandler,
  type UntypedNewId,
} from "../resource.ts";

export const WlDisplayError = {
  "invalidObject": 0,
  "invalidMethod": 1,
  "noMemory": 2,
  "implementation": 3,
} as const;

export interface WlDisplayRequests extends ResourceHandler {
  /** asynchronous roundtrip */
  sync(callback: WlCallbackResource): void;
  /** get global registry object */
  getRegistry(registry: WlRegistryResource): void;
}

/** Server side of wl_display: core global object */
export class WlDisplayResource extends Resource<WlDisplayRequests> {
  static readonly interfaceName = "wl_display";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "sync",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WlCallbackResource)],
  }, {
    name: "getRegistry",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WlRegistryResource)],
  }];
  /** fatal error event */
  error(objectId: Resource | null, code: number, message: string): void {
    this.event(0).uint(objectId?.id ?? 0).uint(code).string(message).end();
  }

  /** acknowledge object ID deletion */
  deleteId(id: number): void {
    this.event(1).uint(id).end();
  }
}

export interface WlDisplayEvents {
  /** fatal error event */
  error(objectId: unknown, code: number, message: string): void;
  /** acknowledge object ID deletion */
  deleteId(id: number): void;
}

/** Client side of wl_display: core global object */
export class WlDisplayProxy extends WaylandProxy<WlDisplayEvents> {
  static readonly interfaceName = "wl_display";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{
    name: "error",
    decode: (m) => [m.uint(), m.uint(), m.string()],
  }, { name: "deleteId", decode: (m) => [m.uint()] }];
  /** asynchronous roundtrip */
  sync(): WlCallbackProxy {
    const created = this.connection.create(WlCallbackProxy, this.version);
    this.request(0).uint(created.id).end();
    return created;
  }

  /** get global registry object */
  getRegistry(): WlRegistryProxy {
    const created = this.connection.create(WlRegistryProxy, this.version);
    this.request(1).uint(created.id).end();
    return created;
  }
}

export interface WlRegistryRequests extends ResourceHandler {
  /** bind an object to the display */
  bind(name: number, id: UntypedNewId): void;
}

/** Server side of wl_registry: global registry object */
export class WlRegistryResource extends Resource<WlRegistryRequests> {
  static readonly interfaceName = "wl_registry";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "bind",
    since: 1,
    destructor: false,
    decode: (m) => [m.uint(), m.untypedNewId()],
  }];
  /** announce global object */
  global(name: number, interfaceName: string, version: number): void {
    this.event(0).uint(name).string(interfaceName).uint(version).end();
  }

  /** announce removal of global object */
  globalRemove(name: number): void {
    this.event(1).uint(name).end();
  }
}

export interface WlRegistryEvents {
  /** announce global object */
  global(name: number, interfaceName: string, version: number): void;
  /** announce removal of global object */
  globalRemove(name: number): void;
}

/** Client side of wl_registry: global registry object */
export class WlRegistryProxy extends WaylandProxy<WlRegistryEvents> {
  static readonly interfaceName = "wl_registry";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{
    name: "global",
    decode: (m) => [m.uint(), m.string(), m.uint()],
  }, { name: "globalRemove", decode: (m) => [m.uint()] }];
  /** bind an object to the display */
  bind<P extends WaylandProxy>(name: number, type: ProxyType<P>, version: number): P {
    const created = this.connection.create(type, version);
    this.request(0).uint(name).string(type.interfaceName).uint(version).uint(created.id).end();
    return created;
  }
}

export interface WlCallbackRequests extends ResourceHandler {
}

/** Server side of wl_callback: callback object */
export class WlCallbackResource extends Resource<WlCallbackRequests> {
  static readonly interfaceName = "wl_callback";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [];
  /** done event */
  done(callbackData: number): void {
    this.event(0).uint(callbackData).end();
  }
}

export interface WlCallbackEvents {
  /** done event */
  done(callbackData: number): void;
}

/** Client side of wl_callback: callback object */
export class WlCallbackProxy extends WaylandProxy<WlCallbackEvents> {
  static readonly interfaceName = "wl_callback";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{ name: "done", decode: (m) => [m.uint()] }];
}

export interface WlCompositorRequests extends ResourceHandler {
  /** create new surface */
  createSurface(id: WlSurfaceResource): void;
  /** create new region */
  createRegion(id: WlRegionResource): void;
}

/** Server side of wl_compositor: the compositor singleton */
export class WlCompositorResource extends Resource<WlCompositorRequests> {
  static readonly interfaceName = "wl_compositor";
  static readonly interfaceVersion = 5;
  static readonly requests: readonly RequestSpec[] = [{
    name: "createSurface",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WlSurfaceResource)],
  }, {
    name: "createRegion",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WlRegionResource)],
  }];
}

export type WlCompositorEvents = Record<never, never>;

/** Client side of wl_compositor: the compositor singleton */
export class WlCompositorProxy extends WaylandProxy<WlCompositorEvents> {
  static readonly interfaceName = "wl_compositor";
  static readonly interfaceVersion = 5;
  static readonly events: readonly EventSpec[] = [];
  /** create new surface */
  createSurface(): WlSurfaceProxy {
    const created = this.connection.create(WlSurfaceProxy, this.version);
    this.request(0).uint(created.id).end();
    return created;
  }

  /** create new region */
  createRegion(): WlRegionProxy {
    const created = this.connection.create(WlRegionProxy, this.version);
    this.request(1).uint(created.id).end();
    return created;
  }
}

export interface WlShmPoolRequests extends ResourceHandler {
  /** create a buffer from the pool */
  createBuffer(
    id: WlBufferResource,
    offset: number,
    width: number,
    height: number,
    stride: number,
    format: number,
  ): void;
  /** destroy the pool */
  destroy?(): void;
  /** change the size of the pool mapping */
  resize(size: number): void;
}

/** Server side of wl_shm_pool: a shared memory pool */
export class WlShmPoolResource extends Resource<WlShmPoolRequests> {
  static readonly interfaceName = "wl_shm_pool";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [
    {
      name: "createBuffer",
      since: 1,
      destructor: false,
      decode: (
        m,
      ) => [m.newResource(WlBufferResource), m.int(), m.int(), m.int(), m.int(), m.uint()],
    },
    { name: "destroy", since: 1, destructor: true, decode: () => [] },
    { name: "resize", since: 1, destructor: false, decode: (m) => [m.int()] },
  ];
}

export type WlShmPoolEvents = Record<never, never>;

/** Client side of wl_shm_pool: a shared memory pool */
export class WlShmPoolProxy extends WaylandProxy<WlShmPoolEvents> {
  static readonly interfaceName = "wl_shm_pool";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** create a buffer from the pool */
  createBuffer(
    offset: number,
    width: number,
    height: number,
    stride: number,
    format: number,
  ): WlBufferProxy {
    const created = this.connection.create(WlBufferProxy, this.version);
    this.request(0).uint(created.id).int(offset).int(width).int(height).int(stride).uint(format)
      .end();
    return created;
  }

  /** destroy the pool */
  destroy(): void {
    this.request(1).end();
    this.destructed();
  }

  /** change the size of the pool mapping */
  resize(size: number): void {
    this.request(2).int(size).end();
  }
}

export const WlShmError = { "invalidFormat": 0, "invalidStride": 1, "invalidFd": 2 } as const;

export const WlShmFormat = {
  "argb8888": 0,
  "xrgb8888": 1,
  "c8": 538982467,
  "rgb332": 943867730,
  "bgr233": 944916290,
  "xrgb4444": 842093144,
  "xbgr4444": 842089048,
  "rgbx4444": 842094674,
  "bgrx4444": 842094658,
  "argb4444": 842093121,
  "abgr4444": 842089025,
  "rgba4444": 842088786,
  "bgra4444": 842088770,
  "xrgb1555": 892424792,
  "xbgr1555": 892420696,
  "rgbx5551": 892426322,
  "bgrx5551": 892426306,
  "argb1555": 892424769,
  "abgr1555": 892420673,
  "rgba5551": 892420434,
  "bgra5551": 892420418,
  "rgb565": 909199186,
  "bgr565": 909199170,
  "rgb888": 875710290,
  "bgr888": 875710274,
  "xbgr8888": 875709016,
  "rgbx8888": 875714642,
  "bgrx8888": 875714626,
  "abgr8888": 875708993,
  "rgba8888": 875708754,
  "bgra8888": 875708738,
  "xrgb2101010": 808669784,
  "xbgr2101010": 808665688,
  "rgbx1010102": 808671314,
  "bgrx1010102": 808671298,
  "argb2101010": 808669761,
  "abgr2101010": 808665665,
  "rgba1010102": 808665426,
  "bgra1010102": 808665410,
  "yuyv": 1448695129,
  "yvyu": 1431918169,
  "uyvy": 1498831189,
  "vyuy": 1498765654,
  "ayuv": 1448433985,
  "nv12": 842094158,
  "nv21": 825382478,
  "nv16": 909203022,
  "nv61": 825644622,
  "yuv410": 961959257,
  "yvu410": 961893977,
  "yuv411": 825316697,
  "yvu411": 825316953,
  "yuv420": 842093913,
  "yvu420": 842094169,
  "yuv422": 909202777,
  "yvu422": 909203033,
  "yuv444": 875713881,
  "yvu444": 875714137,
  "r8": 538982482,
  "r16": 540422482,
  "rg88": 943212370,
  "gr88": 943215175,
  "rg1616": 842221394,
  "gr1616": 842224199,
  "xrgb16161616f": 1211388504,
  "xbgr16161616f": 1211384408,
  "argb16161616f": 1211388481,
  "abgr16161616f": 1211384385,
  "xyuv8888": 1448434008,
  "vuy888": 875713878,
  "vuy101010": 808670550,
  "y210": 808530521,
  "y212": 842084953,
  "y216": 909193817,
  "y410": 808531033,
  "y412": 842085465,
  "y416": 909194329,
  "xvyu2101010": 808670808,
  "xvyu1216161616": 909334104,
  "xvyu16161616": 942954072,
  "y0l0": 810299481,
  "x0l0": 810299480,
  "y0l2": 843853913,
  "x0l2": 843853912,
  "yuv4208bit": 942691673,
  "yuv42010bit": 808539481,
  "xrgb8888A8": 943805016,
  "xbgr8888A8": 943800920,
  "rgbx8888A8": 943806546,
  "bgrx8888A8": 943806530,
  "rgb888A8": 943798354,
  "bgr888A8": 943798338,
  "rgb565A8": 943797586,
  "bgr565A8": 943797570,
  "nv24": 875714126,
  "nv42": 842290766,
  "p210": 808530512,
  "p010": 808530000,
  "p012": 842084432,
  "p016": 909193296,
  "axbxgxrx106106106106": 808534593,
  "nv15": 892425806,
  "q410": 808531025,
  "q401": 825242705,
  "xrgb16161616": 942953048,
  "xbgr16161616": 942948952,
  "argb16161616": 942953025,
  "abgr16161616": 942948929,
} as const;

export interface WlShmRequests extends ResourceHandler {
  /** create a shm pool */
  createPool(id: WlShmPoolResource, fd: number, size: number): void;
}

/** Server side of wl_shm: shared memory support */
export class WlShmResource extends Resource<WlShmRequests> {
  static readonly interfaceName = "wl_shm";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "createPool",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WlShmPoolResource), m.fd(), m.int()],
  }];
  /** pixel format description */
  format(format: number): void {
    this.event(0).uint(format).end();
  }
}

export interface WlShmEvents {
  /** pixel format description */
  format(format: number): void;
}

/** Client side of wl_shm: shared memory support */
export class WlShmProxy extends WaylandProxy<WlShmEvents> {
  static readonly interfaceName = "wl_shm";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{ name: "format", decode: (m) => [m.uint()] }];
  /** create a shm pool */
  createPool(fd: number, size: number): WlShmPoolProxy {
    const created = this.connection.create(WlShmPoolProxy, this.version);
    this.request(0).uint(created.id).fd(fd).int(size).end();
    return created;
  }
}

export interface WlBufferRequests extends ResourceHandler {
  /** destroy a buffer */
  destroy?(): void;
}

/** Server side of wl_buffer: content for a wl_surface */
export class WlBufferResource extends Resource<WlBufferRequests> {
  static readonly interfaceName = "wl_buffer";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }];
  /** compositor releases buffer */
  release(): void {
    this.event(0).end();
  }
}

export interface WlBufferEvents {
  /** compositor releases buffer */
  release(): void;
}

/** Client side of wl_buffer: content for a wl_surface */
export class WlBufferProxy extends WaylandProxy<WlBufferEvents> {
  static readonly interfaceName = "wl_buffer";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{ name: "release", decode: () => [] }];
  /** destroy a buffer */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }
}

export const WlDataOfferError = {
  "invalidFinish": 0,
  "invalidActionMask": 1,
  "invalidAction": 2,
  "invalidOffer": 3,
} as const;

export interface WlDataOfferRequests extends ResourceHandler {
  /** accept one of the offered mime types */
  accept(serial: number, mimeType: string | null): void;
  /** request that the data is transferred */
  receive(mimeType: string, fd: number): void;
  /** destroy data offer */
  destroy?(): void;
  /** the offer will no longer be used */
  finish(): void;
  /** set the available/preferred drag-and-drop actions */
  setActions(dndActions: number, preferredAction: number): void;
}

/** Server side of wl_data_offer: offer to transfer data */
export class WlDataOfferResource extends Resource<WlDataOfferRequests> {
  static readonly interfaceName = "wl_data_offer";
  static readonly interfaceVersion = 3;
  static readonly requests: readonly RequestSpec[] = [
    { name: "accept", since: 1, destructor: false, decode: (m) => [m.uint(), m.nullableString()] },
    { name: "receive", since: 1, destructor: false, decode: (m) => [m.string(), m.fd()] },
    { name: "destroy", since: 1, destructor: true, decode: () => [] },
    { name: "finish", since: 3, destructor: false, decode: () => [] },
    { name: "setActions", since: 3, destructor: false, decode: (m) => [m.uint(), m.uint()] },
  ];
  /** advertise offered mime type */
  offer(mimeType: string): void {
    this.event(0).string(mimeType).end();
  }

  /** notify the source-side available actions. Sent from version 3 on. */
  sourceActions(sourceActions: number): void {
    if (this.version < 3) return;
    this.event(1).uint(sourceActions).end();
  }

  /** notify the selected action. Sent from version 3 on. */
  action(dndAction: number): void {
    if (this.version < 3) return;
    this.event(2).uint(dndAction).end();
  }
}

export interface WlDataOfferEvents {
  /** advertise offered mime type */
  offer(mimeType: string): void;
  /** notify the source-side available actions */
  sourceActions(sourceActions: number): void;
  /** notify the selected action */
  action(dndAction: number): void;
}

/** Client side of wl_data_offer: offer to transfer data */
export class WlDataOfferProxy extends WaylandProxy<WlDataOfferEvents> {
  static readonly interfaceName = "wl_data_offer";
  static readonly interfaceVersion = 3;
  static readonly events: readonly EventSpec[] = [{ name: "offer", decode: (m) => [m.string()] }, {
    name: "sourceActions",
    decode: (m) => [m.uint()],
  }, { name: "action", decode: (m) => [m.uint()] }];
  /** accept one of the offered mime types */
  accept(serial: number, mimeType: string | null): void {
    this.request(0).uint(serial).string(mimeType).end();
  }

  /** request that the data is transferred */
  receive(mimeType: string, fd: number): void {
    this.request(1).string(mimeType).fd(fd).end();
  }

  /** destroy data offer */
  destroy(): void {
    this.request(2).end();
    this.destructed();
  }

  /** the offer will no longer be used */
  finish(): void {
    this.request(3).end();
  }

  /** set the available/preferred drag-and-drop actions */
  setActions(dndActions: number, preferredAction: number): void {
    this.request(4).uint(dndActions).uint(preferredAction).end();
  }
}

export const WlDataSourceError = { "invalidActionMask": 0, "invalidSource": 1 } as const;

export interface WlDataSourceRequests extends ResourceHandler {
  /** add an offered mime type */
  offer(mimeType: string): void;
  /** destroy the data source */
  destroy?(): void;
  /** set the available drag-and-drop actions */
  setActions(dndActions: number): void;
}

/** Server side of wl_data_source: offer to transfer data */
export class WlDataSourceResource extends Resource<WlDataSourceRequests> {
  static readonly interfaceName = "wl_data_source";
  static readonly interfaceVersion = 3;
  static readonly requests: readonly RequestSpec[] = [
    { name: "offer", since: 1, destructor: false, decode: (m) => [m.string()] },
    { name: "destroy", since: 1, destructor: true, decode: () => [] },
    { name: "setActions", since: 3, destructor: false, decode: (m) => [m.uint()] },
  ];
  /** a target accepts an offered mime type */
  target(mimeType: string | null): void {
    this.event(0).string(mimeType).end();
  }

  /** send the data */
  send(mimeType: string, fd: number): void {
    this.event(1).string(mimeType).fd(fd).end();
  }

  /** selection was cancelled */
  cancelled(): void {
    this.event(2).end();
  }

  /** the drag-and-drop operation physically finished. Sent from version 3 on. */
  dndDropPerformed(): void {
    if (this.version < 3) return;
    this.event(3).end();
  }

  /** the drag-and-drop operation concluded. Sent from version 3 on. */
  dndFinished(): void {
    if (this.version < 3) return;
    this.event(4).end();
  }

  /** notify the selected action. Sent from version 3 on. */
  action(dndAction: number): void {
    if (this.version < 3) return;
    this.event(5).uint(dndAction).end();
  }
}

export interface WlDataSourceEvents {
  /** a target accepts an offered mime type */
  target(mimeType: string | null): void;
  /** send the data */
  send(mimeType: string, fd: number): void;
  /** selection was cancelled */
  cancelled(): void;
  /** the drag-and-drop operation physically finished */
  dndDropPerformed(): void;
  /** the drag-and-drop operation concluded */
  dndFinished(): void;
  /** notify the selected action */
  action(dndAction: number): void;
}

/** Client side of wl_data_source: offer to transfer data */
export class WlDataSourceProxy extends WaylandProxy<WlDataSourceEvents> {
  static readonly interfaceName = "wl_data_source";
  static readonly interfaceVersion = 3;
  static readonly events: readonly EventSpec[] = [
    { name: "target", decode: (m) => [m.nullableString()] },
    { name: "send", decode: (m) => [m.string(), m.fd()] },
    { name: "cancelled", decode: () => [] },
    { name: "dndDropPerformed", decode: () => [] },
    { name: "dndFinished", decode: () => [] },
    { name: "action", decode: (m) => [m.uint()] },
  ];
  /** add an offered mime type */
  offer(mimeType: string): void {
    this.request(0).string(mimeType).end();
  }

  /** destroy the data source */
  destroy(): void {
    this.request(1).end();
    this.destructed();
  }

  /** set the available drag-and-drop actions */
  setActions(dndActions: number): void {
    this.request(2).uint(dndActions).end();
  }
}

export const WlDataDeviceError = { "role": 0 } as const;

export interface WlDataDeviceRequests extends ResourceHandler {
  /** start drag-and-drop operation */
  startDrag(
    source: WlDataSourceResource | null,
    origin: WlSurfaceResource,
    icon: WlSurfaceResource | null,
    serial: number,
  ): void;
  /** copy data to the selection */
  setSelection(source: WlDataSourceResource | null, serial: number): void;
  /** destroy data device */
  release?(): void;
}

/** Server side of wl_data_device: data transfer device */
export class WlDataDeviceResource extends Resource<WlDataDeviceRequests> {
  static readonly interfaceName = "wl_data_device";
  static readonly interfaceVersion = 3;
  static readonly requests: readonly RequestSpec[] = [{
    name: "startDrag",
    since: 1,
    destructor: false,
    decode: (
      m,
    ) => [
      m.nullableObject(WlDataSourceResource),
      m.object(WlSurfaceResource),
      m.nullableObject(WlSurfaceResource),
      m.uint(),
    ],
  }, {
    name: "setSelection",
    since: 1,
    destructor: false,
    decode: (m) => [m.nullableObject(WlDataSourceResource), m.uint()],
  }, { name: "release", since: 2, destructor: true, decode: () => [] }];
  /** introduce a new wl_data_offer */
  dataOffer(id: WlDataOfferResource): void {
    this.event(0).uint(id.id).end();
  }

  /** initiate drag-and-drop session */
  enter(
    serial: number,
    surface: WlSurfaceResource | null,
    x: number,
    y: number,
    id: WlDataOfferResource | null,
  ): void {
    this.event(1).uint(serial).uint(surface?.id ?? 0).fixed(x).fixed(y).uint(id?.id ?? 0).end();
  }

  /** end drag-and-drop session */
  leave(): void {
    this.event(2).end();
  }

  /** drag-and-drop session motion */
  motion(time: number, x: number, y: number): void {
    this.event(3).uint(time).fixed(x).fixed(y).end();
  }

  /** end drag-and-drop session successfully */
  drop(): void {
    this.event(4).end();
  }

  /** advertise new selection */
  selection(id: WlDataOfferResource | null): void {
    this.event(5).uint(id?.id ?? 0).end();
  }
}

export interface WlDataDeviceEvents {
  /** introduce a new wl_data_offer */
  dataOffer(id: WlDataOfferProxy): void;
  /** initiate drag-and-drop session */
  enter(
    serial: number,
    surface: WlSurfaceProxy | null,
    x: number,
    y: number,
    id: WlDataOfferProxy | null,
  ): void;
  /** end drag-and-drop session */
  leave(): void;
  /** drag-and-drop session motion */
  motion(time: number, x: number, y: number): void;
  /** end drag-and-drop session successfully */
  drop(): void;
  /** advertise new selection */
  selection(id: WlDataOfferProxy | null): void;
}

/** Client side of wl_data_device: data transfer device */
export class WlDataDeviceProxy extends WaylandProxy<WlDataDeviceEvents> {
  static readonly interfaceName = "wl_data_device";
  static readonly interfaceVersion = 3;
  static readonly events: readonly EventSpec[] = [
    { name: "dataOffer", decode: (m) => [m.newProxy(WlDataOfferProxy)] },
    {
      name: "enter",
      decode: (
        m,
      ) => [m.uint(), m.object(WlSurfaceProxy), m.fixed(), m.fixed(), m.object(WlDataOfferProxy)],
    },
    { name: "leave", decode: () => [] },
    { name: "motion", decode: (m) => [m.uint(), m.fixed(), m.fixed()] },
    { name: "drop", decode: () => [] },
    { name: "selection", decode: (m) => [m.object(WlDataOfferProxy)] },
  ];
  /** start drag-and-drop operation */
  startDrag(
    source: WlDataSourceProxy | null,
    origin: WlSurfaceProxy | null,
    icon: WlSurfaceProxy | null,
    serial: number,
  ): void {
    this.request(0).uint(source?.id ?? 0).uint(origin?.id ?? 0).uint(icon?.id ?? 0).uint(serial)
      .end();
  }

  /** copy data to the selection */
  setSelection(source: WlDataSourceProxy | null, serial: number): void {
    this.request(1).uint(source?.id ?? 0).uint(serial).end();
  }

  /** destroy data device */
  release(): void {
    this.request(2).end();
    this.destructed();
  }
}

export const WlDataDeviceManagerDndAction = { "none": 0, "copy": 1, "move": 2, "ask": 4 } as const;

export interface WlDataDeviceManagerRequests extends ResourceHandler {
  /** create a new data source */
  createDataSource(id: WlDataSourceResource): void;
  /** create a new data device */
  getDataDevice(id: WlDataDeviceResource, seat: WlSeatResource): void;
}

/** Server side of wl_data_device_manager: data transfer interface */
export class WlDataDeviceManagerResource extends Resource<WlDataDeviceManagerRequests> {
  static readonly interfaceName = "wl_data_device_manager";
  static readonly interfaceVersion = 3;
  static readonly requests: readonly RequestSpec[] = [{
    name: "createDataSource",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WlDataSourceResource)],
  }, {
    name: "getDataDevice",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WlDataDeviceResource), m.object(WlSeatResource)],
  }];
}

export type WlDataDeviceManagerEvents = Record<never, never>;

/** Client side of wl_data_device_manager: data transfer interface */
export class WlDataDeviceManagerProxy extends WaylandProxy<WlDataDeviceManagerEvents> {
  static readonly interfaceName = "wl_data_device_manager";
  static readonly interfaceVersion = 3;
  static readonly events: readonly EventSpec[] = [];
  /** create a new data source */
  createDataSource(): WlDataSourceProxy {
    const created = this.connection.create(WlDataSourceProxy, this.version);
    this.request(0).uint(created.id).end();
    return created;
  }

  /** create a new data device */
  getDataDevice(seat: WlSeatProxy | null): WlDataDeviceProxy {
    const created = this.connection.create(WlDataDeviceProxy, this.version);
    this.request(1).uint(created.id).uint(seat?.id ?? 0).end();
    return created;
  }
}

export const WlShellError = { "role": 0 } as const;

export interface WlShellRequests extends ResourceHandler {
  /** create a shell surface from a surface */
  getShellSurface(id: WlShellSurfaceResource, surface: WlSurfaceResource): void;
}

/** Server side of wl_shell: create desktop-style surfaces */
export class WlShellResource extends Resource<WlShellRequests> {
  static readonly interfaceName = "wl_shell";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "getShellSurface",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WlShellSurfaceResource), m.object(WlSurfaceResource)],
  }];
}

export type WlShellEvents = Record<never, never>;

/** Client side of wl_shell: create desktop-style surfaces */
export class WlShellProxy extends WaylandProxy<WlShellEvents> {
  static readonly interfaceName = "wl_shell";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** create a shell surface from a surface */
  getShellSurface(surface: WlSurfaceProxy | null): WlShellSurfaceProxy {
    const created = this.connection.create(WlShellSurfaceProxy, this.version);
    this.request(0).uint(created.id).uint(surface?.id ?? 0).end();
    return created;
  }
}

export const WlShellSurfaceResize = {
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

export const WlShellSurfaceTransient = { "inactive": 1 } as const;

export const WlShellSurfaceFullscreenMethod = {
  "default": 0,
  "scale": 1,
  "driver": 2,
  "fill": 3,
} as const;

export interface WlShellSurfaceRequests extends ResourceHandler {
  /** respond to a ping event */
  pong(serial: number): void;
  /** start an interactive move */
  move(seat: WlSeatResource, serial: number): void;
  /** start an interactive resize */
  resize(seat: WlSeatResource, serial: number, edges: number): void;
  /** make the surface a toplevel surface */
  setToplevel(): void;
  /** make the surface a transient surface */
  setTransient(parent: WlSurfaceResource, x: number, y: number, flags: number): void;
  /** make the surface a fullscreen surface */
  setFullscreen(method: number, framerate: number, output: WlOutputResource | null): void;
  /** make the surface a popup surface */
  setPopup(
    seat: WlSeatResource,
    serial: number,
    parent: WlSurfaceResource,
    x: number,
    y: number,
    flags: number,
  ): void;
  /** make the surface a maximized surface */
  setMaximized(output: WlOutputResource | null): void;
  /** set surface title */
  setTitle(title: string): void;
  /** set surface class */
  setClass(className: string): void;
}

/** Server side of wl_shell_surface: desktop-style metadata interface */
export class WlShellSurfaceResource extends Resource<WlShellSurfaceRequests> {
  static readonly interfaceName = "wl_shell_surface";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [
    { name: "pong", since: 1, destructor: false, decode: (m) => [m.uint()] },
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
    { name: "setToplevel", since: 1, destructor: false, decode: () => [] },
    {
      name: "setTransient",
      since: 1,
      destructor: false,
      decode: (m) => [m.object(WlSurfaceResource), m.int(), m.int(), m.uint()],
    },
    {
      name: "setFullscreen",
      since: 1,
      destructor: false,
      decode: (m) => [m.uint(), m.uint(), m.nullableObject(WlOutputResource)],
    },
    {
      name: "setPopup",
      since: 1,
      destructor: false,
      decode: (
        m,
      ) => [
        m.object(WlSeatResource),
        m.uint(),
        m.object(WlSurfaceResource),
        m.int(),
        m.int(),
        m.uint(),
      ],
    },
    {
      name: "setMaximized",
      since: 1,
      destructor: false,
      decode: (m) => [m.nullableObject(WlOutputResource)],
    },
    { name: "setTitle", since: 1, destructor: false, decode: (m) => [m.string()] },
    { name: "setClass", since: 1, destructor: false, decode: (m) => [m.string()] },
  ];
  /** ping client */
  ping(serial: number): void {
    this.event(0).uint(serial).end();
  }

  /** suggest resize */
  configure(edges: number, width: number, height: number): void {
    this.event(1).uint(edges).int(width).int(height).end();
  }

  /** popup interaction is done */
  popupDone(): void {
    this.event(2).end();
  }
}

export interface WlShellSurfaceEvents {
  /** ping client */
  ping(serial: number): void;
  /** suggest resize */
  configure(edges: number, width: number, height: number): void;
  /** popup interaction is done */
  popupDone(): void;
}

/** Client side of wl_shell_surface: desktop-style metadata interface */
export class WlShellSurfaceProxy extends WaylandProxy<WlShellSurfaceEvents> {
  static readonly interfaceName = "wl_shell_surface";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{ name: "ping", decode: (m) => [m.uint()] }, {
    name: "configure",
    decode: (m) => [m.uint(), m.int(), m.int()],
  }, { name: "popupDone", decode: () => [] }];
  /** respond to a ping event */
  pong(serial: number): void {
    this.request(0).uint(serial).end();
  }

  /** start an interactive move */
  move(seat: WlSeatProxy | null, serial: number): void {
    this.request(1).uint(seat?.id ?? 0).uint(serial).end();
  }

  /** start an interactive resize */
  resize(seat: WlSeatProxy | null, serial: number, edges: number): void {
    this.request(2).uint(seat?.id ?? 0).uint(serial).uint(edges).end();
  }

  /** make the surface a toplevel surface */
  setToplevel(): void {
    this.request(3).end();
  }

  /** make the surface a transient surface */
  setTransient(parent: WlSurfaceProxy | null, x: number, y: number, flags: number): void {
    this.request(4).uint(parent?.id ?? 0).int(x).int(y).uint(flags).end();
  }

  /** make the surface a fullscreen surface */
  setFullscreen(method: number, framerate: number, output: WlOutputProxy | null): void {
    this.request(5).uint(method).uint(framerate).uint(output?.id ?? 0).end();
  }

  /** make the surface a popup surface */
  setPopup(
    seat: WlSeatProxy | null,
    serial: number,
    parent: WlSurfaceProxy | null,
    x: number,
    y: number,
    flags: number,
  ): void {
    this.request(6).uint(seat?.id ?? 0).uint(serial).uint(parent?.id ?? 0).int(x).int(y).uint(flags)
      .end();
  }

  /** make the surface a maximized surface */
  setMaximized(output: WlOutputProxy | null): void {
    this.request(7).uint(output?.id ?? 0).end();
  }

  /** set surface title */
  setTitle(title: string): void {
    this.request(8).string(title).end();
  }

  /** set surface class */
  setClass(className: string): void {
    this.request(9).string(className).end();
  }
}

export const WlSurfaceError = {
  "invalidScale": 0,
  "invalidTransform": 1,
  "invalidSize": 2,
  "invalidOffset": 3,
} as const;

export interface WlSurfaceRequests extends ResourceHandler {
  /** delete surface */
  destroy?(): void;
  /** set the surface contents */
  attach(buffer: WlBufferResource | null, x: number, y: number): void;
  /** mark part of the surface damaged */
  damage(x: number, y: number, width: number, height: number): void;
  /** request a frame throttling hint */
  frame(callback: WlCallbackResource): void;
  /** set opaque region */
  setOpaqueRegion(region: WlRegionResource | null): void;
  /** set input region */
  setInputRegion(region: WlRegionResource | null): void;
  /** commit pending surface state */
  commit(): void;
  /** sets the buffer transformation */
  setBufferTransform(transform: number): void;
  /** sets the buffer scaling factor */
  setBufferScale(scale: number): void;
  /** mark part of the surface damaged using buffer coordinates */
  damageBuffer(x: number, y: number, width: number, height: number): void;
  /** set the surface contents offset */
  offset(x: number, y: number): void;
}

/** Server side of wl_surface: an onscreen surface */
export class WlSurfaceResource extends Resource<WlSurfaceRequests> {
  static readonly interfaceName = "wl_surface";
  static readonly interfaceVersion = 5;
  static readonly requests: readonly RequestSpec[] = [
    { name: "destroy", since: 1, destructor: true, decode: () => [] },
    {
      name: "attach",
      since: 1,
      destructor: false,
      decode: (m) => [m.nullableObject(WlBufferResource), m.int(), m.int()],
    },
    {
      name: "damage",
      since: 1,
      destructor: false,
      decode: (m) => [m.int(), m.int(), m.int(), m.int()],
    },
    {
      name: "frame",
      since: 1,
      destructor: false,
      decode: (m) => [m.newResource(WlCallbackResource)],
    },
    {
      name: "setOpaqueRegion",
      since: 1,
      destructor: false,
      decode: (m) => [m.nullableObject(WlRegionResource)],
    },
    {
      name: "setInputRegion",
      since: 1,
      destructor: false,
      decode: (m) => [m.nullableObject(WlRegionResource)],
    },
    { name: "commit", since: 1, destructor: false, decode: () => [] },
    { name: "setBufferTransform", since: 2, destructor: false, decode: (m) => [m.int()] },
    { name: "setBufferScale", since: 3, destructor: false, decode: (m) => [m.int()] },
    {
      name: "damageBuffer",
      since: 4,
      destructor: false,
      decode: (m) => [m.int(), m.int(), m.int(), m.int()],
    },
    { name: "offset", since: 5, destructor: false, decode: (m) => [m.int(), m.int()] },
  ];
  /** surface enters an output */
  enter(output: WlOutputResource | null): void {
    this.event(0).uint(output?.id ?? 0).end();
  }

  /** surface leaves an output */
  leave(output: WlOutputResource | null): void {
    this.event(1).uint(output?.id ?? 0).end();
  }
}

export interface WlSurfaceEvents {
  /** surface enters an output */
  enter(output: WlOutputProxy | null): void;
  /** surface leaves an output */
  leave(output: WlOutputProxy | null): void;
}

/** Client side of wl_surface: an onscreen surface */
export class WlSurfaceProxy extends WaylandProxy<WlSurfaceEvents> {
  static readonly interfaceName = "wl_surface";
  static readonly interfaceVersion = 5;
  static readonly events: readonly EventSpec[] = [{
    name: "enter",
    decode: (m) => [m.object(WlOutputProxy)],
  }, { name: "leave", decode: (m) => [m.object(WlOutputProxy)] }];
  /** delete surface */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** set the surface contents */
  attach(buffer: WlBufferProxy | null, x: number, y: number): void {
    this.request(1).uint(buffer?.id ?? 0).int(x).int(y).end();
  }

  /** mark part of the surface damaged */
  damage(x: number, y: number, width: number, height: number): void {
    this.request(2).int(x).int(y).int(width).int(height).end();
  }

  /** request a frame throttling hint */
  frame(): WlCallbackProxy {
    const created = this.connection.create(WlCallbackProxy, this.version);
    this.request(3).uint(created.id).end();
    return created;
  }

  /** set opaque region */
  setOpaqueRegion(region: WlRegionProxy | null): void {
    this.request(4).uint(region?.id ?? 0).end();
  }

  /** set input region */
  setInputRegion(region: WlRegionProxy | null): void {
    this.request(5).uint(region?.id ?? 0).end();
  }

  /** commit pending surface state */
  commit(): void {
    this.request(6).end();
  }

  /** sets the buffer transformation */
  setBufferTransform(transform: number): void {
    this.request(7).int(transform).end();
  }

  /** sets the buffer scaling factor */
  setBufferScale(scale: number): void {
    this.request(8).int(scale).end();
  }

  /** mark part of the surface damaged using buffer coordinates */
  damageBuffer(x: number, y: number, width: number, height: number): void {
    this.request(9).int(x).int(y).int(width).int(height).end();
  }

  /** set the surface contents offset */
  offset(x: number, y: number): void {
    this.request(10).int(x).int(y).end();
  }
}

export const WlSeatCapability = { "pointer": 1, "keyboard": 2, "touch": 4 } as const;

export const WlSeatError = { "missingCapability": 0 } as const;

export interface WlSeatRequests extends ResourceHandler {
  /** return pointer object */
  getPointer(id: WlPointerResource): void;
  /** return keyboard object */
  getKeyboard(id: WlKeyboardResource): void;
  /** return touch object */
  getTouch(id: WlTouchResource): void;
  /** release the seat object */
  release?(): void;
}

/** Server side of wl_seat: group of input devices */
export class WlSeatResource extends Resource<WlSeatRequests> {
  static readonly interfaceName = "wl_seat";
  static readonly interfaceVersion = 8;
  static readonly requests: readonly RequestSpec[] = [{
    name: "getPointer",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WlPointerResource)],
  }, {
    name: "getKeyboard",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WlKeyboardResource)],
  }, {
    name: "getTouch",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(WlTouchResource)],
  }, { name: "release", since: 5, destructor: true, decode: () => [] }];
  /** seat capabilities changed */
  capabilities(capabilities: number): void {
    this.event(0).uint(capabilities).end();
  }

  /** unique identifier for this seat. Sent from version 2 on. */
  name(name: string): void {
    if (this.version < 2) return;
    this.event(1).string(name).end();
  }
}

export interface WlSeatEvents {
  /** seat capabilities changed */
  capabilities(capabilities: number): void;
  /** unique identifier for this seat */
  name(name: string): void;
}

/** Client side of wl_seat: group of input devices */
export class WlSeatProxy extends WaylandProxy<WlSeatEvents> {
  static readonly interfaceName = "wl_seat";
  static readonly interfaceVersion = 8;
  static readonly events: readonly EventSpec[] = [{
    name: "capabilities",
    decode: (m) => [m.uint()],
  }, { name: "name", decode: (m) => [m.string()] }];
  /** return pointer object */
  getPointer(): WlPointerProxy {
    const created = this.connection.create(WlPointerProxy, this.version);
    this.request(0).uint(created.id).end();
    return created;
  }

  /** return keyboard object */
  getKeyboard(): WlKeyboardProxy {
    const created = this.connection.create(WlKeyboardProxy, this.version);
    this.request(1).uint(created.id).end();
    return created;
  }

  /** return touch object */
  getTouch(): WlTouchProxy {
    const created = this.connection.create(WlTouchProxy, this.version);
    this.request(2).uint(created.id).end();
    return created;
  }

  /** release the seat object */
  release(): void {
    this.request(3).end();
    this.destructed();
  }
}

export const WlPointerError = { "role": 0 } as const;

export const WlPointerButtonState = { "released": 0, "pressed": 1 } as const;

export const WlPointerAxis = { "verticalScroll": 0, "horizontalScroll": 1 } as const;

export const WlPointerAxisSource = {
  "wheel": 0,
  "finger": 1,
  "continuous": 2,
  "wheelTilt": 3,
} as const;

export interface WlPointerRequests extends ResourceHandler {
  /** set the pointer surface */
  setCursor(
    serial: number,
    surface: WlSurfaceResource | null,
    hotspotX: number,
    hotspotY: number,
  ): void;
  /** release the pointer object */
  release?(): void;
}

/** Server side of wl_pointer: pointer input device */
export class WlPointerResource extends Resource<WlPointerRequests> {
  static readonly interfaceName = "wl_pointer";
  static readonly interfaceVersion = 8;
  static readonly requests: readonly RequestSpec[] = [{
    name: "setCursor",
    since: 1,
    destructor: false,
    decode: (m) => [m.uint(), m.nullableObject(WlSurfaceResource), m.int(), m.int()],
  }, { name: "release", since: 3, destructor: true, decode: () => [] }];
  /** enter event */
  enter(
    serial: number,
    surface: WlSurfaceResource | null,
    surfaceX: number,
    surfaceY: number,
  ): void {
    this.event(0).uint(serial).uint(surface?.id ?? 0).fixed(surfaceX).fixed(surfaceY).end();
  }

  /** leave event */
  leave(serial: number, surface: WlSurfaceResource | null): void {
    this.event(1).uint(serial).uint(surface?.id ?? 0).end();
  }

  /** pointer motion event */
  motion(time: number, surfaceX: number, surfaceY: number): void {
    this.event(2).uint(time).fixed(surfaceX).fixed(surfaceY).end();
  }

  /** pointer button event */
  button(serial: number, time: number, button: number, state: number): void {
    this.event(3).uint(serial).uint(time).uint(button).uint(state).end();
  }

  /** axis event */
  axis(time: number, axis: number, value: number): void {
    this.event(4).uint(time).uint(axis).fixed(value).end();
  }

  /** end of a pointer event sequence. Sent from version 5 on. */
  frame(): void {
    if (this.version < 5) return;
    this.event(5).end();
  }

  /** axis source event. Sent from version 5 on. */
  axisSource(axisSource: number): void {
    if (this.version < 5) return;
    this.event(6).uint(axisSource).end();
  }

  /** axis stop event. Sent from version 5 on. */
  axisStop(time: number, axis: number): void {
    if (this.version < 5) return;
    this.event(7).uint(time).uint(axis).end();
  }

  /** axis click event. Sent from version 5 on. */
  axisDiscrete(axis: number, discrete: number): void {
    if (this.version < 5) return;
    this.event(8).uint(axis).int(discrete).end();
  }

  /** axis high-resolution scroll event. Sent from version 8 on. */
  axisValue120(axis: number, value120: number): void {
    if (this.version < 8) return;
    this.event(9).uint(axis).int(value120).end();
  }
}

export interface WlPointerEvents {
  /** enter event */
  enter(serial: number, surface: WlSurfaceProxy | null, surfaceX: number, surfaceY: number): void;
  /** leave event */
  leave(serial: number, surface: WlSurfaceProxy | null): void;
  /** pointer motion event */
  motion(time: number, surfaceX: number, surfaceY: number): void;
  /** pointer button event */
  button(serial: number, time: number, button: number, state: number): void;
  /** axis event */
  axis(time: number, axis: number, value: number): void;
  /** end of a pointer event sequence */
  frame(): void;
  /** axis source event */
  axisSource(axisSource: number): void;
  /** axis stop event */
  axisStop(time: number, axis: number): void;
  /** axis click event */
  axisDiscrete(axis: number, discrete: number): void;
  /** axis high-resolution scroll event */
  axisValue120(axis: number, value120: number): void;
}

/** Client side of wl_pointer: pointer input device */
export class WlPointerProxy extends WaylandProxy<WlPointerEvents> {
  static readonly interfaceName = "wl_pointer";
  static readonly interfaceVersion = 8;
  static readonly events: readonly EventSpec[] = [
    { name: "enter", decode: (m) => [m.uint(), m.object(WlSurfaceProxy), m.fixed(), m.fixed()] },
    { name: "leave", decode: (m) => [m.uint(), m.object(WlSurfaceProxy)] },
    { name: "motion", decode: (m) => [m.uint(), m.fixed(), m.fixed()] },
    { name: "button", decode: (m) => [m.uint(), m.uint(), m.uint(), m.uint()] },
    { name: "axis", decode: (m) => [m.uint(), m.uint(), m.fixed()] },
    { name: "frame", decode: () => [] },
    { name: "axisSource", decode: (m) => [m.uint()] },
    { name: "axisStop", decode: (m) => [m.uint(), m.uint()] },
    { name: "axisDiscrete", decode: (m) => [m.uint(), m.int()] },
    { name: "axisValue120", decode: (m) => [m.uint(), m.int()] },
  ];
  /** set the pointer surface */
  setCursor(
    serial: number,
    surface: WlSurfaceProxy | null,
    hotspotX: number,
    hotspotY: number,
  ): void {
    this.request(0).uint(serial).uint(surface?.id ?? 0).int(hotspotX).int(hotspotY).end();
  }

  /** release the pointer object */
  release(): void {
    this.request(1).end();
    this.destructed();
  }
}

export const WlKeyboardKeymapFormat = { "noKeymap": 0, "xkbV1": 1 } as const;

export const WlKeyboardKeyState = { "released": 0, "pressed": 1 } as const;

export interface WlKeyboardRequests extends ResourceHandler {
  /** release the keyboard object */
  release?(): void;
}

/** Server side of wl_keyboard: keyboard input device */
export class WlKeyboardResource extends Resource<WlKeyboardRequests> {
  static readonly interfaceName = "wl_keyboard";
  static readonly interfaceVersion = 8;
  static readonly requests: readonly RequestSpec[] = [{
    name: "release",
    since: 3,
    destructor: true,
    decode: () => [],
  }];
  /** keyboard mapping */
  keymap(format: number, fd: number, size: number): void {
    this.event(0).uint(format).fd(fd).uint(size).end();
  }

  /** enter event */
  enter(serial: number, surface: WlSurfaceResource | null, keys: Uint8Array): void {
    this.event(1).uint(serial).uint(surface?.id ?? 0).array(keys).end();
  }

  /** leave event */
  leave(serial: number, surface: WlSurfaceResource | null): void {
    this.event(2).uint(serial).uint(surface?.id ?? 0).end();
  }

  /** key event */
  key(serial: number, time: number, key: number, state: number): void {
    this.event(3).uint(serial).uint(time).uint(key).uint(state).end();
  }

  /** modifier and group state */
  modifiers(
    serial: number,
    modsDepressed: number,
    modsLatched: number,
    modsLocked: number,
    group: number,
  ): void {
    this.event(4).uint(serial).uint(modsDepressed).uint(modsLatched).uint(modsLocked).uint(group)
      .end();
  }

  /** repeat rate and delay. Sent from version 4 on. */
  repeatInfo(rate: number, delay: number): void {
    if (this.version < 4) return;
    this.event(5).int(rate).int(delay).end();
  }
}

export interface WlKeyboardEvents {
  /** keyboard mapping */
  keymap(format: number, fd: number, size: number): void;
  /** enter event */
  enter(serial: number, surface: WlSurfaceProxy | null, keys: Uint8Array): void;
  /** leave event */
  leave(serial: number, surface: WlSurfaceProxy | null): void;
  /** key event */
  key(serial: number, time: number, key: number, state: number): void;
  /** modifier and group state */
  modifiers(
    serial: number,
    modsDepressed: number,
    modsLatched: number,
    modsLocked: number,
    group: number,
  ): void;
  /** repeat rate and delay */
  repeatInfo(rate: number, delay: number): void;
}

/** Client side of wl_keyboard: keyboard input device */
export class WlKeyboardProxy extends WaylandProxy<WlKeyboardEvents> {
  static readonly interfaceName = "wl_keyboard";
  static readonly interfaceVersion = 8;
  static readonly events: readonly EventSpec[] = [
    { name: "keymap", decode: (m) => [m.uint(), m.fd(), m.uint()] },
    { name: "enter", decode: (m) => [m.uint(), m.object(WlSurfaceProxy), m.array()] },
    { name: "leave", decode: (m) => [m.uint(), m.object(WlSurfaceProxy)] },
    { name: "key", decode: (m) => [m.uint(), m.uint(), m.uint(), m.uint()] },
    { name: "modifiers", decode: (m) => [m.uint(), m.uint(), m.uint(), m.uint(), m.uint()] },
    { name: "repeatInfo", decode: (m) => [m.int(), m.int()] },
  ];
  /** release the keyboard object */
  release(): void {
    this.request(0).end();
    this.destructed();
  }
}

export interface WlTouchRequests extends ResourceHandler {
  /** release the touch object */
  release?(): void;
}

/** Server side of wl_touch: touchscreen input device */
export class WlTouchResource extends Resource<WlTouchRequests> {
  static readonly interfaceName = "wl_touch";
  static readonly interfaceVersion = 8;
  static readonly requests: readonly RequestSpec[] = [{
    name: "release",
    since: 3,
    destructor: true,
    decode: () => [],
  }];
  /** touch down event and beginning of a touch sequence */
  down(
    serial: number,
    time: number,
    surface: WlSurfaceResource | null,
    id: number,
    x: number,
    y: number,
  ): void {
    this.event(0).uint(serial).uint(time).uint(surface?.id ?? 0).int(id).fixed(x).fixed(y).end();
  }

  /** end of a touch event sequence */
  up(serial: number, time: number, id: number): void {
    this.event(1).uint(serial).uint(time).int(id).end();
  }

  /** update of touch point coordinates */
  motion(time: number, id: number, x: number, y: number): void {
    this.event(2).uint(time).int(id).fixed(x).fixed(y).end();
  }

  /** end of touch frame event */
  frame(): void {
    this.event(3).end();
  }

  /** touch session cancelled */
  cancel(): void {
    this.event(4).end();
  }

  /** update shape of touch point. Sent from version 6 on. */
  shape(id: number, major: number, minor: number): void {
    if (this.version < 6) return;
    this.event(5).int(id).fixed(major).fixed(minor).end();
  }

  /** update orientation of touch point. Sent from version 6 on. */
  orientation(id: number, orientation: number): void {
    if (this.version < 6) return;
    this.event(6).int(id).fixed(orientation).end();
  }
}

export interface WlTouchEvents {
  /** touch down event and beginning of a touch sequence */
  down(
    serial: number,
    time: number,
    surface: WlSurfaceProxy | null,
    id: number,
    x: number,
    y: number,
  ): void;
  /** end of a touch event sequence */
  up(serial: number, time: number, id: number): void;
  /** update of touch point coordinates */
  motion(time: number, id: number, x: number, y: number): void;
  /** end of touch frame event */
  frame(): void;
  /** touch session cancelled */
  cancel(): void;
  /** update shape of touch point */
  shape(id: number, major: number, minor: number): void;
  /** update orientation of touch point */
  orientation(id: number, orientation: number): void;
}

/** Client side of wl_touch: touchscreen input device */
export class WlTouchProxy extends WaylandProxy<WlTouchEvents> {
  static readonly interfaceName = "wl_touch";
  static readonly interfaceVersion = 8;
  static readonly events: readonly EventSpec[] = [
    {
      name: "down",
      decode: (m) => [m.uint(), m.uint(), m.object(WlSurfaceProxy), m.int(), m.fixed(), m.fixed()],
    },
    { name: "up", decode: (m) => [m.uint(), m.uint(), m.int()] },
    { name: "motion", decode: (m) => [m.uint(), m.int(), m.fixed(), m.fixed()] },
    { name: "frame", decode: () => [] },
    { name: "cancel", decode: () => [] },
    { name: "shape", decode: (m) => [m.int(), m.fixed(), m.fixed()] },
    { name: "orientation", decode: (m) => [m.int(), m.fixed()] },
  ];
  /** release the touch object */
  release(): void {
    this.request(0).end();
    this.destructed();
  }
}

export const WlOutputSubpixel = {
  "unknown": 0,
  "none": 1,
  "horizontalRgb": 2,
  "horizontalBgr": 3,
  "verticalRgb": 4,
  "verticalBgr": 5,
} as const;

export const WlOutputTransform = {
  "normal": 0,
  "90": 1,
  "180": 2,
  "270": 3,
  "flipped": 4,
  "flipped90": 5,
  "flipped180": 6,
  "flipped270": 7,
} as const;

export const WlOutputMode = { "current": 1, "preferred": 2 } as const;

export interface WlOutputRequests extends ResourceHandler {
  /** release the output object */
  release?(): void;
}

/** Server side of wl_output: compositor output region */
export class WlOutputResource extends Resource<WlOutputRequests> {
  static readonly interfaceName = "wl_output";
  static readonly interfaceVersion = 4;
  static readonly requests: readonly RequestSpec[] = [{
    name: "release",
    since: 3,
    destructor: true,
    decode: () => [],
  }];
  /** properties of the output */
  geometry(
    x: number,
    y: number,
    physicalWidth: number,
    physicalHeight: number,
    subpixel: number,
    make: string,
    model: string,
    transform: number,
  ): void {
    this.event(0).int(x).int(y).int(physicalWidth).int(physicalHeight).int(subpixel).string(make)
      .string(model).int(transform).end();
  }

  /** advertise available modes for the output */
  mode(flags: number, width: number, height: number, refresh: number): void {
    this.event(1).uint(flags).int(width).int(height).int(refresh).end();
  }

  /** sent all information about output. Sent from version 2 on. */
  done(): void {
    if (this.version < 2) return;
    this.event(2).end();
  }

  /** output scaling properties. Sent from version 2 on. */
  scale(factor: number): void {
    if (this.version < 2) return;
    this.event(3).int(factor).end();
  }

  /** name of this output. Sent from version 4 on. */
  name(name: string): void {
    if (this.version < 4) return;
    this.event(4).string(name).end();
  }

  /** human-readable description of this output. Sent from version 4 on. */
  description(description: string): void {
    if (this.version < 4) return;
    this.event(5).string(description).end();
  }
}

export interface WlOutputEvents {
  /** properties of the output */
  geometry(
    x: number,
    y: number,
    physicalWidth: number,
    physicalHeight: number,
    subpixel: number,
    make: string,
    model: string,
    transform: number,
  ): void;
  /** advertise available modes for the output */
  mode(flags: number, width: number, height: number, refresh: number): void;
  /** sent all information about output */
  done(): void;
  /** output scaling properties */
  scale(factor: number): void;
  /** name of this output */
  name(name: string): void;
  /** human-readable description of this output */
  description(description: string): void;
}

/** Client side of wl_output: compositor output region */
export class WlOutputProxy extends WaylandProxy<WlOutputEvents> {
  static readonly interfaceName = "wl_output";
  static readonly interfaceVersion = 4;
  static readonly events: readonly EventSpec[] = [
    {
      name: "geometry",
      decode: (m) => [m.int(), m.int(), m.int(), m.int(), m.int(), m.string(), m.string(), m.int()],
    },
    { name: "mode", decode: (m) => [m.uint(), m.int(), m.int(), m.int()] },
    { name: "done", decode: () => [] },
    { name: "scale", decode: (m) => [m.int()] },
    { name: "name", decode: (m) => [m.string()] },
    { name: "description", decode: (m) => [m.string()] },
  ];
  /** release the output object */
  release(): void {
    this.request(0).end();
    this.destructed();
  }
}

export interface WlRegionRequests extends ResourceHandler {
  /** destroy region */
  destroy?(): void;
  /** add rectangle to region */
  add(x: number, y: number, width: number, height: number): void;
  /** subtract rectangle from region */
  subtract(x: number, y: number, width: number, height: number): void;
}

/** Server side of wl_region: region interface */
export class WlRegionResource extends Resource<WlRegionRequests> {
  static readonly interfaceName = "wl_region";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "add",
    since: 1,
    destructor: false,
    decode: (m) => [m.int(), m.int(), m.int(), m.int()],
  }, {
    name: "subtract",
    since: 1,
    destructor: false,
    decode: (m) => [m.int(), m.int(), m.int(), m.int()],
  }];
}

export type WlRegionEvents = Record<never, never>;

/** Client side of wl_region: region interface */
export class WlRegionProxy extends WaylandProxy<WlRegionEvents> {
  static readonly interfaceName = "wl_region";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** destroy region */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** add rectangle to region */
  add(x: number, y: number, width: number, height: number): void {
    this.request(1).int(x).int(y).int(width).int(height).end();
  }

  /** subtract rectangle from region */
  subtract(x: number, y: number, width: number, height: number): void {
    this.request(2).int(x).int(y).int(width).int(height).end();
  }
}

export const WlSubcompositorError = { "badSurface": 0 } as const;

export interface WlSubcompositorRequests extends ResourceHandler {
  /** unbind from the subcompositor interface */
  destroy?(): void;
  /** give a surface the role sub-surface */
  getSubsurface(
    id: WlSubsurfaceResource,
    surface: WlSurfaceResource,
    parent: WlSurfaceResource,
  ): void;
}

/** Server side of wl_subcompositor: sub-surface compositing */
export class WlSubcompositorResource extends Resource<WlSubcompositorRequests> {
  static readonly interfaceName = "wl_subcompositor";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "getSubsurface",
    since: 1,
    destructor: false,
    decode: (
      m,
    ) => [
      m.newResource(WlSubsurfaceResource),
      m.object(WlSurfaceResource),
      m.object(WlSurfaceResource),
    ],
  }];
}

export type WlSubcompositorEvents = Record<never, never>;

/** Client side of wl_subcompositor: sub-surface compositing */
export class WlSubcompositorProxy extends WaylandProxy<WlSubcompositorEvents> {
  static readonly interfaceName = "wl_subcompositor";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** unbind from the subcompositor interface */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** give a surface the role sub-surface */
  getSubsurface(surface: WlSurfaceProxy | null, parent: WlSurfaceProxy | null): WlSubsurfaceProxy {
    const created = this.connection.create(WlSubsurfaceProxy, this.version);
    this.request(1).uint(created.id).uint(surface?.id ?? 0).uint(parent?.id ?? 0).end();
    return created;
  }
}

export const WlSubsurfaceError = { "badSurface": 0 } as const;

export interface WlSubsurfaceRequests extends ResourceHandler {
  /** remove sub-surface interface */
  destroy?(): void;
  /** reposition the sub-surface */
  setPosition(x: number, y: number): void;
  /** restack the sub-surface */
  placeAbove(sibling: WlSurfaceResource): void;
  /** restack the sub-surface */
  placeBelow(sibling: WlSurfaceResource): void;
  /** set sub-surface to synchronized mode */
  setSync(): void;
  /** set sub-surface to desynchronized mode */
  setDesync(): void;
}

/** Server side of wl_subsurface: sub-surface interface to a wl_surface */
export class WlSubsurfaceResource extends Resource<WlSubsurfaceRequests> {
  static readonly interfaceName = "wl_subsurface";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [
    { name: "destroy", since: 1, destructor: true, decode: () => [] },
    { name: "setPosition", since: 1, destructor: false, decode: (m) => [m.int(), m.int()] },
    {
      name: "placeAbove",
      since: 1,
      destructor: false,
      decode: (m) => [m.object(WlSurfaceResource)],
    },
    {
      name: "placeBelow",
      since: 1,
      destructor: false,
      decode: (m) => [m.object(WlSurfaceResource)],
    },
    { name: "setSync", since: 1, destructor: false, decode: () => [] },
    { name: "setDesync", since: 1, destructor: false, decode: () => [] },
  ];
}

export type WlSubsurfaceEvents = Record<never, never>;

/** Client side of wl_subsurface: sub-surface interface to a wl_surface */
export class WlSubsurfaceProxy extends WaylandProxy<WlSubsurfaceEvents> {
  static readonly interfaceName = "wl_subsurface";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** remove sub-surface interface */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** reposition the sub-surface */
  setPosition(x: number, y: number): void {
    this.request(1).int(x).int(y).end();
  }

  /** restack the sub-surface */
  placeAbove(sibling: WlSurfaceProxy | null): void {
    this.request(2).uint(sibling?.id ?? 0).end();
  }

  /** restack the sub-surface */
  placeBelow(sibling: WlSurfaceProxy | null): void {
    this.request(3).uint(sibling?.id ?? 0).end();
  }

  /** set sub-surface to synchronized mode */
  setSync(): void {
    this.request(4).end();
  }

  /** set sub-surface to desynchronized mode */
  setDesync(): void {
    this.request(5).end();
  }
}
