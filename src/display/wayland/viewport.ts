/** wp_viewporter: cropping and scaling of a surface. */
import {
  WpViewporterError,
  type WpViewporterRequests,
  type WpViewporterResource,
  WpViewportError,
  type WpViewportRequests,
  type WpViewportResource,
} from "./generated/viewporter.ts";
import type { WlSurfaceResource } from "./generated/wayland.ts";
import { ProtocolError } from "./resource.ts";
import { Surface } from "./surface.ts";
import { MAX_BUFFER_SIDE } from "./buffer.ts";

/** Surfaces that have a wp_viewport; a second one is an error. */
const attached = new WeakMap<Surface, Viewport>();

export class Viewporter implements WpViewporterRequests {
  constructor(readonly resource: WpViewporterResource) {
    resource.handler = this;
  }

  getViewport(id: WpViewportResource, resource: WlSurfaceResource): void {
    const surface = Surface.of(resource);
    if (attached.get(surface)) {
      throw new ProtocolError(
        this.resource,
        WpViewporterError.viewportExists,
        `surface ${resource.id} has a viewport already`,
      );
    }
    attached.set(surface, new Viewport(id, surface));
  }
}

class Viewport implements WpViewportRequests {
  constructor(readonly resource: WpViewportResource, readonly surface: Surface) {
    resource.handler = this;
  }

  setSource(x: number, y: number, width: number, height: number): void {
    this.#checkSurface();
    if (x === -1 && y === -1 && width === -1 && height === -1) {
      this.surface.pending.viewportSource = null;
      return;
    }
    if (x < 0 || y < 0 || width <= 0 || height <= 0) {
      this.#refuse(
        WpViewportError.badValue,
        `expected a source inside the buffer, got ${width}×${height} at ${x}, ${y}`,
      );
    }
    this.surface.pending.viewportSource = { x, y, width, height };
  }

  setDestination(width: number, height: number): void {
    this.#checkSurface();
    if (width === -1 && height === -1) {
      this.surface.pending.viewportSize = null;
      return;
    }
    if (width <= 0 || height <= 0 || width > MAX_BUFFER_SIDE || height > MAX_BUFFER_SIDE) {
      this.#refuse(
        WpViewportError.badValue,
        `expected a size from 1 to ${MAX_BUFFER_SIDE}, got ${width}×${height}`,
      );
    }
    this.surface.pending.viewportSize = { width, height };
  }

  destroyed(): void {
    attached.delete(this.surface);
    this.surface.pending.viewportSource = null;
    this.surface.pending.viewportSize = null;
  }

  #checkSurface(): void {
    if (this.surface.resource.alive) return;
    this.#refuse(WpViewportError.noSurface, "the viewport's surface was destroyed");
  }

  #refuse(code: number, message: string): never {
    throw new ProtocolError(this.resource, code, message);
  }
}
