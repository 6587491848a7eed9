import { parseArgs } from "node:util";
import { BoxClient } from "../../fleet/box_client.ts";
import { DEFAULT_WAIT_MINUTES, PlayersWait } from "../../fleet/wait_for_players.ts";
import { UsageError } from "../exit_codes.ts";
import { onEach, PLAYED } from "./each.ts";
import { amount, FleetExit, fleetOptions, openFleet, playersOptions } from "./options.ts";

const help = `Usage: gamelan fleet rollback bundle|config [OPTIONS]

Undoes the change of this kind that waits for its confirmation on a box; where none does, goes back
from the confirmed system or configuration to the one before it. A box that changes its system
reboots: not while somebody plays, unless told.

  --wait MINUTES      wait so long for a box's players; 0: not at all. Default: 60
  --during-play       wait for nobody: who plays is told in the game, and two minutes later the box
                      restarts

Options of all verbs: gamelan fleet --help.

Example:
  gamelan fleet rollback bundle --on canary

Exit codes: 0 all boxes go back, 1 some do not, 2 wrong command line, 4 wrong inventory, 7 all but
boxes on which somebody plays.`;

/** `gamelan fleet rollback` */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...fleetOptions, ...playersOptions },
  });
  if (values.help) {
    console.log(help);
    return FleetExit.ok;
  }
  const [what, ...rest] = positionals;
  if ((what !== "bundle" && what !== "config") || rest.length > 0) {
    throw new UsageError(`fleet rollback expects bundle or config, got "${positionals.join(" ")}"`);
  }
  const minutes = amount(values.wait, "--wait", DEFAULT_WAIT_MINUTES);
  const duringPlay = values["during-play"];
  const fleet = await openFleet(values);
  const { signal } = new AbortController();
  const results = await onEach(fleet, (host, { aside }) => {
    const box = new BoxClient(fleet.ssh, host);
    const onWait = (detail: string) => console.error(`${host.name}: waits for players (${detail})`);
    const players = new PlayersWait(box, { minutes, signal, aside, onWait });
    return players.unlessPlayed(() => box.rollback(what, { duringPlay }));
  });
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  else {
    for (const each of results) {
      console.log(`${each.host}: ${each.ok ? each.result.detail : each.message}`);
    }
  }
  const left = results.filter((each) => !each.ok);
  if (left.length === 0) return FleetExit.ok;
  return left.every(({ reason }) => reason === PLAYED) ? FleetExit.played : FleetExit.failure;
}
