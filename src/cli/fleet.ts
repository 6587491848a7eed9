import { InventoryError } from "../fleet/inventory.ts";
import { ExitCode, UsageError } from "./exit_codes.ts";

const help = `Usage: gamelan fleet status [--measure]
       gamelan fleet push bundle FILE|FOLDER | game FILE.erofs | config FILE.toml | --resume [ID]
       gamelan fleet exec -- COMMAND...
       gamelan fleet logs [--lines N] [--box-journal]
       gamelan fleet rollback bundle|config
       gamelan fleet keys pin | list | forget | authorize FILE.pub | revoke FILE.pub
       gamelan fleet inventory check | import FILE | export

Many boxes at once, over SSH. "gamelan fleet VERB --help" describes a verb.

Options of all verbs:
  --inventory FILE    Default: ./fleet.toml, else ~/.config/gamelan/fleet.toml
  --on WORDS          only these hosts: names and tags, comma separated; !WORD leaves out
  --parallel N        so many boxes at a time. Default: 8
  --state DIR         pinned host keys and journals. Default: ~/.local/state/gamelan/fleet
  --json              print JSON

An inventory:
  waves = ["canary", "upstairs"]
  [defaults]
  user = "root"
  identity = "~/.ssh/fleet"
  [jumps.office]
  address = "vpn.example.org"
  [hosts.living-room]
  address = "192.168.1.20"
  tags = ["canary"]
  [hosts.attic]
  jump = "office"
  tags = ["upstairs"]
  variables = { title = "Attic" }

Examples:
  gamelan fleet keys pin
  gamelan fleet status --on canary
  gamelan fleet push bundle ./gamelan_0.2.0 --parallel 8
  gamelan fleet push config house.toml --on '!canary'
  gamelan fleet push --resume

Exit codes: 0 all boxes as wanted, 1 something failed on a box, 2 wrong command line, 4 wrong
inventory, 5 a push was stopped and boxes were left as they were, 6 interrupted: go on with
--resume, 7 boxes on which somebody plays were left.`;

interface Verb {
  run(args: string[]): Promise<number>;
}

const verbs: Record<string, () => Promise<Verb>> = {
  status: () => import("./fleet/status.ts"),
  push: () => import("./fleet/push.ts"),
  exec: () => import("./fleet/exec.ts"),
  logs: () => import("./fleet/logs.ts"),
  rollback: () => import("./fleet/rollback.ts"),
  keys: () => import("./fleet/keys.ts"),
  inventory: () => import("./fleet/inventory.ts"),
};

/** `gamelan fleet` */
export async function run(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h") {
    console.log(help);
    return ExitCode.ok;
  }
  const load = Object.hasOwn(verbs, name ?? "") ? verbs[name] : undefined;
  if (load === undefined) {
    throw new UsageError(`expected ${Object.keys(verbs).join(", ")}, got "${name ?? ""}"`);
  }
  try {
    return await (await load()).run(rest);
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error;
    console.error(`gamelan fleet: the inventory is wrong\n${error.message}`);
    return ExitCode.config;
  }
}
