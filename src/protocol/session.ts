import { z } from "zod";

/** Ids that appear in paths and socket names: short, lower case, nothing a file system minds. */
export const Id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected a-z, 0-9 and dashes");

/**
 * Where a play session is in its life.
 *
 * starting → playing ⇄ unwatched → ending → ended; from any but ended → failed.
 */
export const SessionState = z.enum([
  "starting",
  "playing",
  "unwatched",
  "ending",
  "ended",
  "failed",
]);
export type SessionState = z.infer<typeof SessionState>;

/** What of "starting" is done, for the progress a player sees between Play and the first frame. */
export const StartStep = z.enum(["process", "display", "sound", "game", "first-frame"]);
export type StartStep = z.infer<typeof StartStep>;

/** Picture size in pixels (even numbers) and rate in frames a second. */
export const VideoMode = z.object({
  width: z.number().int().min(320).max(3840).multipleOf(2),
  height: z.number().int().min(180).max(2160).multipleOf(2),
  fps: z.number().int().min(10).max(120),
});
export type VideoMode = z.infer<typeof VideoMode>;

/** A mode of the same shape that is not over the most that the house allows. */
export function withinMode(wanted: VideoMode, most: VideoMode): VideoMode {
  const scale = Math.min(1, most.width / wanted.width, most.height / wanted.height);
  const even = (size: number) => 2 * Math.floor(size * scale / 2);
  return {
    width: Math.max(320, even(wanted.width)),
    height: Math.max(180, even(wanted.height)),
    fps: Math.min(wanted.fps, most.fps),
  };
}

/** xkb layout names as in xkeyboard-config, such as `us`, `de` with variant `nodeadkeys`. */
export const KeyboardLayout = z.object({
  layout: z.string().regex(/^[a-z]{2,10}$/).default("us"),
  variant: z.string().regex(/^[a-z0-9_-]{0,40}$/).default(""),
});
export type KeyboardLayout = z.infer<typeof KeyboardLayout>;

/** STUN or TURN server as RTCIceServer (W3C WebRTC 4.2.4). */
export const IceServer = z.object({
  urls: z.union([z.string(), z.array(z.string())]),
  username: z.string().optional(),
  credential: z.string().optional(),
});
export type IceServer = z.infer<typeof IceServer>;

/**
 * What the others of the house may do in a session besides those who were invited: nothing, not even
 * know of it; watch; or play along. The house's owners see that it runs in any case.
 */
export const Sharing = z.enum(["private", "watch", "join"]);
export type Sharing = z.infer<typeof Sharing>;

/** A session as players and the API see it. */
export const SessionInfo = z.object({
  id: Id,
  gameId: Id,
  title: z.string(),
  node: z.string(),
  /** User id of who started it. */
  owner: z.string(),
  ownerName: z.string().default(""),
  sharing: Sharing.default("private"),
  state: SessionState,
  step: StartStep.optional(),
  /** Why it failed or ended, one plain sentence. */
  reason: z.string().optional(),
  mode: VideoMode,
  viewers: z.number().int().nonnegative(),
  /** ms since the epoch. */
  startedAt: z.number(),
});
export type SessionInfo = z.infer<typeof SessionInfo>;

/** What runs in a session. */
export const SessionSource = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("testcard") }),
  /** A package of the library by id. */
  z.object({ kind: z.literal("package"), gameId: Id }),
  /** A program of the machine in the sandbox: for tests and benchmarks, never offered to players. */
  z.object({ kind: z.literal("command"), argv: z.array(z.string()).min(1), x11: z.boolean() }),
  /** A running X11 desktop, such as `:0`. */
  z.object({ kind: z.literal("x11"), display: z.string().regex(/^[\w.-]*:\d+(\.\d+)?$/) }),
]);
export type SessionSource = z.infer<typeof SessionSource>;

/** Everything a session process needs, written by the node agent to `<runDir>/spec.json`. */
export const SessionSpec = z.object({
  id: Id,
  title: z.string(),
  owner: z.string(),
  ownerName: z.string().default(""),
  /** At its start. */
  sharing: Sharing.default("private"),
  node: z.string(),
  gameId: Id,
  source: SessionSource,
  mode: VideoMode,
  /** Most that a viewer may ask for while playing; absent: what {@linkcode VideoMode} allows. */
  maxMode: VideoMode.optional(),
  keyboard: KeyboardLayout,
  /** Who starts it hears 5.1: games that ask the sound server for a layout are told so. */
  surround: z.boolean().optional(),
  iceServers: z.array(IceServer),
  /** Addresses offered as ICE host candidates; empty: all of the machine's. */
  iceAddresses: z.array(z.string()),
  /** The UDP port that the node's sessions share; absent: each has its own. */
  udpPort: z.number().int().min(1).max(65535).optional(),
  /** UDP ports for a port of the session's own, inclusive; absent: any. */
  udpPorts: z.tuple([z.number().int(), z.number().int()]).optional(),
  /** Private to this session; sockets and the control socket `control.sock` live here. */
  runDir: z.string(),
  /** Gamelan's data directory (library, saves). */
  dataDir: z.string(),
  /** How long the game runs on with nobody watching. */
  graceSeconds: z.number().nonnegative(),
  /** How long the session lives without an agent on its control socket. */
  orphanSeconds: z.number().nonnegative(),
  /** Ceiling for the video bitrate. */
  maxBitrateMbps: z.number().positive(),
  /** What the game's sandbox may use; `cpus` 0: all. */
  limits: z.object({
    memoryMb: z.number().positive(),
    cpus: z.number().nonnegative(),
    pids: z.number().int().positive(),
    scratchMb: z.number().positive(),
    /** Of one player and game, at the start; absent: any. */
    savesMb: z.number().positive().optional(),
  }),
});
export type SessionSpec = z.infer<typeof SessionSpec>;
