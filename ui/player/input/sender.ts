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

/**
 * So long after a press or release a copy of it goes by the quick channel, ms. Where the record was lost,
 * browsers retransmit it after a fifth of a second or more (RFC 9260, 6.3), and all that is behind it
 * waits too.
 */
const COPIES_AFTER_MS = [16, 33, 66];
/** Composed text has no copies, and nothing shall overtake it: so long there are none of keys either, ms. */
const TEXT_FIRST_MS = 1000;

/** Whether copies of a record follow it. */
function isPress(event: InputEvent): event is Extract<InputEvent, { count?: number }> {
  return event.kind === "key" || event.kind === "button" ||
    event.kind === "touch" && event.phase !== "move";
}

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
  #later: (run: () => void, ms: number) => void;
  /** Presses and releases so far. */
  #count = 0;
  /** Copies that wait are of this round; a new one begins when everything is let go. */
  #round = 0;
  #textMs = -TEXT_FIRST_MS;

  /** `later`: setTimeout, or a test's. */
  constructor(
    channels: () => InputChannels | undefined,
    later: (run: () => void, ms: number) => void = setTimeout,
  ) {
    this.#channels = channels;
    // Browsers refuse their setTimeout as a method of something else.
    this.#later = (run, ms) => later(run, ms);
  }

  /** Sends one event now; dropped where there is no open channel or input is not active. */
  send(event: InputEvent): void {
    if (!this.active && event.kind !== "release-all" && event.kind !== "pad-disconnect") return;
    const channels = this.#channels();
    const motion = isMotion(event.kind);
    const channel = motion ? channels?.motion : channels?.control;
    if (!channel || channel.readyState !== "open") return;
    if (motion && channel.bufferedAmount > MOTION_BACKLOG) return;
    const press = isPress(event);
    const record = encodeInput(press ? { ...event, count: this.#count++ } : event);
    channel.send(record);
    this.sent++;
    if (event.kind === "text") this.#textMs = performance.now();
    else if (press) this.#copy(record, channels?.motion);
  }

  #copy(record: Uint8Array<ArrayBuffer>, channel: RTCDataChannel | undefined): void {
    const round = this.#round;
    for (const ms of COPIES_AFTER_MS) {
      this.#later(() => {
        // Another link's session would take it for a press of its own.
        if (round !== this.#round || channel !== this.#channels()?.motion) return;
        if (channel?.readyState !== "open" || channel.bufferedAmount > MOTION_BACKLOG) return;
        if (performance.now() - this.#textMs < TEXT_FIRST_MS) return;
        channel.send(record);
      }, ms);
    }
  }

  /** Everything held goes up. */
  releaseAll(): void {
    this.#round++;
    this.send({ kind: "release-all", timeMs: performance.now() });
  }
}
