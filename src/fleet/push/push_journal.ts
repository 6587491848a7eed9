/** The operator's side of the journal: what a push planned and did, so that it can go on later. */
import { join } from "node:path";
import { z } from "zod";
import { BoxStatus, ChangeKind } from "../box/protocol.ts";
import { Journal } from "../journal.ts";
import { DEFAULT_WAIT_MINUTES } from "../wait_for_players.ts";

export const PushId = z.string().regex(/^\d{8}-\d{6}-[0-9a-f]{6}$/);

/** The first line of a journal. */
export const PushPlan = z.object({
  event: z.literal("plan"),
  at: z.string(),
  push: PushId,
  kind: ChangeKind,
  /** What is pushed, and its digest: a resumed push refuses another one. */
  path: z.string(),
  digest: z.string(),
  inventory: z.string(),
  waves: z.array(z.object({ name: z.string(), hosts: z.array(z.string()) })),
  parallel: z.number(),
  confirmSeconds: z.number(),
  bootSeconds: z.number(),
  soakSeconds: z.number(),
  latencyFactor: z.number(),
  latencySlackMs: z.number(),
  duringPlay: z.boolean(),
  waitMinutes: z.number().default(DEFAULT_WAIT_MINUTES),
});
export type PushPlan = z.infer<typeof PushPlan>;

const Line = z.discriminatedUnion("event", [
  PushPlan,
  z.object({
    event: z.literal("step"),
    at: z.string(),
    host: z.string(),
    step: z.string(),
    detail: z.string().optional(),
  }),
  z.object({ event: z.literal("before"), at: z.string(), host: z.string(), status: BoxStatus }),
  z.object({
    event: z.literal("result"),
    at: z.string(),
    host: z.string(),
    outcome: z.enum(["done", "unchanged", "failed", "played"]),
    detail: z.string(),
  }),
  z.object({
    event: z.literal("end"),
    at: z.string(),
    outcome: z.enum(["done", "stopped", "interrupted", "incomplete"]),
  }),
]);
type Line = z.infer<typeof Line>;
type WithoutTime<T> = T extends unknown ? Omit<T, "at"> : never;

/** What a journal says about its push. */
export interface PushHistory {
  plan: PushPlan;
  /** Hosts that need nothing more. */
  finished: Map<string, { outcome: "done" | "unchanged"; detail: string }>;
  /** How hosts were before a change that was begun. */
  before: Map<string, BoxStatus>;
}

export class PushJournal {
  readonly #journal: Journal;

  constructor(folder: string, readonly id: string) {
    this.#journal = new Journal(join(folder, `${PushId.parse(id)}.jsonl`));
  }

  static newId(now: Date): string {
    const time = now.toISOString().replaceAll(/[-:]/g, "").replace("T", "-").slice(0, 15);
    return `${time}-${crypto.randomUUID().slice(0, 6)}`;
  }

  /** Ids of all pushes, the newest last. */
  static ids(folder: string): string[] {
    try {
      return [...Deno.readDirSync(folder)].map(({ name }) => name.replace(/\.jsonl$/, ""))
        .filter((name) => PushId.safeParse(name).success).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  append(line: WithoutTime<Line>): void {
    this.#journal.append({ at: new Date().toISOString(), ...line });
  }

  /** @throws where it does not begin with a plan */
  history(): PushHistory {
    const lines = this.#journal.read().flatMap((line) => Line.safeParse(line).data ?? []);
    const [plan] = lines;
    if (plan?.event !== "plan") {
      throw new Error(`${this.#journal.path} does not begin with a plan: nothing was pushed by it`);
    }
    const history: PushHistory = {
      plan,
      finished: new Map(),
      before: new Map(),
    };
    for (const line of lines) {
      if (line.event === "before") history.before.set(line.host, line.status);
      if (line.event !== "result") continue;
      const { host, outcome, detail } = line;
      if (outcome === "failed" || outcome === "played") {
        // A box that went back, failed after its confirmation, or was left is measured and changed anew.
        history.before.delete(host);
        history.finished.delete(host);
      } else history.finished.set(host, { outcome, detail });
    }
    return history;
  }
}
