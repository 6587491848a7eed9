import { parseArgs } from "node:util";
import { exportAnsible } from "../../fleet/ansible/export.ts";
import { importAnsible } from "../../fleet/ansible/import.ts";
import { readInventory, selectHosts } from "../../fleet/inventory.ts";
import { UsageError } from "../exit_codes.ts";
import { alignRows, FleetExit, fleetOptions, inventoryPath } from "./options.ts";

const help = `Usage: gamelan fleet inventory check [OPTIONS]
       gamelan fleet inventory import FILE
       gamelan fleet inventory export [OPTIONS]

  check               read the inventory and list its hosts
  import FILE         print an inventory made of Ansible's, in its INI or YAML form (.yml, .yaml)
  export              print the inventory in Ansible's YAML form

Options of all verbs: gamelan fleet --help.

Examples:
  gamelan fleet inventory import hosts.ini > fleet.toml
  gamelan fleet inventory export > hosts.yml

Exit codes: 0 done, 2 wrong command line, 4 wrong inventory.`;

/** `gamelan fleet inventory` */
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
  const [action, file, ...rest] = positionals;
  if (rest.length > 0 || (file !== undefined) !== (action === "import")) {
    throw new UsageError(`expected check, import FILE or export, got "${positionals.join(" ")}"`);
  }
  switch (action) {
    case "import": {
      const { toml, notes } = importAnsible(await Deno.readTextFile(file), file);
      for (const note of notes) console.error(note);
      console.log(toml.trimEnd());
      return FleetExit.ok;
    }
    case "export":
      console.log(exportAnsible(readInventory(inventoryPath(values.inventory))).trimEnd());
      return FleetExit.ok;
    case "check": {
      const inventory = readInventory(inventoryPath(values.inventory));
      const hosts = selectHosts(inventory, (values.on ?? []).flatMap((on) => on.split(",")));
      if (values.json) console.log(JSON.stringify({ ...inventory, hosts }, undefined, 2));
      else {
        const rows = hosts.map((
          { name, address, port = 22, user = "–", jump = "–", tags },
        ) => [name, `${address} port ${port}`, user, jump, tags.join(" ")]);
        console.log(alignRows([["host", "address", "user", "jump", "tags"], ...rows]));
      }
      return FleetExit.ok;
    }
    default:
      throw new UsageError(`expected check, import FILE or export, got "${action ?? ""}"`);
  }
}
