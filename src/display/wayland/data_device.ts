/** wl_data_device_manager: the clipboard. Dragging between programs is declined. */
import { libc } from "../../../ffi/libc.ts";
import type { Client } from "./client.ts";
import type { Compositor } from "./compositor.ts";
import {
  type WlDataDeviceManagerRequests,
  type WlDataDeviceManagerResource,
  type WlDataDeviceRequests,
  type WlDataDeviceResource,
  type WlDataOfferRequests,
  WlDataOfferResource,
  type WlDataSourceRequests,
  type WlDataSourceResource,
} from "./generated/wayland.ts";
import { handlerOf } from "./resource.ts";
import { type SelectionSource, TextSource } from "./selection.ts";
import { LimitError } from "./client.ts";

const MAX_TYPES = 100;
const MAX_TYPE_LENGTH = 255;

export class Clipboard {
  readonly #devices = new Set<WlDataDeviceResource>();
  #source: SelectionSource | undefined;

  constructor(readonly compositor: Compositor) {}

  bind(manager: WlDataDeviceManagerResource): void {
    const handler: WlDataDeviceManagerRequests = {
      createDataSource: (id) => new DataSource(this, id),
      getDataDevice: (id) => this.#addDevice(id),
    };
    manager.handler = handler;
  }

  #addDevice(resource: WlDataDeviceResource): void {
    const handler: WlDataDeviceRequests = {
      setSelection: (source) => {
        // Only who has the keyboard may change what others paste.
        if (this.compositor.seat.keyboard.focus?.client !== resource.client) return;
        this.#set(source ? handlerOf(source, DataSource) : undefined);
        this.#tellBrowser();
      },
      startDrag: (source) => source?.cancelled(),
      destroyed: () => this.#devices.delete(resource),
    };
    resource.handler = handler;
    this.#devices.add(resource);
    if (this.compositor.seat.keyboard.focus?.client === resource.client) this.#offer(resource);
  }

  /** Text from the browser becomes what programs paste. */
  setText(text: string): void {
    this.#set(new TextSource(this.compositor.transfers, text));
  }

  #set(source: SelectionSource | undefined): void {
    if (source === this.#source) return;
    this.#source?.cancel();
    this.#source = source;
    this.offerTo(this.compositor.seat.keyboard.focus?.client);
  }

  #tellBrowser(): void {
    const source = this.#source;
    if (!source) return;
    this.compositor.transfers.readText(source, (text) => {
      if (this.#source === source) this.compositor.emit({ type: "clipboard", text });
    });
  }

  /** Tells a client what there is to paste; due before it gets the keyboard. */
  offerTo(client: Client | undefined): void {
    for (const device of this.#devices) if (device.client === client) this.#offer(device);
  }

  #offer(device: WlDataDeviceResource): void {
    const source = this.#source;
    if (!source) return device.selection(null);
    const client = device.client as Client;
    const offer = client.createFromServer(WlDataOfferResource, device.version);
    const handler: WlDataOfferRequests = {
      receive: (mimeType, fd) => {
        if (this.#source === source) source.send(mimeType, fd);
        else libc.close(fd);
      },
      accept: () => {},
      finish: () => {},
      setActions: () => {},
    };
    offer.handler = handler;
    device.dataOffer(offer);
    for (const mimeType of source.mimeTypes) offer.offer(mimeType);
    device.selection(offer);
  }

  sourceGone(source: SelectionSource): void {
    if (this.#source === source) this.#set(undefined);
  }
}

class DataSource implements WlDataSourceRequests, SelectionSource {
  readonly mimeTypes: string[] = [];

  constructor(readonly clipboard: Clipboard, readonly resource: WlDataSourceResource) {
    resource.handler = this;
  }

  offer(mimeType: string): void {
    addType(this.mimeTypes, mimeType);
  }

  setActions(): void {}

  send(mimeType: string, fd: number): void {
    if (this.resource.alive) this.resource.send(mimeType, fd);
    libc.close(fd);
  }

  cancel(): void {
    if (this.resource.alive) this.resource.cancelled();
  }

  destroyed(): void {
    this.clipboard.sourceGone(this);
  }
}

/** Adds a format to what a source offers. Throws LimitError where there are too many. */
export function addType(types: string[], mimeType: string): void {
  if (types.length >= MAX_TYPES || mimeType.length > MAX_TYPE_LENGTH) {
    throw new LimitError(`more than ${MAX_TYPES} formats, or one longer than ${MAX_TYPE_LENGTH}`);
  }
  types.push(mimeType);
}
