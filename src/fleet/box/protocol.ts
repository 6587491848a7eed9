/**
 * What `gamelan box` and `gamelan fleet` say to each other over SSH: a request as JSON on standard
 * input (`prepare` only; the others have words on the command line), one line of JSON as the answer.
 * The two ends may be of different versions, so each answer says which protocol it speaks.
 */
import { z } from "zod";
import { REFUSALS } from "../../update/refused.ts";

export const PROTOCOL = 1;
/** Longest request and longest answer, in bytes. */
export const MAX_MESSAGE_BYTES = 512 * 1024;

const Line = z.string().min(1).max(200).regex(/^[^\p{Cc}]*$/u, "expected one line");
const Base64 = z.string().max(100_000).regex(/^[A-Za-z0-9+/]*={0,2}$/, "expected base64");
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256 in hex");

/** `bundle-`, `config-` or `game-` and the start of the content's SHA-256: the same change twice has the same id. */
export const ChangeId = z.string().regex(
  /^(bundle|config|game)-[0-9a-f]{16}$/,
  "expected the id of a change, such as config-0123456789abcdef",
);
export const ChangeKind = z.enum(["bundle", "config", "game"]);
export type ChangeKind = z.infer<typeof ChangeKind>;

const About = {
  protocol: z.literal(PROTOCOL),
  /** Id of the operator's push, and who pushes; for the journal. */
  push: Line,
  operator: Line,
};
const Provisional = {
  /** So long after the change the box waits for `confirm`; then it goes back. Seconds. */
  confirmSeconds: z.number().int().min(1).max(3600),
  /** Also while somebody plays, who is warned before the restart. */
  duringPlay: z.boolean(),
};

export const PrepareRequest = z.discriminatedUnion("kind", [
  z.strictObject({
    ...About,
    ...Provisional,
    kind: z.literal("bundle"),
    /** The small files of the bundle: enough to refuse it before the large ones are sent. */
    manifest: Base64,
    signature: Base64,
    keys: Base64.optional(),
    /** Who decides that the new system stays: absent, the operator; or its own test at its start. */
    confirmedBy: z.literal("self-test").optional(),
  }),
  z.strictObject({
    ...About,
    ...Provisional,
    kind: z.literal("config"),
    text: z.string().max(256 * 1024),
  }),
  z.strictObject({
    ...About,
    kind: z.literal("game"),
    /** Name of the package file. */
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,100}\.erofs$/),
    bytes: z.number().int().min(1).max(2 ** 42),
    sha256: Sha256,
    /** Content of the `.sig` file beside it. */
    signature: z.string().max(2000).optional(),
  }),
]);
export type PrepareRequest = z.infer<typeof PrepareRequest>;

/** Why a box says no; it is as it was, or went back to what it was. */
export const BoxReason = z.enum([
  ...REFUSALS,
  /** The request is not of this protocol. */
  "request",
  "disk-full",
  /** Somebody plays, or another change waits for its confirmation. */
  "busy",
  /** The box has no slots for system images. */
  "unsupported",
  /** The configuration is wrong. */
  "config",
  /** The box went back by itself. */
  "returned",
  /** Another slot runs than the change was installed to. */
  "wrong-slot",
  /** It does not run as it should after the change. */
  "unhealthy",
  /** Nothing is there to confirm or to go back to. */
  "nothing",
  "failed",
]);
export type BoxReason = z.infer<typeof BoxReason>;

/** `journal` lists these; each says what became of a change. */
export const JournalEvent = z.enum([
  "prepared",
  "applied",
  "confirmed",
  "done",
  "refused",
  "returned",
  "rolled-back",
]);
export type JournalEvent = z.infer<typeof JournalEvent>;

export const JournalEntry = z.object({
  /** Counts up: a box's clock may start in 1970. */
  n: z.number().int(),
  /** ISO 8601, by the box's clock. */
  at: z.string(),
  event: JournalEvent,
  id: ChangeId.optional(),
  push: z.string().optional(),
  operator: z.string().optional(),
  detail: z.string().optional(),
});
export type JournalEntry = z.infer<typeof JournalEntry>;

