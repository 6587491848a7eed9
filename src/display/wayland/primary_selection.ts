/**
 * zwp_primary_selection_v1: what was marked last, pasted with the middle button. A browser has one
 * clipboard, so its text is here too; what programs mark is not told to it.
 */
import type { Compositor } from "./compositor.ts";
import {
  type ZwpPrimarySelectionDeviceManagerV1Requests,
  type ZwpPrimarySelectionDeviceManagerV1Resource,
  type ZwpPrimarySelectionDeviceV1Requests,
  type ZwpPrimarySelectionDeviceV1Resource,
  ZwpPrimarySelectionOfferV1Resource,
} from "./generated/primary-selection-unstable-v1.ts";
import { ProgramSource, Selection } from "./selection.ts";

export class PrimarySelection extends Selection<ZwpPrimarySelectionOfferV1Resource> {
  constructor(compositor: Compositor) {
    super(compositor, ZwpPrimarySelectionOfferV1Resource);
  }

  bind(manager: ZwpPrimarySelectionDeviceManagerV1Resource): void {
    const handler: ZwpPrimarySelectionDeviceManagerV1Requests = {
      createSource: (id) => id.handler = new ProgramSource(this, id),
      getDevice: (id) => this.#addDevice(id),
    };
    manager.handler = handler;
  }

  #addDevice(resource: ZwpPrimarySelectionDeviceV1Resource): void {
    const handler: ZwpPrimarySelectionDeviceV1Requests = {
      setSelection: (source) => void this.setFrom(resource, source),
      destroyed: () => this.remove(resource),
    };
    resource.handler = handler;
    this.add(resource);
  }
}
