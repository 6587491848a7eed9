import { parseArgs } from "node:util";
import { BoxClient } from "../../fleet/box_client.ts";
import { UsageError } from "../exit_codes.ts";
import { onEach } from "./each.ts";
import { FleetExit, fleetOptions, openFleet } from "./options.ts";

const help = `Usage: gamelan fleet rollback bundle|config [OPTIONS]

Undoes the change of this kind that waits for its confirmation on a box; where none does, goes back
from the confirmed system or configuration to the one before it. A box that changes its system
reboots.

Options of all verbs: gamelan fleet --help.

Example:
  gamelan fleet rollback bundle --on canary

Exit codes: 0 all boxes go back, 1 some do not, 2 wrong command line, 4 wrong inventory.`;

/** `gamelan fleet rollback` */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: fleetOptions,
  });
  if (values.help) {
    console.log(help);
    return FleetExit.ok;
  }
  const [what, ...rest] = positionals;
  if ((what !== "bundle" && what !== "config") || rest.length > 0) {
    throw new UsageError(`fleet rollback expects bundle or config, got "${positionals.join(" ")}"`);
  }
  const fleet = await openFleet(values);
  const results = await onEach(fleet, (host) => new BoxClient(fleet.ssh, host).rollback(what));
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  else {
    for (const each of results) {
      console.log(`${each.host}: ${each.ok ? each.result.detail : each.message}`);
    }
  }
  return results.every(({ ok }) => ok) ? FleetExit.ok : FleetExit.failure;
}
