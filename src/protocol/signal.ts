import { z } from "zod";
import { IceServer, SessionInfo, VideoMode } from "./session.ts";

/**
 * Signalling between a viewer's page and a session, JSON over the coordinator's WebSocket
 * (`/api/sessions/:id/signal`). The session offers; candidates trickle both ways.
 */
export const MAX_SIGNAL_BYTES = 65536;

/** RTCIceCandidateInit (W3C WebRTC 4.8.1.1). An empty candidate ends the candidates. */
export const IceCandidate = z.object({
  candidate: z.string().max(1024),
  sdpMid: z.string().max(64).nullish(),
  sdpMLineIndex: z.number().int().min(0).max(64).nullish(),
  usernameFragment: z.string().max(256).nullish(),
});
export type IceCandidate = z.infer<typeof IceCandidate>;

export const SignalToViewer = z.discriminatedUnion("type", [
  z.object({ type: z.literal("session"), session: SessionInfo }),
  z.object({ type: z.literal("offer"), sdp: z.string(), iceServers: z.array(IceServer) }),
  z.object({ type: z.literal("candidate"), candidate: IceCandidate }),
  /** The viewer is out and should not come back by itself. */
  z.object({ type: z.literal("bye"), reason: z.string() }),
]);
export type SignalToViewer = z.infer<typeof SignalToViewer>;

export const SignalFromViewer = z.discriminatedUnion("type", [
  /** First message: asks for an offer. `mode`: what the player's screen would like. */
  z.object({ type: z.literal("join"), mode: VideoMode.optional() }),
  z.object({ type: z.literal("answer"), sdp: z.string().max(MAX_SIGNAL_BYTES) }),
  z.object({ type: z.literal("candidate"), candidate: IceCandidate }),
]);
export type SignalFromViewer = z.infer<typeof SignalFromViewer>;
