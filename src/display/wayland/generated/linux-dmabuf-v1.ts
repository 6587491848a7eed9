// Generated from protocols/linux-dmabuf-v1.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import { WlBufferProxy, WlBufferResource, WlSurfaceProxy, WlSurfaceResource } from "./wayland.ts";

export interface ZwpLinuxDmabufV1Requests extends ResourceHandler {
  /** unbind the factory */
  destroy?(): void;
  /** create a temporary object for buffer parameters */
  createParams(paramsId: ZwpLinuxBufferParamsV1Resource): void;
  /** get default feedback */
  getDefaultFeedback(id: ZwpLinuxDmabufFeedbackV1Resource): void;
  /** get feedback for a surface */
  getSurfaceFeedback(id: ZwpLinuxDmabufFeedbackV1Resource, surface: WlSurfaceResource): void;
}

/** Server side of zwp_linux_dmabuf_v1: factory for creating dmabuf-based wl_buffers */
export class ZwpLinuxDmabufV1Resource extends Resource<ZwpLinuxDmabufV1Requests> {
  static readonly interfaceName = "zwp_linux_dmabuf_v1";
  static readonly interfaceVersion = 5;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "createParams",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(ZwpLinuxBufferParamsV1Resource)],
  }, {
    name: "getDefaultFeedback",
    since: 4,
    destructor: false,
    decode: (m) => [m.newResource(ZwpLinuxDmabufFeedbackV1Resource)],
  }, {
    name: "getSurfaceFeedback",
    since: 4,
    destructor: false,
    decode: (m) => [m.newResource(ZwpLinuxDmabufFeedbackV1Resource), m.object(WlSurfaceResource)],
  }];
  /** supported buffer format */
  format(format: number): void {
    this.event(0).uint(format).end();
  }

  /** supported buffer format modifier. Sent from version 3 on. */
  modifier(format: number, modifierHi: number, modifierLo: number): void {
    if (this.version < 3) return;
    this.event(1).uint(format).uint(modifierHi).uint(modifierLo).end();
  }
}

export interface ZwpLinuxDmabufV1Events {
  /** supported buffer format */
  format(format: number): void;
  /** supported buffer format modifier */
  modifier(format: number, modifierHi: number, modifierLo: number): void;
}

/** Client side of zwp_linux_dmabuf_v1: factory for creating dmabuf-based wl_buffers */
export class ZwpLinuxDmabufV1Proxy extends WaylandProxy<ZwpLinuxDmabufV1Events> {
  static readonly interfaceName = "zwp_linux_dmabuf_v1";
  static readonly interfaceVersion = 5;
  static readonly events: readonly EventSpec[] = [{ name: "format", decode: (m) => [m.uint()] }, {
    name: "modifier",
    decode: (m) => [m.uint(), m.uint(), m.uint()],
  }];
  /** unbind the factory */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** create a temporary object for buffer parameters */
  createParams(): ZwpLinuxBufferParamsV1Proxy {
    const created = this.connection.create(ZwpLinuxBufferParamsV1Proxy, this.version);
    this.request(1).uint(created.id).end();
    return created;
  }

  /** get default feedback */
  getDefaultFeedback(): ZwpLinuxDmabufFeedbackV1Proxy {
    const created = this.connection.create(ZwpLinuxDmabufFeedbackV1Proxy, this.version);
    this.request(2).uint(created.id).end();
    return created;
  }

  /** get feedback for a surface */
  getSurfaceFeedback(surface: WlSurfaceProxy | null): ZwpLinuxDmabufFeedbackV1Proxy {
    const created = this.connection.create(ZwpLinuxDmabufFeedbackV1Proxy, this.version);
    this.request(3).uint(created.id).uint(surface?.id ?? 0).end();
    return created;
  }
}

export const ZwpLinuxBufferParamsV1Error = {
  "alreadyUsed": 0,
  "planeIdx": 1,
  "planeSet": 2,
  "incomplete": 3,
  "invalidFormat": 4,
  "invalidDimensions": 5,
  "outOfBounds": 6,
  "invalidWlBuffer": 7,
} as const;

export const ZwpLinuxBufferParamsV1Flags = {
  "yInvert": 1,
  "interlaced": 2,
  "bottomFirst": 4,
} as const;

export interface ZwpLinuxBufferParamsV1Requests extends ResourceHandler {
  /** delete this object, used or not */
  destroy?(): void;
  /** add a dmabuf to the temporary set */
  add(
    fd: number,
    planeIdx: number,
    offset: number,
    stride: number,
    modifierHi: number,
    modifierLo: number,
  ): void;
  /** create a wl_buffer from the given dmabufs */
  create(width: number, height: number, format: number, flags: number): void;
  /** immediately create a wl_buffer from the given dmabufs */
  createImmed(
    bufferId: WlBufferResource,
    width: number,
    height: number,
    format: number,
    flags: number,
  ): void;
}

