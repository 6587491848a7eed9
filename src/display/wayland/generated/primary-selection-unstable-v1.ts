// Generated from protocols/primary-selection-unstable-v1.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import { WlSeatProxy, WlSeatResource } from "./wayland.ts";

export interface ZwpPrimarySelectionDeviceManagerV1Requests extends ResourceHandler {
  /** create a new primary selection source */
  createSource(id: ZwpPrimarySelectionSourceV1Resource): void;
  /** create a new primary selection device */
  getDevice(id: ZwpPrimarySelectionDeviceV1Resource, seat: WlSeatResource): void;
  /** destroy the primary selection device manager */
  destroy?(): void;
}

/** Server side of zwp_primary_selection_device_manager_v1: X primary selection emulation */
export class ZwpPrimarySelectionDeviceManagerV1Resource
  extends Resource<ZwpPrimarySelectionDeviceManagerV1Requests> {
  static readonly interfaceName = "zwp_primary_selection_device_manager_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "createSource",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(ZwpPrimarySelectionSourceV1Resource)],
  }, {
    name: "getDevice",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(ZwpPrimarySelectionDeviceV1Resource), m.object(WlSeatResource)],
  }, { name: "destroy", since: 1, destructor: true, decode: () => [] }];
}

export type ZwpPrimarySelectionDeviceManagerV1Events = Record<never, never>;

/** Client side of zwp_primary_selection_device_manager_v1: X primary selection emulation */
export class ZwpPrimarySelectionDeviceManagerV1Proxy
  extends WaylandProxy<ZwpPrimarySelectionDeviceManagerV1Events> {
  static readonly interfaceName = "zwp_primary_selection_device_manager_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** create a new primary selection source */
  createSource(): ZwpPrimarySelectionSourceV1Proxy {
    const created = this.connection.create(ZwpPrimarySelectionSourceV1Proxy, this.version);
    this.request(0).uint(created.id).end();
    return created;
  }

  /** create a new primary selection device */
  getDevice(seat: WlSeatProxy | null): ZwpPrimarySelectionDeviceV1Proxy {
    const created = this.connection.create(ZwpPrimarySelectionDeviceV1Proxy, this.version);
    this.request(1).uint(created.id).uint(seat?.id ?? 0).end();
    return created;
  }

  /** destroy the primary selection device manager */
  destroy(): void {
    this.request(2).end();
    this.destructed();
  }
}

export interface ZwpPrimarySelectionDeviceV1Requests extends ResourceHandler {
  /** set the primary selection */
  setSelection(source: ZwpPrimarySelectionSourceV1Resource | null, serial: number): void;
  /** destroy the primary selection device */
  destroy?(): void;
}

/** Server side of zwp_primary_selection_device_v1:  */
export class ZwpPrimarySelectionDeviceV1Resource
  extends Resource<ZwpPrimarySelectionDeviceV1Requests> {
  static readonly interfaceName = "zwp_primary_selection_device_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "setSelection",
    since: 1,
    destructor: false,
    decode: (m) => [m.nullableObject(ZwpPrimarySelectionSourceV1Resource), m.uint()],
  }, { name: "destroy", since: 1, destructor: true, decode: () => [] }];
  /** introduce a new wp_primary_selection_offer */
  dataOffer(offer: ZwpPrimarySelectionOfferV1Resource): void {
    this.event(0).uint(offer.id).end();
  }

  /** advertise a new primary selection */
  selection(id: ZwpPrimarySelectionOfferV1Resource | null): void {
    this.event(1).uint(id?.id ?? 0).end();
  }
}

export interface ZwpPrimarySelectionDeviceV1Events {
  /** introduce a new wp_primary_selection_offer */
  dataOffer(offer: ZwpPrimarySelectionOfferV1Proxy): void;
  /** advertise a new primary selection */
  selection(id: ZwpPrimarySelectionOfferV1Proxy | null): void;
}

