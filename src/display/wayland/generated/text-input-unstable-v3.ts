// Generated from protocols/text-input-unstable-v3.xml by `deno task generate`; do not edit.

import { type EventSpec, WaylandProxy } from "../proxy.ts";
import { type RequestSpec, Resource, type ResourceHandler } from "../resource.ts";
import { WlSeatProxy, WlSeatResource, WlSurfaceProxy, WlSurfaceResource } from "./wayland.ts";

export const ZwpTextInputV3ChangeCause = { "inputMethod": 0, "other": 1 } as const;

export const ZwpTextInputV3ContentHint = {
  "none": 0,
  "completion": 1,
  "spellcheck": 2,
  "autoCapitalization": 4,
  "lowercase": 8,
  "uppercase": 16,
  "titlecase": 32,
  "hiddenText": 64,
  "sensitiveData": 128,
  "latin": 256,
  "multiline": 512,
} as const;

export const ZwpTextInputV3ContentPurpose = {
  "normal": 0,
  "alpha": 1,
  "digits": 2,
  "number": 3,
  "phone": 4,
  "url": 5,
  "email": 6,
  "name": 7,
  "password": 8,
  "pin": 9,
  "date": 10,
  "time": 11,
  "datetime": 12,
  "terminal": 13,
} as const;

export interface ZwpTextInputV3Requests extends ResourceHandler {
  /** Destroy the wp_text_input */
  destroy?(): void;
  /** Request text input to be enabled */
  enable(): void;
  /** Disable text input on a surface */
  disable(): void;
  /** sets the surrounding text */
  setSurroundingText(text: string, cursor: number, anchor: number): void;
  /** indicates the cause of surrounding text change */
  setTextChangeCause(cause: number): void;
  /** set content purpose and hint */
  setContentType(hint: number, purpose: number): void;
  /** set cursor position */
  setCursorRectangle(x: number, y: number, width: number, height: number): void;
  /** commit state */
  commit(): void;
}

/** Server side of zwp_text_input_v3: text input */
export class ZwpTextInputV3Resource extends Resource<ZwpTextInputV3Requests> {
  static readonly interfaceName = "zwp_text_input_v3";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [
    { name: "destroy", since: 1, destructor: true, decode: () => [] },
    { name: "enable", since: 1, destructor: false, decode: () => [] },
    { name: "disable", since: 1, destructor: false, decode: () => [] },
    {
      name: "setSurroundingText",
      since: 1,
      destructor: false,
      decode: (m) => [m.string(), m.int(), m.int()],
    },
    { name: "setTextChangeCause", since: 1, destructor: false, decode: (m) => [m.uint()] },
    { name: "setContentType", since: 1, destructor: false, decode: (m) => [m.uint(), m.uint()] },
    {
      name: "setCursorRectangle",
      since: 1,
      destructor: false,
      decode: (m) => [m.int(), m.int(), m.int(), m.int()],
    },
    { name: "commit", since: 1, destructor: false, decode: () => [] },
  ];
  /** enter event */
  enter(surface: WlSurfaceResource | null): void {
    this.event(0).uint(surface?.id ?? 0).end();
  }

  /** leave event */
  leave(surface: WlSurfaceResource | null): void {
    this.event(1).uint(surface?.id ?? 0).end();
  }

  /** pre-edit */
  preeditString(text: string | null, cursorBegin: number, cursorEnd: number): void {
    this.event(2).string(text).int(cursorBegin).int(cursorEnd).end();
  }

  /** text commit */
  commitString(text: string | null): void {
    this.event(3).string(text).end();
  }

  /** delete surrounding text */
  deleteSurroundingText(beforeLength: number, afterLength: number): void {
    this.event(4).uint(beforeLength).uint(afterLength).end();
  }

  /** apply changes */
  done(serial: number): void {
    this.event(5).uint(serial).end();
  }
}

