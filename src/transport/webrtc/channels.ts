import type { Buffer } from "node:buffer";
import type { RTCDataChannel, RTCPeerConnection } from "werift";
import { monotonicMs } from "../../media/clock.ts";
import { logger } from "../../system/log.ts";
import {
  CONTROL_CHANNEL,
  ControlFromViewer,
  type ControlToViewer,
  MAX_CONTROL_BYTES,
  MOTION_CHANNEL,
} from "../../protocol/control.ts";
import { decodeInput } from "../../protocol/input.ts";
import { guardDataChannels, unassembledBytes, withstandLoss } from "./werift_sctp.ts";

const log = logger("transport.channels");

/** Messages kept until the page has opened its channel. */
const MAX_WAITING = 64;
/** Above this many unsent bytes statistics are left out; above the second the viewer is hung. */
const BUFFER_SOFT_LIMIT = 1 << 20;
const BUFFER_HARD_LIMIT = 16 << 20;
/**
 * Control messages a second that a page may send for long, and at once: it sends about two. Some of
 * them make the session open its encoder or its keyboard anew.
 */
const MESSAGES_PER_SECOND = 20;
const MESSAGE_BURST = 300;
/** Received SCTP bytes between two looks at what is waiting to be put together. */
const CHECK_EVERY_BYTES = 1 << 18;

/**
 * The two channels the page opens. Everything that comes in is checked here: a viewer that sends
 * something else is reported by `onViolation`, once, and nothing of it goes further.
 */
export class ViewerChannels {
  onInput: (record: Uint8Array) => void = () => {};
  onControl: (message: ControlFromViewer) => void = () => {};
  onViolation: (reason: string) => void = () => {};
  readonly #labels = new Set<string>();
  #control: RTCDataChannel | undefined;
  #tokens = MESSAGE_BURST;
  #filledMs = monotonicMs();
  #waiting: string[] = [];
  #violated = false;
  #uncheckedBytes = 0;

  constructor(private readonly rtc: RTCPeerConnection) {
    rtc.onDataChannel.subscribe((channel) => this.#opened(channel));
    withstandLoss(rtc);
    guardDataChannels(rtc, (error) => this.#violate(`sends a malformed channel message: ${error}`));
  }

  send(message: ControlToViewer): void {
    const text = JSON.stringify(message);
    const channel = this.#control;
    if (channel?.readyState !== "open") {
      // Statistics are of the moment.
      if (message.type === "frames" || message.type === "stats") return;
      if (this.#waiting.length === MAX_WAITING) this.#waiting.shift();
      this.#waiting.push(text);
      return;
    }
    if (channel.bufferedAmount > BUFFER_HARD_LIMIT) {
      return this.#violate("does not read its control channel");
    }
    const optional = message.type === "frames" || message.type === "stats";
    if (optional && channel.bufferedAmount > BUFFER_SOFT_LIMIT) return;
    this.#write(channel, text);
  }

  /** Called with the size of each SCTP packet: bounds what an unfinished message may hold. */
  seen(bytes: number): void {
    this.#uncheckedBytes += bytes;
    if (this.#uncheckedBytes < CHECK_EVERY_BYTES) return;
    this.#uncheckedBytes = 0;
    if (unassembledBytes(this.rtc) > 4 * MAX_CONTROL_BYTES) {
      this.#violate("sends a data channel message without end");
    }
  }

  #write(channel: RTCDataChannel, text: string): void {
    try {
      channel.send(text);
    } catch (error) {
      // Longer than the page accepts, or closed meanwhile.
      log.warn("control message not sent", { error, bytes: text.length });
    }
  }

  #opened(channel: RTCDataChannel): void {
    if (this.#labels.has(channel.label)) {
      return this.#violate(`opens the channel "${channel.label}" twice`);
    }
    if (channel.label === CONTROL_CHANNEL || channel.label === MOTION_CHANNEL) {
      this.#labels.add(channel.label);
    }
    if (channel.label === CONTROL_CHANNEL) {
      this.#control = channel;
      for (const text of this.#waiting) this.#write(channel, text);
      this.#waiting = [];
    } else if (channel.label !== MOTION_CHANNEL) {
      this.#violate(
        `expected the data channels "${CONTROL_CHANNEL}" and "${MOTION_CHANNEL}", got ` +
          JSON.stringify(channel.label.slice(0, 60)),
      );
      return;
    }
    channel.onMessage.subscribe((data) => this.#received(channel.label, data));
  }

  #received(label: string, data: string | Buffer): void {
    if (this.#violated) return;
    try {
      if (typeof data !== "string") {
        decodeInput(data);
        // A copy: werift's buffer is a view of the received packet.
        this.onInput(Uint8Array.from(data));
      } else if (label !== CONTROL_CHANNEL) {
        this.#violate(`sends text on "${label}"`);
      } else if (data.length > MAX_CONTROL_BYTES) {
        this.#violate(`expected at most ${MAX_CONTROL_BYTES} characters, got ${data.length}`);
      } else {
        this.#receivedControl(data);
      }
    } catch (error) {
      this.#violate(error instanceof Error ? error.message : String(error));
    }
  }

  #receivedControl(text: string): void {
    if (!this.#admit()) return this.#violate("sends too many control messages");
    const parsed = ControlFromViewer.safeParse(JSON.parse(text));
    if (parsed.success) this.onControl(parsed.data);
    else this.#violate(`sends a control message of an unknown form: ${parsed.error.message}`);
  }

  /** Token bucket over all control messages. */
  #admit(): boolean {
    const nowMs = monotonicMs();
    const earned = (nowMs - this.#filledMs) * MESSAGES_PER_SECOND / 1000;
    this.#filledMs = nowMs;
    this.#tokens = Math.min(MESSAGE_BURST, this.#tokens + earned) - 1;
    return this.#tokens >= 0;
  }

  #violate(reason: string): void {
    if (this.#violated) return;
    this.#violated = true;
    this.onViolation(reason);
  }
}
