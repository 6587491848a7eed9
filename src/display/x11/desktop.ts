import { CONFIGURE_NOTIFY, MAPPING_NOTIFY } from "../../../ffi/libxcb.ts";
import { CW_EVENT_MASK, EVENT_MASK_STRUCTURE_NOTIFY } from "../../../ffi/libxcb.ts";
import { libxcbXfixes } from "../../../ffi/libxcb_xfixes.ts";
import { monotonicMs } from "../../media/clock.ts";
import { FrameRing, FrameWriter } from "../../media/frame_ring.ts";
import type { DisplayEvent } from "../../media/stages.ts";
import { decodeInput } from "../../protocol/input.ts";
import type { VideoMode } from "../../protocol/session.ts";
import { ScreenCapture } from "./capture.ts";
import { DesktopClipboard } from "./clipboard.ts";
import { XConnection } from "./connection.ts";
import { PictureConverter } from "./conversion.ts";
import { CursorShapes } from "./cursor.ts";
import { InputInjection } from "./injection.ts";
import { type Letterbox, letterbox, toDesktop } from "./letterbox.ts";
import { CapturePacing } from "./pacing.ts";

export interface DesktopOptions {
  /** Such as ":0". */
  display: string;
  /** Cookie file; absent: as libxcb finds it. */
  xauthority?: string;
  mode: VideoMode;
  ring: FrameRing;
  onEvent: (event: DisplayEvent) => void;
}

/** A running X desktop: pictures into the ring, input out to it. Blocks only on the X server. */
export class Desktop {
  readonly connection: XConnection;
  readonly #capture: ScreenCapture;
  readonly #injection: InputInjection;
  readonly #writer: FrameWriter;
  readonly #converter = new PictureConverter();
  readonly #pacing: CapturePacing;
  readonly #cursor: CursorShapes | undefined;
  readonly #clipboard: DesktopClipboard | undefined;
  readonly #onEvent: (event: DisplayEvent) => void;
  #mode: VideoMode;
  #box: Letterbox;
  #damagedMs = 0;
  #inputMs = 0;
  #published = false;

  /** Connects. Throws {@linkcode XConnectionError} where the desktop cannot be streamed. */
  constructor({ display, xauthority, mode, ring, onEvent }: DesktopOptions) {
    this.connection = XConnection.open(display, xauthority);
    this.#onEvent = onEvent;
    this.#mode = mode;
    this.#writer = new FrameWriter(ring);
    this.#pacing = new CapturePacing(mode.fps);
    const { handle, root, xcb } = this.connection;
    // The root window's ConfigureNotify tells of RandR's size changes.
    const mask = new Uint8Array(new Uint32Array([EVENT_MASK_STRUCTURE_NOTIFY]).buffer);
    xcb.xcb_change_window_attributes(handle, root, CW_EVENT_MASK, mask);
    this.#capture = new ScreenCapture(this.connection);
    this.#box = letterbox(this.#capture, mode);
    this.#injection = new InputInjection(this.connection, () => ({
      toDesktop: (position) => toDesktop(position, this.#box, this.#capture, this.#mode),
      scale: this.#capture.width / this.#box.width,
    }));
    const xfixes = this.connection.extension("XFIXES");
    if (xfixes !== undefined) {
      this.connection.reply(libxcbXfixes().xcb_xfixes_query_version(handle, 5, 0));
      this.#cursor = new CursorShapes(this.connection, xfixes);
      this.#clipboard = new DesktopClipboard(
        this.connection,
        xfixes,
        (text) => onEvent({ type: "clipboard", text }),
      );
    }
    this.#sendCursor();
    this.connection.flush();
  }

  input(record: Uint8Array): void {
    this.#inputMs = monotonicMs();
    this.#injection.inject(decodeInput(record));
  }

  setMode(mode: VideoMode): void {
    this.#mode = mode;
    this.#pacing.setRate(mode.fps);
    this.#relayout();
  }

  setClipboard(text: string): void {
    this.#clipboard?.set(text);
  }

  /**
   * Handles what the server sent and captures where something was drawn and the rate allows it.
   * Returns how long to wait for more, ms; -1: until an event comes. Throws
   * {@linkcode XConnectionError} once the server is gone.
   */
  run(): number {
    for (;;) {
      for (let event = this.connection.nextEvent(); event; event = this.connection.nextEvent()) {
        this.#handle(event);
      }
      this.connection.check();
      if (!this.#capture.dirty) break;
      const delay = this.#pacing.delay(monotonicMs());
      if (delay > 0) {
        this.connection.flush();
        return Math.ceil(delay);
      }
      this.#publish();
      // Waiting for the picture may have read further events: look again before sleeping.
    }
    this.connection.flush();
    return -1;
  }

  close(): void {
    this.#injection.close();
    this.#capture.close();
    this.connection.close();
  }

  #handle(event: Uint8Array): void {
    const type = event[0] & 127;
    if (type === this.#capture.damageEvent) {
      if (!this.#capture.dirty) this.#damagedMs = monotonicMs();
      this.#capture.damaged(event);
    } else if (type === this.#cursor?.notifyEvent) {
      this.#sendCursor();
    } else if (type === MAPPING_NOTIFY) {
      this.#injection.mappingChanged();
    } else if (type === CONFIGURE_NOTIFY) {
      const view = new DataView(event.buffer);
      if (view.getUint32(8, true) !== this.connection.root) return;
      this.#capture.resize(view.getUint16(20, true), view.getUint16(22, true));
      this.#relayout();
    } else {
      this.#clipboard?.handle(event);
    }
  }

  #relayout(): void {
    this.#box = letterbox(this.#capture, this.#mode);
    this.#damagedMs = monotonicMs();
    this.#capture.markAll();
  }

  #publish(): void {
    const commitMs = this.#damagedMs || monotonicMs();
    const inputMs = this.#inputMs;
    if (!this.#capture.grab()) {
      this.#relayout();
      return;
    }
    const { width, height } = this.#mode;
    const planes = this.#writer.planes(width, height);
    this.#converter.convert(this.#capture, planes, this.#box, this.#capture.grabbed);
    const capturedMs = monotonicMs();
    this.#writer.publish({ width, height, inputMs, commitMs, capturedMs });
    this.#pacing.captured(capturedMs);
    if (this.#published) return;
    this.#published = true;
    this.#onEvent({ type: "first-frame" });
  }

  #sendCursor(): void {
    const shape = this.#cursor?.current();
    if (shape) this.#onEvent(shape);
  }
}
