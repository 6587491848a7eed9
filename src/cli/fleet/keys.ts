import { parseArgs } from "node:util";
import { BoxClient } from "../../fleet/box_client.ts";
import { Pins } from "../../fleet/pins.ts";
import { UsageError } from "../exit_codes.ts";
import { type Each, onEach } from "./each.ts";
import { alignRows, type Fleet, FleetExit, fleetOptions, openFleet } from "./options.ts";

const help = `Usage: gamelan fleet keys pin | list | forget [OPTIONS]
       gamelan fleet keys authorize FILE.pub | revoke FILE.pub [OPTIONS]

Host keys say which box it is; a box that shows another one than the pinned is refused.

  pin                 the first time: connect and keep the host key that the box shows. Compare it
                      with the one on the box's screen
  list                pinned host keys
  forget              forget the keys of boxes that were set up anew
  authorize FILE.pub  let a person's SSH key log in to the boxes
  revoke FILE.pub     end that; a box's last key stays

Options of all verbs: gamelan fleet --help.

Examples:
  gamelan fleet keys pin --on attic
  gamelan fleet keys authorize ~/.ssh/anna.pub

Exit codes: 0 done on all boxes, 1 not on some, 2 wrong command line, 4 wrong inventory.`;

/** `gamelan fleet keys` */
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
  const withFile = action === "authorize" || action === "revoke";
  if (rest.length > 0 || (file !== undefined) !== withFile) {
    throw new UsageError(
      `expected pin, list, forget, authorize FILE or revoke FILE, got "${positionals.join(" ")}"`,
    );
  }
  const fleet = await openFleet(values);
  const results = await perform(fleet, action, file);
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  else {
    console.log(
      alignRows(results.map((each) => [each.host, each.ok ? each.result : each.message])),
    );
  }
  return results.every(({ ok }) => ok) ? FleetExit.ok : FleetExit.failure;
}

async function perform(
  fleet: Fleet,
  action: string,
  file: string | undefined,
): Promise<Each<string>[]> {
  const pins = new Pins(fleet.ssh);
  const pinned = (name: string) =>
    pins.list().filter((pin) => pin.name === name)
      .map(({ type, fingerprint }) => `${type} ${fingerprint}`).join(" ") || "not pinned";
  switch (action) {
    case "pin":
      return await onEach(fleet, async (host) => {
        await pins.pin(host);
        return pinned(host.name);
      });
    case "list":
      return fleet.hosts.map(({ name }) => ({ host: name, ok: true, result: pinned(name) }));
    case "forget":
      return await onEach(
        { ...fleet, parallel: 1 },
        async (host) => await pins.forget(host) ? "forgotten" : "was not pinned",
      );
    case "authorize":
    case "revoke": {
      const key = await Deno.readTextFile(file!);
      return await onEach(fleet, async (host) => {
        const box = new BoxClient(fleet.ssh, host);
        return (action === "authorize" ? await box.authorize(key) : await box.revoke(key)).detail;
      });
    }
    default:
      throw new UsageError(`expected pin, list, forget, authorize or revoke, got "${action}"`);
  }
}
