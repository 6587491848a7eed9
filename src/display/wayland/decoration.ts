/** zxdg_decoration_manager_v1: windows are drawn without borders. */
import {
  type ZxdgDecorationManagerV1Requests,
  type ZxdgDecorationManagerV1Resource,
  ZxdgToplevelDecorationV1Mode,
  type ZxdgToplevelDecorationV1Resource,
} from "./generated/xdg-decoration-unstable-v1.ts";
import type { XdgToplevelResource } from "./generated/xdg-shell.ts";
import { handlerOf } from "./resource.ts";
import { Toplevel } from "./toplevel.ts";

export class DecorationManager implements ZxdgDecorationManagerV1Requests {
  constructor(resource: ZxdgDecorationManagerV1Resource) {
    resource.handler = this;
  }

  getToplevelDecoration(id: ZxdgToplevelDecorationV1Resource, window: XdgToplevelResource): void {
    // "Server side" means that the client draws no borders; that the server draws none is allowed.
    const configure = () => {
      id.configure(ZxdgToplevelDecorationV1Mode.serverSide);
      const { xdgSurface } = handlerOf(window, Toplevel);
      if (xdgSurface.configured) xdgSurface.configure();
    };
    id.handler = { setMode: configure, unsetMode: configure };
    configure();
  }
}
