/** What the house's owner sees and does about the system of an appliance: its slots and updates. */
import { z } from "zod";

export const SystemState = z.object({
  /** The version that runs. */
  version: z.string(),
  /** It has not proved itself yet. */
  trial: z.boolean(),
  /** What the other slot holds; null: nothing. `proven`: one can go back to it. */
  other: z.object({ version: z.string(), proven: z.boolean() }).nullable(),
  /** An update that waits or is being installed. `installed`: only the restart into it waits. */
  update: z.object({
    version: z.string(),
    phase: z.enum(["waiting", "installing", "failed"]),
    installed: z.boolean(),
    reason: z.string().nullable(),
  }).nullable(),
  /** The restart of which who plays is warned now: the version after it, and how long until it, ms. */
  restart: z.object({ version: z.string(), inMs: z.number() }).nullable(),
  /** What became of the last one. `at`: ms since the epoch. */
  last: z.object({
    version: z.string(),
    outcome: z.enum(["installed", "taken-back"]),
    detail: z.string(),
    at: z.number(),
  }).nullable(),
  /** What the self-test of the running system found wrong. */
  failure: z.string().nullable(),
});
export type SystemState = z.infer<typeof SystemState>;

export const UpdateUpload = z.object({ bytes: z.number().int().positive().max(2 ** 33) });
/** `now`: who plays is warned and then loses the game; else when nobody plays. */
export const UpdateInstall = z.object({ now: z.boolean() });
