import { z } from "zod";
import { KeyboardLayout, SessionInfo, VideoMode } from "./session.ts";

/**
 * Control messages between a viewer's page and the session: JSON text on the data channel.
 *
 * The browser opens two channels:
 * - `control`: reliable and ordered; these messages as text, and key, button, text, touch and pad
 *   connection input records (input.ts) as binary.
 * - `motion`: `ordered: false, maxRetransmits: 0`; pointer, wheel and pad-state input records. A pad's
 *   presses are here and not there so that none waits for a retransmission: later records repeat them.
 *   Of keys, buttons and fingers that go down or up copies come here.
 */
export const CONTROL_CHANNEL = "control";
export const MOTION_CHANNEL = "motion";
export const MAX_CONTROL_BYTES = 262144;

/** What the player asks of the picture; absent keys stay as they are, null is automatic. */
export const QualitySettings = z.object({
  mode: VideoMode.nullish(),
  /** Mbit/s */
  bitrate: z.number().min(0.3).max(200).nullish(),
});
export type QualitySettings = z.infer<typeof QualitySettings>;

/** What the page sees of the stream, once a second. Times in ms, medians of the interval. */
export const ViewerStats = z.object({
  fps: z.number(),
  bitrateMbps: z.number(),
  /** 0–1, of the interval. */
  loss: z.number(),
  rttMs: z.number(),
  jitterBufferMs: z.number(),
  decodeMs: z.number(),
  presentMs: z.number(),
  droppedFrames: z.number(),
});
export type ViewerStats = z.infer<typeof ViewerStats>;

export const ControlFromViewer = z.discriminatedUnion("type", [
  /** `t`: the page's clock, echoed. */
  z.object({ type: z.literal("ping"), t: z.number() }),
  z.object({ type: z.literal("quality"), settings: QualitySettings }),
  z.object({ type: z.literal("keyboard"), keyboard: KeyboardLayout }),
  z.object({ type: z.literal("clipboard"), text: z.string().max(200000) }),
  /** Frame records (`frames`) wanted or not. */
  z.object({ type: z.literal("trace"), on: z.boolean() }),
  z.object({ type: z.literal("stats"), stats: ViewerStats }),
  z.object({ type: z.literal("microphone"), on: z.boolean() }),
]);
export type ControlFromViewer = z.infer<typeof ControlFromViewer>;

/** [rtpTimestamp, inputMs, commitMs, capturedMs, encodeStartMs, encodedMs, sentMs, bytes, keyFrame 0/1]; session clock. */
export const FrameRecord = z.tuple([
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
]);
export type FrameRecord = z.infer<typeof FrameRecord>;

export const ControlToViewer = z.discriminatedUnion("type", [
  /** `t`: echoed; `now`: the session's clock (ms), to relate frame records to the page's clock. */
  z.object({ type: z.literal("pong"), t: z.number(), now: z.number() }),
  z.object({ type: z.literal("session"), session: SessionInfo }),
  /**
   * The cursor to draw over the picture. `image`: PNG data URL, absent: the CSS cursor `name`;
   * both absent: hidden. Hotspot in pixels of the image.
   */
  z.object({
    type: z.literal("cursor"),
    name: z.string().optional(),
    image: z.string().optional(),
    hotspotX: z.number().default(0),
    hotspotY: z.number().default(0),
  }),
  /** The game wants relative motion: the page should take the pointer lock. */
  z.object({ type: z.literal("pointer-lock"), locked: z.boolean() }),
  z.object({ type: z.literal("clipboard"), text: z.string() }),
  /** Strengths 0–1 for `ms` milliseconds on the viewer's pad `pad`. */
  z.object({
    type: z.literal("rumble"),
    pad: z.number(),
    strong: z.number(),
    weak: z.number(),
    ms: z.number(),
  }),
  /** Whether pads reach the game, and why not. */
  z.object({ type: z.literal("pads"), available: z.boolean(), reason: z.string().optional() }),
  z.object({ type: z.literal("frames"), frames: z.array(FrameRecord) }),
  /** The session's side of the statistics, once a second. `encoderLoad`: encode time per frame interval. */
  z.object({
    type: z.literal("stats"),
    mode: VideoMode,
    fps: z.number(),
    targetMbps: z.number(),
    encoderLoad: z.number(),
    lossPercent: z.number(),
    rttMs: z.number(),
  }),
  /** One plain sentence for the player. */
  z.object({ type: z.literal("notice"), level: z.enum(["info", "warning"]), text: z.string() }),
]);
export type ControlToViewer = z.infer<typeof ControlToViewer>;