/** What the self-test of the running system, or of one that was on trial, said. */
export const Proof = z.object({
  version: z.string(),
  /** ISO 8601, by the box's clock. */
  at: z.string(),
  /** One sentence for each try that failed; empty: it is good. */
  failures: z.array(z.string()).max(3),
});
export type Proof = z.infer<typeof Proof>;

/** What became of the last update of the system. */
export const UpdateOutcome = z.object({
  version: z.string(),
  outcome: z.enum(["installed", "taken-back"]),
  /** One sentence for people. */
  detail: z.string(),
  at: z.string(),
});
export type UpdateOutcome = z.infer<typeof UpdateOutcome>;

/** An update that this box makes by itself: from its page, a stick or its command line. */
export const OwnUpdate = z.object({
  id: ChangeId,
  version: z.string(),
  /** It only adds an extension to this version. */
  extension: z.literal(true).optional(),
  /** When it may restart: when nobody plays, or now, after a warning. */
  when: z.enum(["idle", "now"]),
  phase: z.enum(["waiting", "installing", "failed"]),
  /** In phase `failed`: why. */
  detail: z.string().optional(),
});
export type OwnUpdate = z.infer<typeof OwnUpdate>;

/** A restart of which players are warned now. */
export const ComingRestart = z.object({
  /** Of the system that runs after it. */
  version: z.string(),
  /** ISO 8601, by the box's clock. */
  restartAt: z.string(),
});
export type ComingRestart = z.infer<typeof ComingRestart>;

const Slot = z.object({ name: z.string(), version: z.string().optional(), blessed: z.boolean() });

export const Health = z.object({
  /** The house's service. */
  service: z.enum(["running", "starting", "failed", "stopped", "unknown"]),
  /** How often it died since somebody last asked for its start. */
  crashes: z.number().int().min(0),
  /** Game sessions that run. */
  sessions: z.number().int().min(0),
  /** A picture's way from commit to the encoded packet, in ms; only where it was asked for. */
  latencyMs: z.object({ p50: z.number(), p90: z.number() }).optional(),
});
export type Health = z.infer<typeof Health>;

export const BoxStatus = z.object({
  name: z.string(),
  product: z.string(),
  architecture: z.string(),
  version: z.string(),
  /** Absent: not an appliance, so it has no slots. */
  slots: z.object({ current: Slot, other: Slot }).optional(),
  health: Health,
  freeBytes: z.number(),
  /** ISO 8601, by the box's clock. */
  clock: z.string(),
  /** The change that waits for its confirmation. */
  pending: z.object({ id: ChangeId, push: z.string(), phase: z.enum(["applying", "provisional"]) })
    .optional(),
  last: JournalEntry.optional(),
  proof: Proof.optional(),
  lastUpdate: UpdateOutcome.optional(),
  ownUpdate: OwnUpdate.optional(),
  /** While players are warned of it. */
  restart: ComingRestart.optional(),
});
export type BoxStatus = z.infer<typeof BoxStatus>;

/** What `prepare` answers. */
export const Prepared = z.discriminatedUnion("outcome", [
  /** The box has it already. */
  z.object({ outcome: z.literal("nothing-to-do"), detail: z.string() }),
  /** It is applied and waits for `confirm`. */
  z.object({ outcome: z.literal("provisional"), id: ChangeId }),
  /** Files go to `folder`, if there are any; then `apply`. */
  z.object({
    outcome: z.literal("ready"),
    id: ChangeId,
    folder: z.string().regex(/^\/[^\p{Cc}]*$/u),
  }),
]);
export type Prepared = z.infer<typeof Prepared>;

/** What `apply` answers: `done` is final, `provisional` waits for `confirm`. */
export const Applied = z.object({
  outcome: z.enum(["done", "provisional"]),
  detail: z.string(),
  reboots: z.boolean(),
});
export type Applied = z.infer<typeof Applied>;

/** What `confirm`, `rollback` and `keys` answer. */
export const Settled = z.object({ detail: z.string(), reboots: z.boolean() });
export type Settled = z.infer<typeof Settled>;

/** Every answer: a result, or why not. */
export const Answer = z.union([
  z.object({ protocol: z.literal(PROTOCOL), result: z.unknown() }).strict(),
  z.object({
    protocol: z.literal(PROTOCOL),
    error: z.object({ reason: BoxReason, message: z.string().max(20_000) }),
  }).strict(),
]);
