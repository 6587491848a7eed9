import { BoxState } from "../fleet/box/state.ts";
import { comingRestart } from "../fleet/box/players.ts";
import type { ComingRestart } from "../fleet/box/protocol.ts";
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

/** Decides when players are told what. */
export class UpdateWarning {
  #restart: ComingRestart | undefined;
  #last = false;

  /** What to say now, if anything. `now`: ms since the epoch. */
  next(restart: ComingRestart | undefined, now: number): string | undefined {
    const before = this.#restart;
    this.#restart = restart;
    if (restart === undefined) {
      if (before === undefined || Date.parse(before.restartAt) <= now) return undefined;
      return `This box does not restart now: version ${before.version} was called off.`;
    }
    const left = Date.parse(restart.restartAt) - now;
    const first = restart.restartAt !== before?.restartAt;
    const last = left <= LAST_WARNING_MS && (first || !this.#last);
    if (!first && !last) return undefined;
    this.#last = left <= LAST_WARNING_MS;
    const when = left > 90_000
      ? `in ${Math.round(left / 60_000)} minutes`
      : `in ${Math.max(1, Math.round(left / 1000))} seconds`;
    return `This box restarts ${when} for version ${restart.version}. Save your game; it ends then.`;
  }
}
