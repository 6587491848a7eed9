/** wl_touch: fingers. Each stays with the surface it came down on. */
import type { TouchPhase } from "../../protocol/input.ts";
import type { Compositor } from "./compositor.ts";
import type { WlTouchResource } from "./generated/wayland.ts";
import { toSurface } from "./scene.ts";
import type { Surface } from "./surface.ts";

export class Touch {
  readonly #resources = new Set<WlTouchResource>();
  readonly #fingers = new Map<number, Surface>();

  constructor(readonly compositor: Compositor) {}

  /** True while a finger is down. */
  get pressed(): boolean {
    return this.#fingers.size > 0;
  }

  add(resource: WlTouchResource): void {
    resource.handler = { destroyed: () => this.#resources.delete(resource) };
    this.#resources.add(resource);
  }

  /** True where the surface at this point belongs to a client that listens to touch. */
  reaches(x: number, y: number): boolean {
    const surface = this.compositor.scene.hit(x, y)?.view.surface;
    return surface !== undefined && this.#of(surface).length > 0;
  }

  /** `x`, `y`: output pixels. */
  event(id: number, phase: TouchPhase, x: number, y: number): void {
    switch (phase) {
      case "down":
        return this.#down(id, x, y);
      case "move":
        return this.#move(id, x, y);
      case "up":
        return this.#up(id);
      case "cancel":
        return this.cancel();
    }
  }

  #of(surface: Surface): WlTouchResource[] {
    return [...this.#resources].filter((resource) => resource.client === surface.client);
  }

  #down(id: number, x: number, y: number): void {
    const hit = this.compositor.scene.hit(x, y);
    if (!hit || this.#fingers.has(id)) return;
    const { surface } = hit.view;
    this.#fingers.set(id, surface);
    const serial = this.compositor.nextSerial();
    const time = this.compositor.timestamp();
    for (const resource of this.#of(surface)) {
      resource.down(serial, time, surface.resource, id, hit.x, hit.y);
      resource.frame();
    }
  }

  #move(id: number, x: number, y: number): void {
    const surface = this.#fingers.get(id);
    const view = surface && this.compositor.scene.viewOf(surface);
    if (!view) return;
    const point = toSurface(view, x, y);
    const time = this.compositor.timestamp();
    for (const resource of this.#of(surface)) {
      resource.motion(time, id, point.x, point.y);
      resource.frame();
    }
  }

  #up(id: number): void {
    const surface = this.#fingers.get(id);
    this.#fingers.delete(id);
    if (!surface?.resource.alive) return;
    const serial = this.compositor.nextSerial();
    const time = this.compositor.timestamp();
    for (const resource of this.#of(surface)) {
      resource.up(serial, time, id);
      resource.frame();
    }
  }

  /** Takes back all fingers, as if they had never been there. */
  cancel(): void {
    for (const surface of new Set(this.#fingers.values())) {
      for (const resource of this.#of(surface)) resource.cancel();
    }
    this.#fingers.clear();
  }

  releaseAll(): void {
    for (const id of [...this.#fingers.keys()]) this.#up(id);
  }

  surfaceGone(surface: Surface): void {
    for (const [id, held] of this.#fingers) if (held === surface) this.#fingers.delete(id);
  }
}