/** Client side of zwp_primary_selection_device_v1:  */
export class ZwpPrimarySelectionDeviceV1Proxy
  extends WaylandProxy<ZwpPrimarySelectionDeviceV1Events> {
  static readonly interfaceName = "zwp_primary_selection_device_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{
    name: "dataOffer",
    decode: (m) => [m.newProxy(ZwpPrimarySelectionOfferV1Proxy)],
  }, { name: "selection", decode: (m) => [m.object(ZwpPrimarySelectionOfferV1Proxy)] }];
  /** set the primary selection */
  setSelection(source: ZwpPrimarySelectionSourceV1Proxy | null, serial: number): void {
    this.request(0).uint(source?.id ?? 0).uint(serial).end();
  }

  /** destroy the primary selection device */
  destroy(): void {
    this.request(1).end();
    this.destructed();
  }
}

export interface ZwpPrimarySelectionOfferV1Requests extends ResourceHandler {
  /** request that the data is transferred */
  receive(mimeType: string, fd: number): void;
  /** destroy the primary selection offer */
  destroy?(): void;
}

/** Server side of zwp_primary_selection_offer_v1: offer to transfer primary selection contents */
export class ZwpPrimarySelectionOfferV1Resource
  extends Resource<ZwpPrimarySelectionOfferV1Requests> {
  static readonly interfaceName = "zwp_primary_selection_offer_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "receive",
    since: 1,
    destructor: false,
    decode: (m) => [m.string(), m.fd()],
  }, { name: "destroy", since: 1, destructor: true, decode: () => [] }];
  /** advertise offered mime type */
  offer(mimeType: string): void {
    this.event(0).string(mimeType).end();
  }
}

export interface ZwpPrimarySelectionOfferV1Events {
  /** advertise offered mime type */
  offer(mimeType: string): void;
}

/** Client side of zwp_primary_selection_offer_v1: offer to transfer primary selection contents */
export class ZwpPrimarySelectionOfferV1Proxy
  extends WaylandProxy<ZwpPrimarySelectionOfferV1Events> {
  static readonly interfaceName = "zwp_primary_selection_offer_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{ name: "offer", decode: (m) => [m.string()] }];
  /** request that the data is transferred */
  receive(mimeType: string, fd: number): void {
    this.request(0).string(mimeType).fd(fd).end();
  }

  /** destroy the primary selection offer */
  destroy(): void {
    this.request(1).end();
    this.destructed();
  }
}

export interface ZwpPrimarySelectionSourceV1Requests extends ResourceHandler {
  /** add an offered mime type */
  offer(mimeType: string): void;
  /** destroy the primary selection source */
  destroy?(): void;
}

/** Server side of zwp_primary_selection_source_v1: offer to replace the contents of the primary selection */
export class ZwpPrimarySelectionSourceV1Resource
  extends Resource<ZwpPrimarySelectionSourceV1Requests> {
  static readonly interfaceName = "zwp_primary_selection_source_v1";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "offer",
    since: 1,
    destructor: false,
    decode: (m) => [m.string()],
  }, { name: "destroy", since: 1, destructor: true, decode: () => [] }];
  /** send the primary selection contents */
  send(mimeType: string, fd: number): void {
    this.event(0).string(mimeType).fd(fd).end();
  }

  /** request for primary selection contents was canceled */
  cancelled(): void {
    this.event(1).end();
  }
}

export interface ZwpPrimarySelectionSourceV1Events {
  /** send the primary selection contents */
  send(mimeType: string, fd: number): void;
  /** request for primary selection contents was canceled */
  cancelled(): void;
}

/** Client side of zwp_primary_selection_source_v1: offer to replace the contents of the primary selection */
export class ZwpPrimarySelectionSourceV1Proxy
  extends WaylandProxy<ZwpPrimarySelectionSourceV1Events> {
  static readonly interfaceName = "zwp_primary_selection_source_v1";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [{
    name: "send",
    decode: (m) => [m.string(), m.fd()],
  }, { name: "cancelled", decode: () => [] }];
  /** add an offered mime type */
  offer(mimeType: string): void {
    this.request(0).string(mimeType).end();
  }

  /** destroy the primary selection source */
  destroy(): void {
    this.request(1).end();
    this.destructed();
  }
}
