import type { BoxHost } from "../host.ts";
import type { BoxState, Pending } from "../state.ts";

/** What the kinds of changes work on. */
export interface BoxContext {
  host: BoxHost;
  state: BoxState;
}

/** What `prepare` finds out about a change. */
export interface Offer {
  id: string;
  /** What the disk must hold of it. */
  bytes: number;
  /** The box has it already: a sentence for the report. */
  has?: string;
}

/** A change that waits for its confirmation, and what it needs to be undone. */
export interface Provisional {
  pending: Pick<Pending, "bundle" | "config">;
  detail: string;
  reboots: boolean;
  /** Makes it so; `pending` is on the disk then. */
  make(): Promise<void>;
}

/** What was confirmed, or undone. */
export interface Outcome {
  detail: string;
  reboots: boolean;
}
