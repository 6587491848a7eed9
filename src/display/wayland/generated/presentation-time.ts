// Generated from protocols/presentation-time.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import { WlOutputProxy, WlOutputResource, WlSurfaceProxy, WlSurfaceResource } from "./wayland.ts";

export const WpPresentationError = { "invalidTimestamp": 0, "invalidFlag": 1 } as const;

export interface WpPresentationRequests extends ResourceHandler {
  /** unbind from the presentation interface */
  destroy?(): void;
  /** request presentation feedback information */
  feedback(surface: WlSurfaceResource, callback: WpPresentationFeedbackResource): void;
}

/** Server side of wp_presentation: timed presentation related wl_surface requests */
export class WpPresentationResource extends Resource<WpPresentationRequests> {
  static readonly interfaceName = "wp_presentation";
  static readonly interfaceVersion = 2;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "feedback",
    since: 1,
    destructor: false,
    decode: (m) => [m.object(WlSurfaceResource), m.newResource(WpPresentationFeedbackResource)],
  }];
  /** clock ID for timestamps */
  clockId(clkId: number): void {
    this.event(0).uint(clkId).end();
  }
}

export interface WpPresentationEvents {
  /** clock ID for timestamps */
  clockId(clkId: number): void;
}

/** Client side of wp_presentation: timed presentation related wl_surface requests */
export class WpPresentationProxy extends WaylandProxy<WpPresentationEvents> {
  static readonly interfaceName = "wp_presentation";
  static readonly interfaceVersion = 2;
  static readonly events: readonly EventSpec[] = [{ name: "clockId", decode: (m) => [m.uint()] }];
  /** unbind from the presentation interface */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** request presentation feedback information */
  feedback(surface: WlSurfaceProxy | null): WpPresentationFeedbackProxy {
    const created = this.connection.create(WpPresentationFeedbackProxy, this.version);
    this.request(1).uint(surface?.id ?? 0).uint(created.id).end();
    return created;
  }
}

export const WpPresentationFeedbackKind = {
  "vsync": 1,
  "hwClock": 2,
  "hwCompletion": 4,
  "zeroCopy": 8,
} as const;

export interface WpPresentationFeedbackRequests extends ResourceHandler {
}

/** Server side of wp_presentation_feedback: presentation time feedback event */
export class WpPresentationFeedbackResource extends Resource<WpPresentationFeedbackRequests> {
  static readonly interfaceName = "wp_presentation_feedback";
  static readonly interfaceVersion = 2;
  static readonly requests: readonly RequestSpec[] = [];
  /** presentation synchronized to this output */
  syncOutput(output: WlOutputResource | null): void {
    this.event(0).uint(output?.id ?? 0).end();
  }

  /** the content update was displayed */
  presented(
    tvSecHi: number,
    tvSecLo: number,
    tvNsec: number,
    refresh: number,
    seqHi: number,
    seqLo: number,
    flags: number,
  ): void {
    this.event(1).uint(tvSecHi).uint(tvSecLo).uint(tvNsec).uint(refresh).uint(seqHi).uint(seqLo)
      .uint(flags).end();
  }

  /** the content update was not displayed */
  discarded(): void {
    this.event(2).end();
  }
}

export interface WpPresentationFeedbackEvents {
  /** presentation synchronized to this output */
  syncOutput(output: WlOutputProxy | null): void;
  /** the content update was displayed */
  presented(
    tvSecHi: number,
    tvSecLo: number,
    tvNsec: number,
    refresh: number,
    seqHi: number,
    seqLo: number,
    flags: number,
  ): void;
  /** the content update was not displayed */
  discarded(): void;
}

/** Client side of wp_presentation_feedback: presentation time feedback event */
export class WpPresentationFeedbackProxy extends WaylandProxy<WpPresentationFeedbackEvents> {
  static readonly interfaceName = "wp_presentation_feedback";
  static readonly interfaceVersion = 2;
  static readonly events: readonly EventSpec[] = [{
    name: "syncOutput",
    decode: (m) => [m.object(WlOutputProxy)],
  }, {
    name: "presented",
    decode: (m) => [m.uint(), m.uint(), m.uint(), m.uint(), m.uint(), m.uint(), m.uint()],
  }, { name: "discarded", decode: () => [] }];
}
