/** wl_pointer and zwp_relative_pointer_v1: motion, buttons and the wheel. */
import { monotonicMs } from "../../media/clock.ts";
import type { Compositor } from "./compositor.ts";
import {
  WlPointerAxis,
  WlPointerAxisSource,
  WlPointerButtonState,
  WlPointerError,
  type WlPointerRequests,
  type WlPointerResource,
  type WlSurfaceResource,
} from "./generated/wayland.ts";
import type { ZwpRelativePointerV1Resource } from "./generated/relative-pointer-unstable-v1.ts";
import { ProtocolError } from "./resource.ts";
import { toSurface } from "./scene.ts";
import { Surface } from "./surface.ts";

/** wl_pointer.axis value of one wheel detent, as libinput and most compositors have it. */
const DETENT = 10;
const UNITS_PER_DETENT = 120;

export class Pointer {
  /** Position on the output in pixels. */
  x = 0;
  y = 0;
  readonly #resources = new Set<WlPointerResource>();
  readonly #relative = new Set<ZwpRelativePointerV1Resource>();
  readonly #buttons = new Set<number>();
  #focus: Surface | undefined;
  #enterSerial = 0;
  /** The position in the focused surface that its client was told last. */
  #told = { x: 0, y: 0 };
  /** Wheel movement that makes no whole detent yet, in 1/120. */
  #wheelRest = { x: 0, y: 0 };

  /** Begins in the middle of the output. */
  constructor(readonly compositor: Compositor) {
    const { width, height } = compositor.output.mode;
    this.x = width / 2;
    this.y = height / 2;
  }

  get focus(): Surface | undefined {
    return this.#focus;
  }

  /** True while a button is down. */
  get pressed(): boolean {
    return this.#buttons.size > 0;
  }

  add(resource: WlPointerResource): void {
    const handler: WlPointerRequests = {
      setCursor: (serial, surface, hotspotX, hotspotY) =>
        this.#setCursor(resource, serial, surface, hotspotX, hotspotY),
      destroyed: () => this.#resources.delete(resource),
    };
    resource.handler = handler;
    this.#resources.add(resource);
    if (this.#focus?.client === resource.client) this.#enter([resource], this.#focus);
  }

  addRelative(resource: ZwpRelativePointerV1Resource): void {
    resource.handler = { destroyed: () => this.#relative.delete(resource) };
    this.#relative.add(resource);
  }

  #setCursor(
    resource: WlPointerResource,
    serial: number,
    picture: WlSurfaceResource | null,
    hotspotX: number,
    hotspotY: number,
  ): void {
    const surface = picture && Surface.of(picture);
    if (surface?.role && surface.role.name !== "cursor") {
      throw new ProtocolError(
        resource,
        WlPointerError.role,
        `surface ${picture!.id} is a ${surface.role.name} already`,
      );
    }
    const { cursor } = this.compositor;
    if (surface) cursor.adopt(surface);
    if (!this.mayChangeCursor(resource, serial)) return;
    if (surface) cursor.show(surface, hotspotX, hotspotY);
    else cursor.hide();
  }

  /** Only the client under the pointer chooses the cursor, with the serial of its enter event. */
  mayChangeCursor(resource: WlPointerResource, serial: number): boolean {
    return this.#focus?.client === resource.client && serial === this.#enterSerial;
  }

  /**
   * Moves to a point of the output and tells the client how far. Pages repeat the position before
   * each button; where nothing moved, the client is left in peace.
   */
  moveTo(x: number, y: number): void {
    const before = { x: this.x, y: this.y };
    if (x === before.x && y === before.y) return;
    const { locked } = this.compositor.constraints;
    if (!locked) this.#place(x, y);
    this.#sendRelative(x - before.x, y - before.y);
    if (!locked) this.#sendMotion();
    this.#frame();
  }

  /** Moves by a distance; a locked pointer stays and only the distance is told. */
  moveBy(dx: number, dy: number): void {
    this.moveTo(this.x + dx, this.y + dy);
  }

  /** Puts the pointer somewhere without telling a distance. */
  warp(x: number, y: number): void {
    this.#place(x, y);
    this.#sendMotion();
    this.#frame();
  }

  #place(x: number, y: number): void {
    const { width, height } = this.compositor.output.mode;
    const inside = {
      x: Math.min(Math.max(0, x), width - 1 / 256),
      y: Math.min(Math.max(0, y), height - 1 / 256),
    };
    Object.assign(this, this.compositor.constraints.confine(inside.x, inside.y));
    this.#findFocus();
  }

