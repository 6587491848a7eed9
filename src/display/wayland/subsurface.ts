/** wl_subcompositor: surfaces that are part of another surface. */
import {
  WlSubcompositorError,
  type WlSubcompositorRequests,
  type WlSubcompositorResource,
  WlSubsurfaceError,
  type WlSubsurfaceRequests,
  type WlSubsurfaceResource,
  type WlSurfaceResource,
} from "./generated/wayland.ts";
import { ProtocolError } from "./resource.ts";
import { Surface, type SurfaceRole } from "./surface.ts";
import { LimitError } from "./client.ts";

const MAX_CHILDREN = 200;
const MAX_DEPTH = 16;

export class Subcompositor implements WlSubcompositorRequests {
  constructor(readonly resource: WlSubcompositorResource) {
    resource.handler = this;
  }

  getSubsurface(id: WlSubsurfaceResource, child: WlSurfaceResource, parent: WlSurfaceResource) {
    new Subsurface(this.resource, id, Surface.of(child), Surface.of(parent));
  }
}

export class Subsurface implements WlSubsurfaceRequests, SurfaceRole {
  readonly name = "subsurface";
  #synchronised = true;

  constructor(
    manager: WlSubcompositorResource,
    readonly resource: WlSubsurfaceResource,
    readonly surface: Surface,
    readonly parent: Surface,
  ) {
    const refuse = (message: string): never => {
      throw new ProtocolError(manager, WlSubcompositorError.badSurface, message);
    };
    let depth = 0;
    for (let above: Surface | undefined = parent; above; above = parentOf(above)) {
      if (above === surface) refuse("a surface cannot be its own ancestor");
      if (++depth > MAX_DEPTH) throw new LimitError(`more than ${MAX_DEPTH} nested subsurfaces`);
    }
    if (parent.stack.length > MAX_CHILDREN) {
      throw new LimitError(`more than ${MAX_CHILDREN} subsurfaces of one surface`);
    }
    if (surface.role instanceof Subsurface && surface.role.resource.alive) {
      refuse(`surface ${surface.resource.id} is a subsurface already`);
    }
    surface.assignRole(this, refuse);
    resource.handler = this;
    parent.onCommit.push(() => {
      if (this.resource.alive && !parent.stack.includes(surface)) parent.stack.push(surface);
      parent.compositor.presenter.requestRender();
    });
  }

  synchronised(): boolean {
    const above = this.parent.role;
    return this.#synchronised || (above instanceof Subsurface && above.synchronised());
  }

  committed(): void {}

  setPosition(x: number, y: number): void {
    this.#onParentCommit(() => {
      this.surface.x = x;
      this.surface.y = y;
    });
  }

  placeAbove(sibling: WlSurfaceResource): void {
    this.#restack(sibling, 1);
  }

  placeBelow(sibling: WlSurfaceResource): void {
    this.#restack(sibling, 0);
  }

  setSync(): void {
    this.#synchronised = true;
  }

  setDesync(): void {
    this.#synchronised = false;
    if (!this.synchronised()) this.surface.applyCached();
  }

  #restack(resource: WlSurfaceResource, after: 0 | 1): void {
    const sibling = Surface.of(resource);
    const related = sibling === this.parent ||
      (sibling.role instanceof Subsurface && sibling.role.parent === this.parent);
    if (!related || sibling === this.surface) {
      throw new ProtocolError(
        this.resource,
        WlSubsurfaceError.badSurface,
        `surface ${resource.id} is neither a sibling nor the parent`,
      );
    }
    this.#onParentCommit(() => {
      const { stack } = this.parent;
      const from = stack.indexOf(this.surface);
      if (from < 0 || !stack.includes(sibling)) return;
      stack.splice(from, 1);
      stack.splice(stack.indexOf(sibling) + after, 0, this.surface);
    });
  }

  #onParentCommit(apply: () => void): void {
    if (this.parent.onCommit.length >= 4 * MAX_CHILDREN) {
      throw new LimitError("too many changes of subsurfaces before a commit of their parent");
    }
    this.parent.onCommit.push(() => {
      apply();
      this.parent.compositor.presenter.requestRender();
    });
  }

  #leave(): void {
    const { stack } = this.parent;
    const index = stack.indexOf(this.surface);
    if (index >= 0 && this.surface !== this.parent) stack.splice(index, 1);
    this.parent.compositor.presenter.requestRender();
  }

  surfaceDestroyed(): void {
    this.#leave();
    if (this.resource.alive) this.resource.handler = undefined;
  }

  destroyed(): void {
    this.#leave();
  }
}

function parentOf(surface: Surface): Surface | undefined {
  return surface.role instanceof Subsurface ? surface.role.parent : undefined;
}
