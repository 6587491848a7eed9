import { z } from "zod";
import { Capability, GameInfo, ImportJob } from "./library.ts";
import { Id, KeyboardLayout, SessionInfo, Sharing, VideoMode } from "./session.ts";

/**
 * The HTTP API under `/api`. JSON in and out; errors are {@linkcode ApiError} with a fitting status.
 * Signed in by the cookie `gamelan_session`; requests that change something must carry an Origin of
 * this house.
 *
 * | request | body → answer | who |
 * | --- | --- | --- |
 * | GET /api/state | → HouseState | anyone |
 * | POST /api/claim | ClaimRequest → User | anyone with the claim code, once |
 * | POST /api/login, /api/logout | LoginRequest → User | anyone |
 * | GET /api/library | → LibraryState | user, guest of a session |
 * | POST /api/imports | ImportRequest → ImportJob | owner |
 * | DELETE /api/games/:id | → {} | owner |
 * | GET /api/games/:id/artwork | → image | user |
 * | GET /api/sessions | → SessionInfo[], those one may know of | user |
 * | POST /api/sessions | PlayRequest → SessionInfo | user |
 * | GET /api/sessions/:id | → SessionInfo | who may know of it (see {@linkcode Sharing}), its guests |
 * | PATCH /api/sessions/:id | SharingRequest → SessionInfo | its owner |
 * | DELETE /api/sessions/:id | → SessionInfo | its owner, the house's owner |
 * | POST /api/sessions/:id/invites | InviteRequest → Invite | its owner |
 * | GET /api/sessions/:id/invites | → InviteInfo[] | its owner, the house's owner |
 * | GET /api/invites | → InviteInfo[], of one's sessions; the house's owner: of all | user |
 * | DELETE /api/invites/:id | → {}; shows its guests out | its session's owner, the house's owner |
 * | POST /api/join | JoinRequest → SessionInfo, sets a guest cookie | anyone with the token |
 * | GET, POST /api/users; DELETE /api/users/:id | NewUser → User | owner |
 * | GET /api/nodes | → NodeInfo[] | owner |
 * | GET /api/machine/network | → NetworkState | owner, of an appliance; so are the next |
 * | POST /api/machine/wifi/scan; …/connect; …/forget | –, WifiConnect, WifiForget → NetworkState | owner |
 * | POST /api/machine/wired | WiredChange → WiredChanged; taken back unless kept | owner |
 * | POST /api/machine/wired/keep | WiredKeep → {} | anyone with the token |
 * | GET, POST, DELETE /api/machine/ssh-keys | –, NewSshKey, SshKeyGone → SshKeys | owner |
 * | POST /api/machine/factory-reset | FactoryReset → {}; erases all and restarts | owner, with password |
 * | POST /api/backups | BackupRequest → BackupJob | owner, with password |
 * | GET /api/backups/:id, /api/backups/:id/file | → BackupJob, the archive | owner |
 * | POST /api/restores | UploadRequest → Upload | owner, with password |
 * | GET /api/restores | → RestoreOutcome, of the last one | owner |
 * | PUT /api/restores/:id?offset=BYTES | a piece of at most UPLOAD_PIECE bytes → Upload | owner |
 * | GET /api/restores/:id | → BackupContent | owner |
 * | POST /api/restores/:id/start | RestoreRequest → Restoring; the house restarts | owner |
 * | GET /api/trust | → TrustInfo | anyone, also over plain HTTP |
 * | GET /ca.crt | → the house's CA certificate, PEM, `application/x-x509-ca-cert` | anyone, also over plain HTTP |
 * | GET /ca.mobileconfig | → the same as an Apple configuration profile | anyone, also over plain HTTP |
 * | WS /api/events | HouseEvent messages | user |
 * | WS /api/sessions/:id/signal | signal.ts messages | its owner, its guests, users by its sharing |
 * | WS /api/node | node.ts messages | a node with its token |
 */

export const Password = z.string().min(8, "expected at least 8 characters").max(200);
export const UserName = z.string().trim().min(1).max(40);

export const Role = z.enum(["owner", "player"]);
export const User = z.object({ id: Id, name: UserName, role: Role });
export type User = z.infer<typeof User>;

