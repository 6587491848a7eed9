/**
 * A selection: what one program, or the browser, offers the others to paste. The clipboard and the
 * primary selection work alike and differ in their protocol objects only.
 */
import { libc } from "../../../ffi/libc.ts";
import { type Client, LimitError } from "./client.ts";
import type { Compositor } from "./compositor.ts";
import { handlerOf, type Resource, type ResourceHandler, type ResourceType } from "./resource.ts";
import { type SelectionSource, TextSource } from "./transfers.ts";

const MAX_TYPES = 100;
const MAX_TYPE_LENGTH = 255;

interface OfferRequests extends ResourceHandler {
  receive(mimeType: string, fd: number): void;
}

/** wl_data_offer or zwp_primary_selection_offer_v1. */
interface Offer extends Resource<OfferRequests> {
  offer(mimeType: string): void;
}

/** wl_data_device or zwp_primary_selection_device_v1. */
interface Device<O extends Offer> extends Resource {
  dataOffer(offer: O): void;
  selection(offer: O | null): void;
}

/** wl_data_source or zwp_primary_selection_source_v1. */
interface SourceResource extends Resource {
  send(mimeType: string, fd: number): void;
  cancelled(): void;
}

export class Selection<O extends Offer> {
  readonly #devices = new Set<Device<O>>();
  #source: SelectionSource | undefined;

  constructor(readonly compositor: Compositor, readonly offerType: ResourceType<O>) {}

  get source(): SelectionSource | undefined {
    return this.#source;
  }

  add(device: Device<O>): void {
    this.#devices.add(device);
    if (this.#hasKeyboard(device)) this.#offer(device);
  }

  remove(device: Device<O>): void {
    this.#devices.delete(device);
  }

  /** A program offers something else, or nothing. False where it may not. */
  setFrom(device: Device<O>, source: Resource | null): boolean {
    // Only who has the keyboard may change what others paste.
    if (!this.#hasKeyboard(device)) return false;
    this.#set(source ? handlerOf(source, ProgramSource) : undefined);
    return true;
  }

  /** Text from the browser becomes what programs paste. */
  setText(text: string): void {
    this.#set(new TextSource(this.compositor.transfers, text));
  }

  /** Tells a client what there is to paste; due before it gets the keyboard. */
  offerTo(client: Client | undefined): void {
    for (const device of this.#devices) if (device.client === client) this.#offer(device);
  }

  sourceGone(source: SelectionSource): void {
    if (this.#source === source) this.#set(undefined);
  }

  #hasKeyboard(device: Device<O>): boolean {
    return this.compositor.seat.keyboard.focus?.client === device.client;
  }

  #set(source: SelectionSource | undefined): void {
    if (source === this.#source) return;
    this.#source?.cancel();
    this.#source = source;
    this.offerTo(this.compositor.seat.keyboard.focus?.client);
  }

  #offer(device: Device<O>): void {
    const source = this.#source;
    if (!source) return device.selection(null);
    const client = device.client as Client;
    const offer = client.createFromServer(this.offerType, device.version);
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
}

/** What a program offers. */
export class ProgramSource implements SelectionSource {
  readonly mimeTypes: string[] = [];

  constructor(
    readonly selection: { sourceGone(source: SelectionSource): void },
    readonly resource: SourceResource,
  ) {}

  /** Throws LimitError where there are too many formats. */
  offer(mimeType: string): void {
    if (this.mimeTypes.length >= MAX_TYPES || mimeType.length > MAX_TYPE_LENGTH) {
      throw new LimitError(`more than ${MAX_TYPES} formats, or one longer than ${MAX_TYPE_LENGTH}`);
    }
    this.mimeTypes.push(mimeType);
  }

  // Actions are for dragging.
  setActions(): void {}

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
