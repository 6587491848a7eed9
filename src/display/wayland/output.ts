/** wl_output and zxdg_output_v1: the one screen, which is the player's stream. */
import type { VideoMode } from "../../protocol/session.ts";
import type { Client } from "./client.ts";
import {
  type ZxdgOutputManagerV1Requests,
  type ZxdgOutputManagerV1Resource,
  ZxdgOutputV1Resource,
} from "./generated/xdg-output-unstable-v1.ts";
import type { ResourceOwner } from "./resource.ts";
import {
  WlOutputMode,
  WlOutputResource,
  WlOutputSubpixel,
  WlOutputTransform,
} from "./generated/wayland.ts";

const NAME = "GAMELAN-1";
const DESCRIPTION = "Gamelan stream";

interface Size {
  width: number;
  height: number;
}

export class Output {
  #resources = new Set<WlOutputResource>();
  #details = new Map<ZxdgOutputV1Resource, WlOutputResource>();

  /** An X server that is told of a larger output, by its process id. */
  #desktop: { server: number; room: Size } | undefined;

  constructor(public mode: VideoMode) {}

  /** The output's size as a client is told it. */
  sizeFor(client: ResourceOwner): Size {
    const { width, height } = this.mode;
    const { server, room } = this.#desktop ?? {};
    if (!room || (client as Client).pid !== server) return { width, height };
    return { width: Math.max(width, room.width), height: Math.max(height, room.height) };
  }

  /**
   * Tells the X server with process id `server` of an output that has `room` at least. False where
   * its size stays as it was.
   */
  setDesktop(server: number, room: Size): boolean {
    const larger = ({ width, height }: Size) => [
      Math.max(width, this.mode.width),
      Math.max(height, this.mode.height),
    ];
    const before = larger(this.#desktop?.room ?? this.mode);
    this.#desktop = { server, room };
    if (larger(room).every((side, i) => side === before[i])) return false;
    this.#announce();
    return true;
  }

  bind(resource: WlOutputResource): void {
    resource.handler = { destroyed: () => this.#resources.delete(resource) };
    this.#resources.add(resource);
    const { unknown } = WlOutputSubpixel;
    resource.geometry(0, 0, 0, 0, unknown, "Gamelan", "Stream", WlOutputTransform.normal);
    resource.scale(1);
    resource.name(NAME);
    resource.description(DESCRIPTION);
    this.#sendMode(resource);
    resource.done();
  }

  bindManager(resource: ZxdgOutputManagerV1Resource): void {
    const handler: ZxdgOutputManagerV1Requests = {
      getXdgOutput: (details, output) => {
        details.handler = { destroyed: () => this.#details.delete(details) };
        this.#details.set(details, output);
        details.name(NAME);
        details.description(DESCRIPTION);
        this.#sendDetails(details, output);
      },
    };
    resource.handler = handler;
  }

  /** The output objects of one client, for events that name the output. */
  resourcesOf(client: Client): WlOutputResource[] {
    return [...this.#resources].filter((resource) => resource.client === client);
  }

  setMode(mode: VideoMode): void {
    this.mode = mode;
    this.#announce();
  }

  #announce(): void {
    for (const resource of this.#resources) this.#sendMode(resource);
    for (const [details, output] of this.#details) this.#sendDetails(details, output);
    for (const resource of this.#resources) resource.done();
  }

  #sendMode(resource: WlOutputResource): void {
    const { width, height } = this.sizeFor(resource.client);
    const { current, preferred } = WlOutputMode;
    resource.mode(current | preferred, width, height, this.mode.fps * 1000);
  }

  #sendDetails(details: ZxdgOutputV1Resource, output: WlOutputResource): void {
    details.logicalPosition(0, 0);
    const { width, height } = this.sizeFor(details.client);
    details.logicalSize(width, height);
    // From version 3 on wl_output.done ends the group.
    if (details.version < 3) details.done();
    else if (output.alive) output.done();
  }
}
