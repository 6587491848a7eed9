import { BoxState } from "../fleet/box/state.ts";
import { WARNING_SECONDS } from "../fleet/box/players.ts";
import type { ComingRestart, OwnUpdate } from "../fleet/box/protocol.ts";
import { logger } from "../system/log.ts";

const log = logger("update");
const LOOK_MS = 5000;
/** Players are told again so long before the restart, ms. */
const LAST_WARNING_MS = 30_000;

/**
 * Tells players that an update is about to end their games (`gamelan update`, or what an operator of a
 * fleet has begun, waits meanwhile).
 *
 * @param warn  shows a sentence to all who play
 * @returns what ends it
 */
export function warnOfUpdates(dataDir: string, warn: (text: string) => void): () => void {
  const state = new BoxState(dataDir);
  const warning = new UpdateWarning();
  const timer = setInterval(() => {
    try {
      const now = Date.now();
      const text = warning.next(comingRestart(state, now), now);
      if (text !== undefined) warn(text);
    } catch (error) {
      log.warn("the state of updates cannot be read", { error });
    }
  }, LOOK_MS);
  return () => clearInterval(timer);
}

/** What {@linkcode UpdateWarning} is asked about. */
type Coming = Pick<OwnUpdate, "phase" | "restartAt" | "version">;

/** The restart that players are warned of now: that of an own update, or an operator's. */
export function comingRestart(
  { ownUpdate, restart }: { ownUpdate?: OwnUpdate; restart?: ComingRestart },
  now: number,
): Coming | undefined {
  if (ownUpdate?.phase === "warning" || restart === undefined) return ownUpdate;
  // After a power cut, one that never came is left there.
  const left = Date.parse(restart.restartAt) - now;
  if (left <= 0 || left > WARNING_SECONDS * 1000) return ownUpdate;
  return { ...restart, phase: "warning" };
}

/** Decides when players are told what. */
export class UpdateWarning {
  #restartAt: string | undefined;
  #last = false;

  /** What to say now, if anything. `now`: ms since the epoch. */
  next(update: Coming | undefined, now: number): string | undefined {
    const { phase, restartAt, version } = update ?? {};
    if (phase !== "warning" || restartAt === undefined) {
      this.#restartAt = undefined;
      return undefined;
    }
    const left = Date.parse(restartAt) - now;
    const first = restartAt !== this.#restartAt;
    const last = left <= LAST_WARNING_MS && (first || !this.#last);
    if (!first && !last) return undefined;
    this.#restartAt = restartAt;
    this.#last = left <= LAST_WARNING_MS;
    const when = left > 90_000
      ? `in ${Math.round(left / 60_000)} minutes`
      : `in ${Math.max(1, Math.round(left / 1000))} seconds`;
    return `This box restarts ${when} for version ${version}. Save your game; it ends then.`;
  }
}