export interface ZwpTextInputV3Events {
  /** enter event */
  enter(surface: WlSurfaceProxy | null): void;
  /** leave event */
  leave(surface: WlSurfaceProxy | null): void;
  /** pre-edit */
  preeditString(text: string | null, cursorBegin: number, cursorEnd: number): void;
  /** text commit */
  commitString(text: string | null): void;
  /** delete surrounding text */
  deleteSurroundingText(beforeLength: number, afterLength: number): void;
  /** apply changes */
  done(serial: number): void;
}

/** Client side of zwp_text_input_v3: text input */
export class ZwpTextInputV3Proxy extends WaylandProxy<ZwpTextInputV3Events> {
  static readonly interfaceName = "zwp_text_input_v3";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [
    { name: "enter", decode: (m) => [m.object(WlSurfaceProxy)] },
    { name: "leave", decode: (m) => [m.object(WlSurfaceProxy)] },
    { name: "preeditString", decode: (m) => [m.nullableString(), m.int(), m.int()] },
    { name: "commitString", decode: (m) => [m.nullableString()] },
    { name: "deleteSurroundingText", decode: (m) => [m.uint(), m.uint()] },
    { name: "done", decode: (m) => [m.uint()] },
  ];
  /** Destroy the wp_text_input */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** Request text input to be enabled */
  enable(): void {
    this.request(1).end();
  }

  /** Disable text input on a surface */
  disable(): void {
    this.request(2).end();
  }

  /** sets the surrounding text */
  setSurroundingText(text: string, cursor: number, anchor: number): void {
    this.request(3).string(text).int(cursor).int(anchor).end();
  }

  /** indicates the cause of surrounding text change */
  setTextChangeCause(cause: number): void {
    this.request(4).uint(cause).end();
  }

  /** set content purpose and hint */
  setContentType(hint: number, purpose: number): void {
    this.request(5).uint(hint).uint(purpose).end();
  }

  /** set cursor position */
  setCursorRectangle(x: number, y: number, width: number, height: number): void {
    this.request(6).int(x).int(y).int(width).int(height).end();
  }

  /** commit state */
  commit(): void {
    this.request(7).end();
  }
}

export interface ZwpTextInputManagerV3Requests extends ResourceHandler {
  /** Destroy the wp_text_input_manager */
  destroy?(): void;
  /** create a new text input object */
  getTextInput(id: ZwpTextInputV3Resource, seat: WlSeatResource): void;
}

/** Server side of zwp_text_input_manager_v3: text input manager */
export class ZwpTextInputManagerV3Resource extends Resource<ZwpTextInputManagerV3Requests> {
  static readonly interfaceName = "zwp_text_input_manager_v3";
  static readonly interfaceVersion = 1;
  static readonly requests: readonly RequestSpec[] = [{
    name: "destroy",
    since: 1,
    destructor: true,
    decode: () => [],
  }, {
    name: "getTextInput",
    since: 1,
    destructor: false,
    decode: (m) => [m.newResource(ZwpTextInputV3Resource), m.object(WlSeatResource)],
  }];
}

export type ZwpTextInputManagerV3Events = Record<never, never>;

/** Client side of zwp_text_input_manager_v3: text input manager */
export class ZwpTextInputManagerV3Proxy extends WaylandProxy<ZwpTextInputManagerV3Events> {
  static readonly interfaceName = "zwp_text_input_manager_v3";
  static readonly interfaceVersion = 1;
  static readonly events: readonly EventSpec[] = [];
  /** Destroy the wp_text_input_manager */
  destroy(): void {
    this.request(0).end();
    this.destructed();
  }

  /** create a new text input object */
  getTextInput(seat: WlSeatProxy | null): ZwpTextInputV3Proxy {
    const created = this.connection.create(ZwpTextInputV3Proxy, this.version);
    this.request(1).uint(created.id).uint(seat?.id ?? 0).end();
    return created;
  }
}
