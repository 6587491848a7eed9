import { basename } from "node:path";
import { parseArgs } from "node:util";
import { Box } from "../fleet/box/box.ts";
import type { BoxHost } from "../fleet/box/host.ts";
import { install, installWaiting } from "../fleet/box/own_install.ts";
import { forgetUpdate, takeBundle } from "../fleet/box/own_update.ts";
import { fileChunks } from "../system/file_chunks.ts";
import { BundleArchive } from "../update/archive.ts";
import { BundleManifest, MANIFEST, parseBundleFile } from "../update/manifest.ts";
import { type BundleHead, readBundleHead } from "../update/verify.ts";
import { openBoxHost } from "./box_host.ts";
import { ExitCode, UsageError } from "./exit_codes.ts";
import { describeStatus, waitsForRestart } from "./update_status.ts";

const UNIT = "gamelan-update.service";
/** How to see what becomes of one that waits, and how to stop it. */
const HOW = "(--status, --cancel)";

const help = `Usage: gamelan update FILE|FOLDER [--now]
       gamelan update --check FILE|FOLDER | --status | --cancel | --rollback

Replaces the system of this appliance by a signed bundle: a folder or a *.gamelan-update file. It goes
into the slot that does not run when nobody plays, and the box restarts when nobody plays. It keeps the
new system only if that still plays and streams the Test card; else the old one comes back after three
tries.

  --now               do not wait until nobody plays; players are warned two minutes before
  --check             only say whether the bundle is signed, and for this box; its head is looked at
  --status            what runs, what the other slot holds, and what became of the last update
  --cancel            give up an update that waits
  --rollback          go back to the system in the other slot, and restart; players are warned too
  --json              --status: print JSON
  --data-dir DIR      Gamelan's data directory (data_dir)
  --config FILE       configuration file

Examples:
  gamelan update gamelan_0.2.0.gamelan-update
  gamelan update --status

Exit codes: 0 done, 1 refused or failed, 2 wrong command line, 4 wrong configuration.`;

/**
 * `gamelan update`
 *
 * @param openHost  the machine, by the options of the command line; tests have their own
 */
export async function run(args: string[], openHost = openBoxHost): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      "help": { type: "boolean", short: "h" },
      "now": { type: "boolean" },
      "check": { type: "boolean" },
      "status": { type: "boolean" },
      "cancel": { type: "boolean" },
      "rollback": { type: "boolean" },
      // What gamelan-update.service runs.
      "run": { type: "boolean" },
      // For the house and for sticks: the installing is left to that service.
      "hand-over": { type: "boolean" },
      "stick": { type: "boolean" },
      "json": { type: "boolean" },
      "data-dir": { type: "string" },
      "config": { type: "string" },
    },
  });
  if (values.help) {
    console.log(help);
    return ExitCode.ok;
  }
  const host = openHost({ dataDir: values["data-dir"], config: values.config });
  const [source, ...rest] = positionals;
  const verbs = [values.status, values.cancel, values.rollback, values.run].filter(Boolean);
  if (rest.length > 0 || verbs.length + (source === undefined ? 0 : 1) !== 1) {
    throw new UsageError("expected a bundle, --status, --cancel or --rollback");
  }
  if (values.status) return await status(host, values.json ?? false);
  if (values.rollback) {
    await new Box(host).rollback("bundle", ({ detail }) => Promise.resolve(console.log(detail)));
    return ExitCode.ok;
  }
  if (values.cancel) {
    console.log(`Version ${(await forgetUpdate(host)).version} is not installed`);
    return ExitCode.ok;
  }
  if (values.run) {
    await installWaiting(host, say);
    return ExitCode.ok;
  }
  if (values.check) return await check(host, source);
  const now = values.now ?? false;
  if (values.stick && await failedBefore(host, source)) return ExitCode.ok;
  const operator = values.stick ? "a stick" : Deno.env.get("SSH_CONNECTION") ? "SSH" : "this box";
  const handOver = (values.stick || values["hand-over"]) ?? false;
  return await update(host, source, { now, operator, handOver });
}

/** A stick may stay plugged in while what it brought is tried and taken back. */
async function failedBefore(host: BoxHost, source: string): Promise<boolean> {
  const { manifest } = await readHead(source);
  const { version } = parseBundleFile(BundleManifest, manifest, MANIFEST);
  const { lastUpdate } = await new Box(host).status(false);
  if (lastUpdate?.outcome !== "taken-back" || lastUpdate.version !== version) return false;
  console.error(`${version} is not tried again from a stick: ${lastUpdate.detail}`);
  return true;
}

async function update(
  host: BoxHost,
  source: string,
  { now, operator, handOver }: { now: boolean; operator: string; handOver: boolean },
): Promise<number> {
  // The connection may end before the box restarts.
  Deno.addSignalListener("SIGHUP", () => {});
  const when = now ? "now" as const : "idle" as const;
  const onWait = () => say("Another update is at work here; this one is taken in after it");
  const taken = await takeBundle(host, await open(source), { operator, when, onWait });
  if ("nothingToDo" in taken) {
    console.log(`Nothing to do: ${taken.nothingToDo}`);
    return ExitCode.ok;
  }
  const { version } = taken.update;
  const { sessions } = await host.health(false);
  if (sessions === 0 && !handOver) {
    if (await install(host, taken.update, say) !== "waits") return ExitCode.ok;
  }
  await startUnit();
  const installed = waitsForRestart(await new Box(host).status(false));
  if (now && sessions > 0) {
    console.log(`Version ${version} is installed in two minutes; who plays is warned`);
  } else if (installed) {
    console.log(`Version ${version} is installed; the box restarts when nobody plays ${HOW}`);
  } else {
    console.log(`Version ${version} is installed when nobody plays ${HOW}`);
  }
  return ExitCode.ok;
}

/** A line that is not heard any more is no reason to stop. */
function say(text: string): void {
  try {
    console.log(text);
  } catch {
    // The connection is gone.
  }
}

async function open(source: string): Promise<string | AsyncIterable<Uint8Array>> {
  const { isDirectory } = await Deno.stat(source).catch(() => {
    throw new UsageError(`expected a bundle's folder or file, but there is no ${source}`);
  });
  return isDirectory ? source : fileChunks(source);
}

async function readHead(source: string): Promise<BundleHead> {
  const opened = await open(source);
  if (typeof opened === "string") return await readBundleHead(opened);
  return await new BundleArchive(opened).head();
}

async function check(host: BoxHost, source: string): Promise<number> {
  const { version, runs } = await new Box(host).examine(await readHead(source));
  console.log(
    runs
      ? `${basename(source)} is version ${version}, which runs`
      : `${basename(source)} is version ${version} and can be installed here`,
  );
  return ExitCode.ok;
}

async function status(host: BoxHost, json: boolean): Promise<number> {
  const now = await new Box(host).status(false);
  console.log(json ? JSON.stringify(now) : describeStatus(now));
  return ExitCode.ok;
}

/** Does it in a process that outlives this one. */
async function startUnit(): Promise<void> {
  const { success, stderr } = await new Deno.Command("systemctl", {
    args: ["--no-block", "start", UNIT],
    stdin: "null",
  }).output();
  if (!success) throw new Error(`${UNIT} did not start: ${new TextDecoder().decode(stderr)}`);
}
