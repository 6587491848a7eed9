/** wl_output and zxdg_output_v1: the one screen, which is the player's stream. */
import type { VideoMode } from "../../protocol/session.ts";
import type { Client } from "./client.ts";
import {
  type ZxdgOutputManagerV1Requests,
  type ZxdgOutputManagerV1Resource,
  ZxdgOutputV1Resource,
} from "./generated/xdg-output-unstable-v1.ts";
import {
  WlOutputMode,
  WlOutputResource,
  WlOutputSubpixel,
  WlOutputTransform,
} from "./generated/wayland.ts";

const NAME = "GAMELAN-1";
const DESCRIPTION = "Gamelan stream";

export class Output {
  #resources = new Set<WlOutputResource>();
  #details = new Map<ZxdgOutputV1Resource, WlOutputResource>();

  constructor(public mode: VideoMode) {}

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
    for (const resource of this.#resources) this.#sendMode(resource);
    for (const [details, output] of this.#details) this.#sendDetails(details, output);
    for (const resource of this.#resources) resource.done();
  }

  #sendMode(resource: WlOutputResource): void {
    const { width, height, fps } = this.mode;
    resource.mode(WlOutputMode.current | WlOutputMode.preferred, width, height, fps * 1000);
  }

  #sendDetails(details: ZxdgOutputV1Resource, output: WlOutputResource): void {
    details.logicalPosition(0, 0);
    details.logicalSize(this.mode.width, this.mode.height);
    // From version 3 on wl_output.done ends the group.
    if (details.version < 3) details.done();
    else if (output.alive) output.done();
  }
}