/** Server side of zwp_linux_buffer_params_v1: parameters for creating a dmabuf-based wl_buffer */
export class ZwpLinuxBufferParamsV1Resource extends Resource<ZwpLinuxBufferParamsV1Requests> {
  static readonly interfaceName = "zwp_linux_buffer_params_v1";
  static readonly interfaceVersion = 5;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "add",
    since: 1,
    destructor: false,
    decode: (m) => [m.fd(), m.uint(), m.uint(), m.uint(), m.uint(), m.uint()],
  }, {
    name: "create",
    since: 1,
    destructor: false,
    decode: (m) => [m.int(), m.int(), m.uint(), m.uint()],
  }, {
    name: "createImmed",
    since: 2,
    destructor: false,
    decode: (m) => [m.newResource(WlBufferResource), m.int(), m.int(), m.uint(), m.uint()],
  }];
  /** buffer creation succeeded */
  created(buffer: WlBufferResource): void {
    this.event(0).uint(buffer.id).end();
  }

  /** buffer creation failed */
  failed(): void {
    this.event(1).end();
  }
}

export interface ZwpLinuxBufferParamsV1Events {
  /** buffer creation succeeded */
  created(buffer: WlBufferProxy): void;
  /** buffer creation failed */
  failed(): void;
}

/** Client side of zwp_linux_buffer_params_v1: parameters for creating a dmabuf-based wl_buffer */
export class ZwpLinuxBufferParamsV1Proxy extends WaylandProxy<ZwpLinuxBufferParamsV1Events> {
  static readonly interfaceName = "zwp_linux_buffer_params_v1";
  static readonly interfaceVersion = 5;
  static readonly events: readonly EventSpec[] = [{
    name: "created",
    decode: (m) => [m.newProxy(WlBufferProxy)],
  }, { name: "failed", decode: () => [] }];
  /** delete this object, used or not */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** add a dmabuf to the temporary set */
  add(
    fd: number,
    planeIdx: number,
    offset: number,
    stride: number,
    modifierHi: number,
    modifierLo: number,
  ): void {
    this.request(1).fd(fd).uint(planeIdx).uint(offset).uint(stride).uint(modifierHi).uint(
      modifierLo,
    ).end();
  }

  /** create a wl_buffer from the given dmabufs */
  create(width: number, height: number, format: number, flags: number): void {
    this.request(2).int(width).int(height).uint(format).uint(flags).end();
  }

  /** immediately create a wl_buffer from the given dmabufs */
  createImmed(width: number, height: number, format: number, flags: number): WlBufferProxy {
    const created = this.connection.create(WlBufferProxy, this.version);
    this.request(3).uint(created.id).int(width).int(height).uint(format).uint(flags).end();
    return created;
  }
}

export const ZwpLinuxDmabufFeedbackV1TrancheFlags = { "scanout": 1 } as const;

export interface ZwpLinuxDmabufFeedbackV1Requests extends ResourceHandler {
  /** destroy the feedback object */
  destroy?(): void;
}

/** Server side of zwp_linux_dmabuf_feedback_v1: dmabuf feedback */
export class ZwpLinuxDmabufFeedbackV1Resource extends Resource<ZwpLinuxDmabufFeedbackV1Requests> {
  static readonly interfaceName = "zwp_linux_dmabuf_feedback_v1";
  static readonly interfaceVersion = 5;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }];
  /** all feedback has been sent */
  done(): void {
    this.event(0).end();
  }

  /** format and modifier table */
  formatTable(fd: number, size: number): void {
    this.event(1).fd(fd).uint(size).end();
  }

  /** preferred main device */
  mainDevice(device: Uint8Array): void {
    this.event(2).array(device).end();
  }

  /** a preference tranche has been sent */
  trancheDone(): void {
    this.event(3).end();
  }

  /** target device */
  trancheTargetDevice(device: Uint8Array): void {
    this.event(4).array(device).end();
  }

  /** supported buffer format modifier */
  trancheFormats(indices: Uint8Array): void {
    this.event(5).array(indices).end();
  }

  /** tranche flags */
  trancheFlags(flags: number): void {
    this.event(6).uint(flags).end();
  }
}

export interface ZwpLinuxDmabufFeedbackV1Events {
  /** all feedback has been sent */
  done(): void;
  /** format and modifier table */
  formatTable(fd: number, size: number): void;
  /** preferred main device */
  mainDevice(device: Uint8Array): void;
  /** a preference tranche has been sent */
  trancheDone(): void;
  /** target device */
  trancheTargetDevice(device: Uint8Array): void;
  /** supported buffer format modifier */
  trancheFormats(indices: Uint8Array): void;
  /** tranche flags */
  trancheFlags(flags: number): void;
}

/** Client side of zwp_linux_dmabuf_feedback_v1: dmabuf feedback */
export class ZwpLinuxDmabufFeedbackV1Proxy extends WaylandProxy<ZwpLinuxDmabufFeedbackV1Events> {
  static readonly interfaceName = "zwp_linux_dmabuf_feedback_v1";
  static readonly interfaceVersion = 5;
  static readonly events: readonly EventSpec[] = [
    { name: "done", decode: () => [] },
    { name: "formatTable", decode: (m) => [m.fd(), m.uint()] },
    { name: "mainDevice", decode: (m) => [m.array()] },
    { name: "trancheDone", decode: () => [] },
    { name: "trancheTargetDevice", decode: (m) => [m.array()] },
    { name: "trancheFormats", decode: (m) => [m.array()] },
    { name: "trancheFlags", decode: (m) => [m.uint()] },
  ];
  /** destroy the feedback object */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }
}