  /** Something moved below the pointer: its client hears where the pointer is now. */
  refocus(): void {
    this.#findFocus();
    if (!this.#focus || this.compositor.constraints.locked) return;
    const { x, y } = this.#inFocus();
    if (x === this.#told.x && y === this.#told.y) return;
    this.#sendMotion();
    this.#frame();
  }

  /** Finds out which surface is under the pointer. While a button is held it keeps the pointer. */
  #findFocus(): void {
    const { scene, constraints } = this.compositor;
    const held = this.#buttons.size > 0 || constraints.locked;
    if (held && this.#focus?.resource.alive && scene.viewOf(this.#focus)) return;
    const surface = scene.hit(this.x, this.y)?.view.surface;
    if (surface === this.#focus) return;
    const before = this.#focus;
    this.#focus = surface;
    if (before?.resource.alive) {
      const serial = this.compositor.nextSerial();
      for (const resource of this.#of(before)) {
        resource.leave(serial, before.resource);
        resource.frame();
      }
    }
    if (before?.client !== surface?.client) this.compositor.cursor.reset();
    if (surface) this.#enter(this.#of(surface), surface);
    constraints.focusChanged();
  }

  #enter(resources: WlPointerResource[], surface: Surface): void {
    const point = this.#told = this.#inFocus();
    this.#enterSerial = this.compositor.nextSerial();
    for (const resource of resources) {
      resource.enter(this.#enterSerial, surface.resource, point.x, point.y);
      resource.frame();
    }
  }

  #of(surface: Surface | undefined): WlPointerResource[] {
    return [...this.#resources].filter((resource) => resource.client === surface?.client);
  }

  /** The pointer in coordinates of the focused surface. */
  #inFocus(): { x: number; y: number } {
    const view = this.#focus && this.compositor.scene.viewOf(this.#focus);
    return view ? toSurface(view, this.x, this.y) : { x: 0, y: 0 };
  }

  #sendMotion(): void {
    const point = this.#told = this.#inFocus();
    const time = this.compositor.timestamp();
    for (const resource of this.#of(this.#focus)) resource.motion(time, point.x, point.y);
  }

  #sendRelative(dx: number, dy: number): void {
    if (this.#relative.size === 0 || (dx === 0 && dy === 0)) return;
    const view = this.#focus && this.compositor.scene.viewOf(this.#focus);
    if (!view) return;
    const x = dx / view.scale;
    const y = dy / view.scale;
    const microseconds = Math.floor(monotonicMs() * 1000);
    const high = Math.floor(microseconds / 2 ** 32);
    for (const resource of this.#relative) {
      if (resource.client !== view.surface.client) continue;
      resource.relativeMotion(high, microseconds % 2 ** 32, x, y, x, y);
    }
  }

  #frame(): void {
    for (const resource of this.#of(this.#focus)) resource.frame();
  }

  /** `code`: evdev BTN_…. */
  button(code: number, down: boolean): void {
    if (this.#buttons.has(code) === down) return;
    if (down) {
      this.compositor.pointerPressed();
      this.#buttons.add(code);
    } else {
      this.#buttons.delete(code);
    }
    const state = down ? WlPointerButtonState.pressed : WlPointerButtonState.released;
    const serial = this.compositor.nextSerial();
    const time = this.compositor.timestamp();
    for (const resource of this.#of(this.#focus)) {
      resource.button(serial, time, code, state);
      resource.frame();
    }
    if (this.#buttons.size === 0) this.refocus();
  }

  /** `dx`, `dy`: 1/120 detents, right and down positive. */
  wheel(dx: number, dy: number): void {
    const wholeX = this.#wholeDetents("x", dx);
    const wholeY = this.#wholeDetents("y", dy);
    const time = this.compositor.timestamp();
    for (const resource of this.#of(this.#focus)) {
      resource.axisSource(WlPointerAxisSource.wheel);
      this.#axis(resource, time, WlPointerAxis.horizontalScroll, dx, wholeX);
      this.#axis(resource, time, WlPointerAxis.verticalScroll, dy, wholeY);
      resource.frame();
    }
  }

  #axis(resource: WlPointerResource, time: number, axis: number, units: number, whole: number) {
    if (units === 0) return;
    if (resource.version >= 8) resource.axisValue120(axis, Math.round(units));
    else if (whole !== 0) resource.axisDiscrete(axis, whole);
    resource.axis(time, axis, units / UNITS_PER_DETENT * DETENT);
  }

  /** Older clients count whole detents: fractions add up until they make one. */
  #wholeDetents(axis: "x" | "y", units: number): number {
    const sum = this.#wheelRest[axis] + units;
    const whole = Math.trunc(sum / UNITS_PER_DETENT);
    this.#wheelRest[axis] = sum - whole * UNITS_PER_DETENT;
    return whole;
  }

  releaseAll(): void {
    for (const code of [...this.#buttons]) this.button(code, false);
  }
}
