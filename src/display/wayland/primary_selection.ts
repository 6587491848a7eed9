/** zwp_primary_selection_v1: what was marked last, pasted with the middle button. */
import { libc } from "../../../ffi/libc.ts";
import type { Client } from "./client.ts";
import type { Compositor } from "./compositor.ts";
import { addType } from "./data_device.ts";
import {
  type ZwpPrimarySelectionDeviceManagerV1Requests,
  type ZwpPrimarySelectionDeviceManagerV1Resource,
  type ZwpPrimarySelectionDeviceV1Requests,
  type ZwpPrimarySelectionDeviceV1Resource,
  ZwpPrimarySelectionOfferV1Resource,
  type ZwpPrimarySelectionSourceV1Requests,
  type ZwpPrimarySelectionSourceV1Resource,
} from "./generated/primary-selection-unstable-v1.ts";
import { handlerOf } from "./resource.ts";
import { type SelectionSource, TextSource } from "./selection.ts";

export class PrimarySelection {
  readonly #devices = new Set<ZwpPrimarySelectionDeviceV1Resource>();
  #source: SelectionSource | undefined;

  constructor(readonly compositor: Compositor) {}

  bind(manager: ZwpPrimarySelectionDeviceManagerV1Resource): void {
    const handler: ZwpPrimarySelectionDeviceManagerV1Requests = {
      createSource: (id) => new PrimarySource(this, id),
      getDevice: (id) => this.#addDevice(id),
    };
    manager.handler = handler;
  }

  #addDevice(resource: ZwpPrimarySelectionDeviceV1Resource): void {
    const handler: ZwpPrimarySelectionDeviceV1Requests = {
      setSelection: (source) => {
        if (this.compositor.seat.keyboard.focus?.client !== resource.client) return;
        this.#set(source ? handlerOf(source, PrimarySource) : undefined);
      },
      destroyed: () => this.#devices.delete(resource),
    };
    resource.handler = handler;
    this.#devices.add(resource);
    if (this.compositor.seat.keyboard.focus?.client === resource.client) this.#offer(resource);
  }

  /** Text from the browser; a browser has one clipboard, so it is here too. */
  setText(text: string): void {
    this.#set(new TextSource(this.compositor.transfers, text));
  }

  #set(source: SelectionSource | undefined): void {
    if (source === this.#source) return;
    this.#source?.cancel();
    this.#source = source;
    this.offerTo(this.compositor.seat.keyboard.focus?.client);
  }

  /** Tells a client what there is to paste. */
  offerTo(client: Client | undefined): void {
    for (const device of this.#devices) if (device.client === client) this.#offer(device);
  }

  #offer(device: ZwpPrimarySelectionDeviceV1Resource): void {
    const source = this.#source;
    if (!source) return device.selection(null);
    const client = device.client as Client;
    const offer = client.createFromServer(ZwpPrimarySelectionOfferV1Resource, device.version);
    offer.handler = {
      receive: (mimeType, fd) => {
        if (this.#source === source) source.send(mimeType, fd);
        else libc.close(fd);
      },
    };
    device.dataOffer(offer);
    for (const mimeType of source.mimeTypes) offer.offer(mimeType);
    device.selection(offer);
  }

  sourceGone(source: SelectionSource): void {
    if (this.#source === source) this.#set(undefined);
  }
}

class PrimarySource implements ZwpPrimarySelectionSourceV1Requests, SelectionSource {
  readonly mimeTypes: string[] = [];

  constructor(
    readonly selection: PrimarySelection,
    readonly resource: ZwpPrimarySelectionSourceV1Resource,
  ) {
    resource.handler = this;
  }

  offer(mimeType: string): void {
    addType(this.mimeTypes, mimeType);
  }

  send(mimeType: string, fd: number): void {
    if (this.resource.alive) this.resource.send(mimeType, fd);
    libc.close(fd);
  }

  cancel(): void {
    if (this.resource.alive) this.resource.cancelled();
  }

  destroyed(): void {
    this.selection.sourceGone(this);
  }
}
