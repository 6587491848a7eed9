/** What the session's thread and the compositor's Worker say to each other. */
import type { DesktopView, DisplayEvent } from "../media/stages.ts";
import type { KeyboardLayout, VideoMode } from "../protocol/session.ts";

/** The first and only message to the Worker. */
export interface DisplayWorkerStart {
  socketPath: string;
  mode: VideoMode;
  keyboard: KeyboardLayout;
  /** Buffers of a FrameRing and of a ByteRing. */
  frames: SharedArrayBuffer;
  commands: SharedArrayBuffer;
  /** eventfd that is written after each record. */
  wakeFd: number;
}

/** First byte of a record in the ByteRing. */
export const RecordKind = { Input: 0, Command: 1 } as const;

export type DisplayCommand =
  | { type: "mode"; mode: VideoMode }
  | { type: "keyboard"; layout: KeyboardLayout }
  | { type: "clipboard"; text: string }
  | { type: "desktop-view"; view: DesktopView }
  | { type: "request-close" }
  | { type: "close" };

/** What the Worker sends: display events, and `closed` as the last word. */
export type DisplayWorkerMessage = DisplayEvent | { type: "closed" };
