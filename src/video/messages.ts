import type { EncodedFrame } from "../media/encoded.ts";
import type { VideoLoad, VideoSettings } from "../media/stages.ts";

/** From the session to the encoder's Worker. */
export type ToWorker =
  | { type: "start"; ring: SharedArrayBuffer; settings: VideoSettings }
  | { type: "configure"; settings: VideoSettings }
  | { type: "idr" }
  | { type: "pause"; paused: boolean }
  | { type: "close" };

/** From the encoder's Worker to the session. */
export type FromWorker =
  | { type: "ready" }
  /** `data` is transferred. */
  | { type: "frame"; frame: EncodedFrame }
  | { type: "load"; load: VideoLoad }
  /** The encoder cannot go on; before "ready": cannot start. */
  | { type: "error"; message: string }
  | { type: "closed" };
