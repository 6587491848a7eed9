import { parseArgs } from "node:util";
import { BoxClient } from "../../fleet/box_client.ts";
import { onEach } from "./each.ts";
import { FleetExit, fleetOptions, openFleet, positive } from "./options.ts";
import { printSections } from "./sections.ts";

const help = `Usage: gamelan fleet logs [--lines N] [--box-journal] [OPTIONS]

The last lines of each box's log.

  --lines N           so many. Default: 50
  --box-journal       what was changed on the box, and by whom, instead

Options of all verbs: gamelan fleet --help.

Example:
  gamelan fleet logs --on attic --box-journal

Exit codes: 0 all boxes answered, 1 some did not, 2 wrong command line, 4 wrong inventory.`;

/** `gamelan fleet logs` */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...fleetOptions,
      "lines": { type: "string" },
      "box-journal": { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(help);
    return FleetExit.ok;
  }
  const lines = positive(values.lines, "--lines", 50, 99_999);
  const fleet = await openFleet(values);
  const results = await onEach<string>(fleet, async (host) => {
    const box = new BoxClient(fleet.ssh, host);
    if (!values["box-journal"]) return await box.logs(lines);
    const entries = (await box.journal()).slice(-lines);
    return entries.map(({ at, event, id = "", operator = "", detail = "" }) =>
      [at, event, id, operator, detail].filter((part) => part !== "").join("  ")
    ).join("\n");
  });
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  else printSections(results, (text) => text);
  return results.every(({ ok }) => ok) ? FleetExit.ok : FleetExit.failure;
}
