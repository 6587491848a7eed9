import type { AudioPipeline } from "../media/stages.ts";
import type { Viewer } from "./viewers.ts";

/** Who speaks in the game. There is one microphone in it: who has it keeps it. */
export class Microphone {
  #holder: Viewer | undefined;

  /** `audio`: the session's sound, once it is there and where there is one. */
  constructor(readonly audio: () => AudioPipeline | undefined) {}

  /** Switches it on for `viewer`, who is told where somebody else has it. */
  take(viewer: Viewer): void {
    const holder = this.#holder;
    if (holder?.connected && holder !== viewer) {
      const text = `${holder.name}'s microphone is on; the game hears one at a time.`;
      viewer.transport?.sendControl({ type: "notice", level: "info", text });
    } else this.#holder = viewer;
  }

  /** Switches it off, where it is this viewer's. */
  release(viewer: Viewer): void {
    if (this.#holder !== viewer) return;
    this.#holder = undefined;
    this.audio()?.microphone(undefined);
  }

  /** An Opus packet from a viewer's page. */
  packet(viewer: Viewer, packet: Uint8Array): void {
    if (this.#holder === viewer) this.audio()?.microphone(packet);
  }
}
