/** zwp_pointer_constraints_v1: games that keep the pointer, or want its motion only. */
import type { Compositor } from "./compositor.ts";
import {
  type ZwpConfinedPointerV1Resource,
  type ZwpLockedPointerV1Resource,
  ZwpPointerConstraintsV1Error,
  ZwpPointerConstraintsV1Lifetime,
  type ZwpPointerConstraintsV1Requests,
  type ZwpPointerConstraintsV1Resource,
} from "./generated/pointer-constraints-unstable-v1.ts";
import type { WlRegionResource, WlSurfaceResource } from "./generated/wayland.ts";
import { type Area, Region } from "./region.ts";
import { handlerOf, ProtocolError } from "./resource.ts";
import { shownArea, toSurface } from "./scene.ts";
import { Surface } from "./surface.ts";

interface Constraint {
  surface: Surface;
  kind: "lock" | "confine";
  region: Area | undefined;
  oneshot: boolean;
  /** A one-shot constraint that ended; it only waits to be destroyed. */
  spent: boolean;
  activate(): void;
  deactivate(): void;
  /** Where a lock's client drew its own pointer last, surface coordinates. */
  hint?: { x: number; y: number };
}

export class PointerConstraints {
  readonly #constraints = new Map<Surface, Constraint>();
  #active: Constraint | undefined;

  constructor(readonly compositor: Compositor) {}

  /** True while the pointer stays where it is and only relative motion counts. */
  get locked(): boolean {
    return this.#active?.kind === "lock";
  }

  bind(manager: ZwpPointerConstraintsV1Resource): void {
    const handler: ZwpPointerConstraintsV1Requests = {
      lockPointer: (id, surface, _pointer, region, lifetime) =>
        this.#lock(manager, id, surface, region, lifetime),
      confinePointer: (id, surface, _pointer, region, lifetime) =>
        this.#confine(manager, id, surface, region, lifetime),
    };
    manager.handler = handler;
  }

  #lock(
    manager: ZwpPointerConstraintsV1Resource,
    id: ZwpLockedPointerV1Resource,
    surface: WlSurfaceResource,
    region: WlRegionResource | null,
    lifetime: number,
  ): void {
    const constraint = this.#add(manager, surface, region, lifetime, {
      kind: "lock",
      activate: () => id.locked(),
      deactivate: () => id.alive && id.unlocked(),
    });
    id.handler = {
      setCursorPositionHint: (x, y) => constraint.hint = { x, y },
      setRegion: (area) => constraint.region = snapshot(area),
      destroyed: () => this.#remove(constraint),
    };
    this.#activate();
  }

  #confine(
    manager: ZwpPointerConstraintsV1Resource,
    id: ZwpConfinedPointerV1Resource,
    surface: WlSurfaceResource,
    region: WlRegionResource | null,
    lifetime: number,
  ): void {
    const constraint = this.#add(manager, surface, region, lifetime, {
      kind: "confine",
      activate: () => id.confined(),
      deactivate: () => id.alive && id.unconfined(),
    });
    id.handler = {
      setRegion: (area) => constraint.region = snapshot(area),
      destroyed: () => this.#remove(constraint),
    };
    this.#activate();
  }

  #add(
    manager: ZwpPointerConstraintsV1Resource,
    resource: WlSurfaceResource,
    region: WlRegionResource | null,
    lifetime: number,
    how: Pick<Constraint, "kind" | "activate" | "deactivate">,
  ): Constraint {
    const surface = Surface.of(resource);
    if (this.#constraints.has(surface)) {
      throw new ProtocolError(
        manager,
        ZwpPointerConstraintsV1Error.alreadyConstrained,
        `surface ${resource.id} has a pointer constraint already`,
      );
    }
    const oneshot = lifetime === ZwpPointerConstraintsV1Lifetime.oneshot;
    const constraint = { ...how, surface, region: snapshot(region), oneshot, spent: false };
    this.#constraints.set(surface, constraint);
    return constraint;
  }

  /** The pointer is on another surface now. */
  focusChanged(): void {
    const { focus } = this.compositor.seat.pointer;
    if (this.#active && this.#active.surface !== focus) this.#deactivate();
    this.#activate();
  }

  #activate(): void {
    const { focus } = this.compositor.seat.pointer;
    const constraint = focus && this.#constraints.get(focus);
    if (this.#active || !constraint || constraint.spent) return;
    this.#active = constraint;
    constraint.activate();
    if (constraint.kind === "lock") this.compositor.emit({ type: "pointer-lock", locked: true });
  }

  #deactivate(): void {
    const constraint = this.#active;
    if (!constraint) return;
    this.#active = undefined;
    constraint.spent = constraint.oneshot;
    constraint.deactivate();
    if (constraint.kind !== "lock") return;
    this.compositor.emit({ type: "pointer-lock", locked: false });
    const view = this.compositor.scene.viewOf(constraint.surface);
    if (!constraint.hint || !view) return;
    const { x, y } = constraint.hint;
    this.compositor.seat.pointer.warp(view.x + x * view.scale, view.y + y * view.scale);
  }

  #remove(constraint: Constraint): void {
    if (this.#constraints.get(constraint.surface) === constraint) {
      this.#constraints.delete(constraint.surface);
    }
    if (this.#active === constraint) this.#deactivate();
  }

  surfaceGone(surface: Surface): void {
    const constraint = this.#constraints.get(surface);
    if (constraint) this.#remove(constraint);
  }

  /** The nearest output point that an active confinement allows. */
  confine(x: number, y: number): { x: number; y: number } {
    const constraint = this.#active;
    const view = constraint && this.compositor.scene.viewOf(constraint.surface);
    if (constraint?.kind !== "confine" || !view) return { x, y };
    const area = shownArea(view);
    const point = toSurface(view, x, y);
    const inside = {
      x: Math.min(Math.max(area.x, point.x), area.x + area.width - 1 / 256),
      y: Math.min(Math.max(area.y, point.y), area.y + area.height - 1 / 256),
    };
    const { region } = constraint;
    const allowed = region ? region.nearest(inside.x, inside.y) : inside;
    return { x: view.x + allowed.x * view.scale, y: view.y + allowed.y * view.scale };
  }
}

function snapshot(region: WlRegionResource | null): Area | undefined {
  return region ? handlerOf(region, Region).snapshot() : undefined;
}
