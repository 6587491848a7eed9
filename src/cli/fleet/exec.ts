import { parseArgs } from "node:util";
import { UsageError } from "../exit_codes.ts";
import { onEach } from "./each.ts";
import { FleetExit, fleetOptions, openFleet, positive } from "./options.ts";
import { printSections } from "./sections.ts";

const help = `Usage: gamelan fleet exec [OPTIONS] -- COMMAND...

Runs a command on each box and prints what it said. One word is a line for the box's shell; several
words are a command and its arguments.

  --timeout SECONDS   per box. Default: 60

Options of all verbs: gamelan fleet --help.

Examples:
  gamelan fleet exec -- uptime
  gamelan fleet exec --on '!canary' -- 'df -h /var | tail -1'

Exit codes: 0 it succeeded on all boxes, 1 it failed on some, 2 wrong command line, 4 wrong
inventory.`;

/** `gamelan fleet exec` */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...fleetOptions, timeout: { type: "string" } },
  });
  if (values.help) {
    console.log(help);
    return FleetExit.ok;
  }
  if (positionals.length === 0) throw new UsageError("fleet exec expects a command after --");
  const timeoutMs = positive(values.timeout, "--timeout", 60, 86_400) * 1000;
  const fleet = await openFleet(values);
  const results = await onEach(
    fleet,
    (host) =>
      positionals.length === 1
        ? fleet.ssh.runShell(host, positionals[0], { timeoutMs })
        : fleet.ssh.run(host, positionals, { timeoutMs }),
  );
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  else {
    printSections(
      results,
      ({ code, stdout, stderr }) => stdout + stderr + (code === 0 ? "" : `(exit code ${code})\n`),
    );
  }
  const good = results.every((each) => each.ok && each.result.code === 0);
  return good ? FleetExit.ok : FleetExit.failure;
}