export const HouseState = z.object({
  claimed: z.boolean(),
  version: z.string(),
  houseName: z.string(),
  user: User.nullable(),
  /** Set for a guest who came by an invitation: the one session they may watch or play. */
  guestSession: Id.nullable(),
  /** Whether this page was served over a secure context. */
  secure: z.boolean(),
  /** The machine is nothing but this house: its network and keys are set here. */
  appliance: z.boolean().default(false),
});
export type HouseState = z.infer<typeof HouseState>;

export const ClaimRequest = z.object({
  code: z.string().max(40),
  name: UserName,
  password: Password,
});
export const LoginRequest = z.object({ name: UserName, password: z.string().max(200) });
export const NewUser = z.object({ name: UserName, password: Password, role: Role });

export const LibraryState = z.object({
  games: z.array(GameInfo),
  imports: z.array(ImportJob),
});
export type LibraryState = z.infer<typeof LibraryState>;

/** `deb:NAME`; folders and archives are imported by the command line, which has the machine's files. */
export const ImportRequest = z.object({
  source: z.string().regex(/^deb:[a-z0-9][a-z0-9+.-]+$/, "expected deb:PACKAGE"),
});

export const PlayRequest = z.object({
  gameId: Id,
  mode: VideoMode,
  keyboard: KeyboardLayout.default({ layout: "us", variant: "" }),
  /** The player hears 5.1. */
  surround: z.boolean().default(false),
  sharing: Sharing.default("private"),
});
export type PlayRequest = z.infer<typeof PlayRequest>;

export const SharingRequest = z.object({ sharing: Sharing });

/** An invitation ends with its session, after `hours`, or when `uses` devices came by it. */
export const InviteRequest = z.object({
  role: z.enum(["player", "spectator"]),
  uses: z.number().int().min(1).max(16).default(1),
  hours: z.number().positive().max(168).default(24),
});
export type InviteRequest = z.infer<typeof InviteRequest>;

/** An open invitation, without what lets somebody in. Times are ms since the epoch. */
export const InviteInfo = z.object({
  id: Id,
  sessionId: Id,
  role: z.enum(["player", "spectator"]),
  uses: z.number(),
  /** Names of those who came by it. */
  guests: z.array(z.string()),
  createdAt: z.number(),
  expiresAt: z.number(),
});
export type InviteInfo = z.infer<typeof InviteInfo>;

/** `url` is a path with the token in its fragment, so that it reaches no log. */
export const Invite = InviteInfo.extend({ url: z.string(), token: z.string() });
export type Invite = z.infer<typeof Invite>;
export const JoinRequest = z.object({
  token: z.string().max(100),
  name: UserName.default("Guest"),
});

export const NodeInfo = z.object({
  name: z.string(),
  connected: z.boolean(),
  version: z.string(),
  load: z.number(),
  freeMemoryMb: z.number(),
  capabilities: z.array(Capability),
});
export type NodeInfo = z.infer<typeof NodeInfo>;

/** What a device needs to trust this house. */
export const TrustInfo = z.object({
  /** The address to play at, such as `https://gamelan.local:8443`; null where HTTPS is off. */
  httpsUrl: z.string().nullable(),
  /** Of the CA certificate in `/ca.crt`, `AB:CD:…`; null where the owner set their own certificate. */
  caFingerprintSha256: z.string().nullable(),
});
export type TrustInfo = z.infer<typeof TrustInfo>;

/** Sent on `/api/events`: first the whole, then what changes. */
export const HouseEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("library"), library: LibraryState }),
  z.object({ type: z.literal("sessions"), sessions: z.array(SessionInfo) }),
  z.object({ type: z.literal("session"), session: SessionInfo }),
  z.object({ type: z.literal("import"), job: ImportJob }),
  z.object({ type: z.literal("nodes"), nodes: z.array(NodeInfo) }),
]);
export type HouseEvent = z.infer<typeof HouseEvent>;

/** `error`: a stable word for programs; `message`: a sentence with what to do. */
export const ApiError = z.object({
  error: z.enum([
    "bad-request",
    "unauthorized",
    "forbidden",
    "not-found",
    "conflict",
    "rate-limited",
    "unavailable",
    "internal",
  ]),
  message: z.string(),
});
export type ApiError = z.infer<typeof ApiError>;
