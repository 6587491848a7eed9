/**
 * The way from a DOM event to the session: encode and send within the event handler, nothing in
 * between. Which channel a record goes by is set in src/protocol/control.ts.
 */
import { encodeInput, type InputEvent } from "../../../src/protocol/input.ts";

/** The channels of the open link; looked up for every record, because links are replaced. */
export interface InputChannels {
  control: RTCDataChannel | undefined;
  motion: RTCDataChannel | undefined;
}

/** Motion waiting in the browser is stale by the time it leaves: drop it over this many bytes. */
const MOTION_BACKLOG = 4096;

/** Whether a record may be lost, because the next one repairs it. */
export function isMotion(kind: InputEvent["kind"]): boolean {
  return kind === "pointer-absolute" || kind === "pointer-relative" || kind === "wheel" ||
    kind === "pad-state";
}

export class InputSender {
  /** Records sent, for statistics. */
  sent = 0;
  /** While false nothing but releases leaves: a menu is open. */
  active = false;
  #channels: () => InputChannels | undefined;

  constructor(channels: () => InputChannels | undefined) {
    this.#channels = channels;
  }

  /** Sends one event now; dropped where there is no open channel or input is not active. */
  send(event: InputEvent): void {
    if (!this.active && event.kind !== "release-all" && event.kind !== "pad-disconnect") return;
    const channels = this.#channels();
    const motion = isMotion(event.kind);
    const channel = motion ? channels?.motion : channels?.control;
    if (!channel || channel.readyState !== "open") return;
    if (motion && channel.bufferedAmount > MOTION_BACKLOG) return;
    channel.send(encodeInput(event));
    this.sent++;
  }

  /** Everything held goes up. */
  releaseAll(): void {
    this.send({ kind: "release-all", timeMs: performance.now() });
  }
}
