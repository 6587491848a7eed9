/** wl_registry: what this compositor offers, and in which version. */
import type { Client } from "./client.ts";
import type { Compositor } from "./compositor.ts";
import { DecorationManager } from "./decoration.ts";
import { LinuxDmabuf } from "./dmabuf.ts";
import { FractionalScaleManager } from "./fractional_scale.ts";
import { WpCursorShapeManagerV1Resource } from "./generated/cursor-shape-v1.ts";
import { WpFractionalScaleManagerV1Resource } from "./generated/fractional-scale-v1.ts";
import { ZwpIdleInhibitManagerV1Resource } from "./generated/idle-inhibit-unstable-v1.ts";
import { ZwpLinuxDmabufV1Resource } from "./generated/linux-dmabuf-v1.ts";
import { ZwpPointerConstraintsV1Resource } from "./generated/pointer-constraints-unstable-v1.ts";
import { WpPresentationResource } from "./generated/presentation-time.ts";
import { ZwpPrimarySelectionDeviceManagerV1Resource } from "./generated/primary-selection-unstable-v1.ts";
import { ZwpRelativePointerManagerV1Resource } from "./generated/relative-pointer-unstable-v1.ts";
import { WpSinglePixelBufferManagerV1Resource } from "./generated/single-pixel-buffer-v1.ts";
import { ZwpTextInputManagerV3Resource } from "./generated/text-input-unstable-v3.ts";
import { WpViewporterResource } from "./generated/viewporter.ts";
import {
  type WlCompositorRequests,
  WlCompositorResource,
  WlDataDeviceManagerResource,
  WlOutputResource,
  WlRegistryResource,
  WlSeatResource,
  WlShmResource,
  WlSubcompositorResource,
} from "./generated/wayland.ts";
import { ZxdgDecorationManagerV1Resource } from "./generated/xdg-decoration-unstable-v1.ts";
import { ZxdgOutputManagerV1Resource } from "./generated/xdg-output-unstable-v1.ts";
import { XdgWmBaseResource } from "./generated/xdg-shell.ts";
import { IdleInhibitManager } from "./idle_inhibit.ts";
import { Presentation } from "./presentation.ts";
import { Region } from "./region.ts";
import { ObjectError, type Resource, type ResourceType } from "./resource.ts";
import { Shm } from "./shm.ts";
import { SinglePixelBufferManager } from "./single_pixel.ts";
import { Subcompositor } from "./subsurface.ts";
import { Surface } from "./surface.ts";
import { Viewporter } from "./viewport.ts";
import { XdgWmBase } from "./xdg_shell.ts";

interface Global {
  type: ResourceType;
  version: number;
  bind: (resource: Resource, compositor: Compositor) => void;
}

function global<R extends Resource>(
  type: ResourceType<R>,
  version: number,
  bind: (resource: R, compositor: Compositor) => void,
): Global {
  return { type, version, bind: (resource, compositor) => bind(resource as R, compositor) };
}

/**
 * A global's name on the wire is its index here plus one. Versions are those of programs in use, not
 * the newest: some bind whatever is offered and end at an event they do not know.
 */
const globals: Global[] = [
  global(WlCompositorResource, 5, bindCompositor),
  global(WlSubcompositorResource, 1, (resource) => void new Subcompositor(resource)),
  global(WlShmResource, 1, (resource) => void new Shm(resource)),
  global(WlOutputResource, 4, bindOutput),
  global(WlSeatResource, 8, (resource, { seat }) => seat.bind(resource)),
  global(WlDataDeviceManagerResource, 3, (resource, { clipboard }) => clipboard.bind(resource)),
  global(XdgWmBaseResource, 3, (resource, compositor) => void new XdgWmBase(compositor, resource)),
  global(WpViewporterResource, 1, (resource) => void new Viewporter(resource)),
  global(WpPresentationResource, 1, (resource) => void new Presentation(resource)),
  global(ZwpLinuxDmabufV1Resource, 3, (resource) => void new LinuxDmabuf(resource)),
  global(
    ZwpRelativePointerManagerV1Resource,
    1,
    (resource, { seat }) => seat.bindRelative(resource),
  ),
  global(
    ZwpPointerConstraintsV1Resource,
    1,
    (resource, { constraints }) => constraints.bind(resource),
  ),
  global(ZxdgDecorationManagerV1Resource, 1, (resource) => void new DecorationManager(resource)),
  global(ZxdgOutputManagerV1Resource, 3, (resource, { output }) => output.bindManager(resource)),
  global(
    WpFractionalScaleManagerV1Resource,
    1,
    (resource) => void new FractionalScaleManager(resource),
  ),
  global(ZwpIdleInhibitManagerV1Resource, 1, (resource) => void new IdleInhibitManager(resource)),
  global(
    WpSinglePixelBufferManagerV1Resource,
    1,
    (resource) => void new SinglePixelBufferManager(resource),
  ),
  global(
    ZwpPrimarySelectionDeviceManagerV1Resource,
    1,
    (resource, { primary }) => primary.bind(resource),
  ),
  global(WpCursorShapeManagerV1Resource, 1, (resource, { cursor }) => cursor.bindShapes(resource)),
  global(ZwpTextInputManagerV3Resource, 1, (resource, { seat }) => seat.text.bind(resource)),
];

function bindOutput(resource: WlOutputResource, compositor: Compositor): void {
  compositor.output.bind(resource);
  compositor.outputBound(resource);
}

function bindCompositor(resource: WlCompositorResource, compositor: Compositor): void {
  const handler: WlCompositorRequests = {
    createSurface: (id) => void new Surface(compositor, id),
    createRegion: (id) => void new Region(id),
  };
  resource.handler = handler;
}

/** Answers `wl_display.get_registry`: lists the globals and binds what the client asks for. */
export function advertise(compositor: Compositor, client: Client, id: number): void {
  const registry = client.lookup(id) as WlRegistryResource;
  globals.forEach(({ type, version }, index) =>
    registry.global(index + 1, type.interfaceName, version)
  );
  registry.handler = {
    bind: (name, { interfaceName, version, id }) => {
      const found = globals[name - 1];
      if (!found || found.type.interfaceName !== interfaceName) {
        throw new ObjectError(`global ${name} is no ${interfaceName}`);
      }
      if (version < 1 || version > found.version) {
        throw new ObjectError(
          `expected version 1 to ${found.version} of ${interfaceName}, got ${version}`,
        );
      }
      found.bind(client.create(found.type, id, version), compositor);
    },
  };
}
