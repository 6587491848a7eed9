import { parseArgs } from "node:util";
import type { BoxStatus } from "../../fleet/box/protocol.ts";
import { BoxClient } from "../../fleet/box_client.ts";
import { type Each, onEach } from "./each.ts";
import { alignRows, FleetExit, fleetOptions, openFleet } from "./options.ts";

const help = `Usage: gamelan fleet status [--measure] [OPTIONS]

What runs on each box and how it is.

  --measure           measure the latency on each box too; takes some seconds

Options of all verbs: gamelan fleet --help.

Example:
  gamelan fleet status --on upstairs

Exit codes: 0 all boxes answered, 1 some did not, 2 wrong command line, 4 wrong inventory.`;

/** A clock that differs by more is worth a word. */
const CLOCK_MS = 5 * 60_000;

/** `gamelan fleet status` */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { ...fleetOptions, measure: { type: "boolean" } },
  });
  if (values.help) {
    console.log(help);
    return FleetExit.ok;
  }
  const fleet = await openFleet(values);
  const { measure } = values;
  const results = await onEach(
    fleet,
    (host) => new BoxClient(fleet.ssh, host).status({ measure }),
  );
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  else console.log(alignRows([HEAD, ...results.map(row)]));
  return results.every(({ ok }) => ok) ? FleetExit.ok : FleetExit.failure;
}

const HEAD = ["box", "version", "service", "games", "latency", "free", "notes"];

function row(each: Each<BoxStatus>): string[] {
  if (!each.ok) return [each.host, "–", "–", "–", "–", "–", each.message];
  const { version, health, freeBytes } = each.result;
  const { service, sessions, latencyMs } = health;
  return [
    each.host,
    version,
    service,
    String(sessions),
    latencyMs ? `${latencyMs.p50.toFixed(1)} ms` : "–",
    `${(freeBytes / 1e9).toFixed(1)} GB`,
    notes(each.result).join("; "),
  ];
}

function notes({ slots, health, pending, clock, restart }: BoxStatus): string[] {
  const notes: string[] = [];
  if (slots && !slots.current.blessed) notes.push("its system is not blessed yet");
  if (pending) notes.push(`${pending.id} waits for its confirmation`);
  if (restart) notes.push(`restarts for ${restart.version} soon; players are warned`);
  if (health.crashes > 0) notes.push(`its service died ${health.crashes}×`);
  const wrong = Math.abs(Date.parse(clock) - Date.now());
  if (!(wrong <= CLOCK_MS)) notes.push(`its clock says ${clock.slice(0, 16)}`);
  return notes;
}
