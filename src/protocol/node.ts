import { z } from "zod";
import { Capability, GameInfo, ImportJob } from "./library.ts";
import { Id, KeyboardLayout, SessionInfo, Sharing, VideoMode } from "./session.ts";
import { SignalFromViewer, SignalToViewer } from "./signal.ts";

/**
 * Messages between the coordinator and a node agent. In `gamelan serve` they pass as objects inside
 * the process; a separate `gamelan node` sends them as JSON over its WebSocket to the coordinator.
 */

/** Larger pictures of games stay on their node, bytes. */
export const MAX_LINK_ARTWORK = 2 * 1024 * 1024;

/** A viewer of a session. A `player` may send input; a `spectator` only watches. */
export const ViewerRef = z.object({
  sessionId: Id,
  viewerId: Id,
});

export const ToNode = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("start-session"),
    sessionId: Id,
    gameId: Id,
    owner: z.string(),
    ownerName: z.string().default(""),
    sharing: Sharing.default("private"),
    mode: VideoMode,
    keyboard: KeyboardLayout,
    surround: z.boolean().default(false),
  }),
  z.object({ type: z.literal("share-session"), sessionId: Id, sharing: Sharing }),
  z.object({ type: z.literal("end-session"), sessionId: Id }),
  ViewerRef.extend({
    type: z.literal("viewer-join"),
    name: z.string(),
    role: z.enum(["player", "spectator"]),
  }),
  ViewerRef.extend({ type: z.literal("viewer-leave") }),
  ViewerRef.extend({ type: z.literal("signal"), message: SignalFromViewer }),
  /** Answered by `import-update`s with this id. */
  z.object({ type: z.literal("import-game"), importId: Id, source: z.string() }),
  z.object({ type: z.literal("remove-game"), gameId: Id }),
  /** Answered by `artwork` with this id. */
  z.object({ type: z.literal("get-artwork"), requestId: Id, gameId: Id }),
]);
export type ToNode = z.infer<typeof ToNode>;

export const FromNode = z.discriminatedUnion("type", [
  /** First message of a link; `token` authenticates a remote node. */
  z.object({
    type: z.literal("hello"),
    node: z.string(),
    version: z.string(),
    token: z.string().optional(),
    capabilities: z.array(Capability),
    games: z.array(GameInfo),
    sessions: z.array(SessionInfo),
    imports: z.array(ImportJob),
  }),
  /** Every 5 s; `load`: 1-minute load average divided by the cores. */
  z.object({ type: z.literal("heartbeat"), load: z.number(), freeMemoryMb: z.number() }),
  z.object({ type: z.literal("library"), games: z.array(GameInfo) }),
  z.object({ type: z.literal("session-update"), session: SessionInfo }),
  ViewerRef.extend({ type: z.literal("signal"), message: SignalToViewer }),
  z.object({ type: z.literal("import-update"), job: ImportJob }),
  /** A game's picture; without one where the game has none, or one over MAX_LINK_ARTWORK. */
  z.object({
    type: z.literal("artwork"),
    requestId: Id,
    picture: z.object({
      type: z.enum(["image/png", "image/svg+xml", "image/jpeg", "image/webp"]),
      base64: z.string().max(Math.ceil(MAX_LINK_ARTWORK / 3) * 4),
    }).optional(),
  }),
]);
export type FromNode = z.infer<typeof FromNode>;

/** One end of the link between a coordinator and a node. */
export interface Link<Out, In> {
  send(message: Out): void;
  /** Called with each message of the other end, in order. Set once. */
  onMessage: (message: In) => void;
  /** Called once when the link is gone. */
  onClose: (reason: string) => void;
  close(reason: string): void;
}

/**
 * Messages between the node agent and a session process: JSON lines over the session's Unix socket
 * `<runDir>/control.sock`. The session is the listener, so an agent that restarts adopts it again.
 */
export const ToSession = z.discriminatedUnion("type", [
  z.object({ type: z.literal("end"), reason: z.string() }),
  /** Shown to all who play and watch. */
  z.object({ type: z.literal("warn"), text: z.string() }),
  /** The session only says it of itself: who may come is decided by the coordinator. */
  z.object({ type: z.literal("share"), sharing: Sharing }),
  z.object({
    type: z.literal("viewer-join"),
    viewerId: Id,
    name: z.string(),
    role: z.enum(["player", "spectator"]),
  }),
  z.object({ type: z.literal("viewer-leave"), viewerId: Id }),
  z.object({ type: z.literal("signal"), viewerId: Id, message: SignalFromViewer }),
]);
export type ToSession = z.infer<typeof ToSession>;

export const FromSession = z.discriminatedUnion("type", [
  /** Sent on connect and on every change. */
  z.object({ type: z.literal("update"), session: SessionInfo }),
  z.object({ type: z.literal("signal"), viewerId: Id, message: SignalToViewer }),
]);
export type FromSession = z.infer<typeof FromSession>;
