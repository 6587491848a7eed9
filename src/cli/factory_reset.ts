import { parseArgs } from "node:util";
import { output } from "../appliance/command.ts";
import { requestFactoryReset } from "../appliance/factory_reset.ts";
import { ExitCode } from "./exit_codes.ts";

const help = `Usage: gamelan factory-reset --yes

Erases this box and restarts it: games, saves, accounts, keys, network settings and logs are gone, as
on its first day. The system itself stays. A backup made before brings the house back.

  --yes               do it; without it nothing happens
  --no-restart        at the next start, whenever that is

Where nobody can get in, hold Space when the box starts and choose Factory reset.

Exit codes: 0 the box restarts, 1 failed and nothing is erased, 2 wrong command line.`;

/** `gamelan factory-reset` */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", short: "h" },
      yes: { type: "boolean" },
      "no-restart": { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(help);
    return ExitCode.ok;
  }
  if (!values.yes) {
    console.error("gamelan factory-reset erases all of this box; add --yes to do it");
    return ExitCode.usage;
  }
  const version = await applianceVersion();
  if (version === undefined) {
    console.error(
      "gamelan factory-reset: expected an appliance, but this machine has no data partition of one. " +
        "Elsewhere stop Gamelan and remove its data directory",
    );
    return ExitCode.failure;
  }
  await requestFactoryReset(version);
  if (values["no-restart"]) {
    console.log("The box erases its data when it starts next.");
    return ExitCode.ok;
  }
  console.log("The box restarts and erases its data.");
  await output("systemctl", ["--no-block", "reboot"]);
  return ExitCode.ok;
}

/** The version of the image (image/mkosi.conf) that runs; undefined where this is none. */
async function applianceVersion(): Promise<string | undefined> {
  const release = await Deno.readTextFile("/etc/os-release").catch(() => "");
  if (!/^IMAGE_ID="?gamelan"?$/m.test(release)) return undefined;
  return /^IMAGE_VERSION="?([^"\n]+)"?$/m.exec(release)?.[1];
}
