/** Who plays on a box that shall restart: asked before, and warned where it is not waited for them. */
import type { BoxHost } from "./host.ts";
import { BoxRefused } from "./refused.ts";
import type { ComingRestart } from "./protocol.ts";
import type { BoxState } from "./state.ts";

/** How long players are warned, seconds. */
export const WARNING_SECONDS = 120;

/** The restart of which players are warned now. `now`: ms since the epoch. */
export function comingRestart(
  { restart }: Pick<BoxState, "restart">,
  now: number,
): ComingRestart | undefined {
  if (restart === undefined) return undefined;
  // After a power cut, one that never came is left there.
  const left = Date.parse(restart.restartAt) - now;
  return left > 0 && left <= WARNING_SECONDS * 1000 ? restart : undefined;
}

/** @throws BoxRefused "busy" while somebody plays */
export async function refuseDuringPlay(host: BoxHost): Promise<void> {
  const { sessions } = await host.health(false);
  if (sessions === 0) return;
  const games = sessions === 1 ? "1 game is" : `${sessions} games are`;
  throw new BoxRefused("busy", `${games} being played; try again later, or with --during-play`);
}

/**
 * Tells who plays that the box restarts, and gives them time to save: the house reads what is written
 * here and shows it in the games (src/cli/update_warning.ts).
 *
 * It is the box that counts, so a link that is lost meanwhile takes nothing of the time away.
 *
 * @param version  of the system that runs after the restart
 */
export async function countDown(host: BoxHost, state: BoxState, version: string): Promise<void> {
  const restartAt = new Date(host.now().getTime() + WARNING_SECONDS * 1000).toISOString();
  state.restart = { version, restartAt };
  await host.sleep(WARNING_SECONDS);
  state.restart = undefined;
}

/** The same where somebody plays. What fails here does not keep a box from going back to a system that works. */
export async function warnPlayers(host: BoxHost, state: BoxState, version: string): Promise<void> {
  try {
    if ((await host.health(false)).sessions > 0) await countDown(host, state, version);
  } catch (error) {
    console.error(`Who plays is not warned of the restart: ${(error as Error).message}`);
  }
}
