/** wl_data_device_manager: the clipboard. Dragging between programs is declined. */
import type { Compositor } from "./compositor.ts";
import {
  type WlDataDeviceManagerRequests,
  type WlDataDeviceManagerResource,
  type WlDataDeviceRequests,
  type WlDataDeviceResource,
  WlDataOfferResource,
} from "./generated/wayland.ts";
import { ProgramSource, Selection } from "./selection.ts";

export class Clipboard extends Selection<WlDataOfferResource> {
  constructor(compositor: Compositor) {
    super(compositor, WlDataOfferResource);
  }

  bind(manager: WlDataDeviceManagerResource): void {
    const handler: WlDataDeviceManagerRequests = {
      createDataSource: (id) => id.handler = new ProgramSource(this, id),
      getDataDevice: (id) => this.#addDevice(id),
    };
    manager.handler = handler;
  }

  #addDevice(resource: WlDataDeviceResource): void {
    const handler: WlDataDeviceRequests = {
      setSelection: (source) => {
        if (this.setFrom(resource, source)) this.#tellBrowser();
      },
      startDrag: (source) => source?.cancelled(),
      destroyed: () => this.remove(resource),
    };
    resource.handler = handler;
    this.add(resource);
  }

  #tellBrowser(): void {
    const { source } = this;
    if (!source) return;
    this.compositor.transfers.readText(source, (text) => {
      if (this.source === source) this.compositor.emit({ type: "clipboard", text });
    });
  }
}
