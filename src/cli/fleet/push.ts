import { hostname, userInfo } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ChangeKind } from "../../fleet/box/protocol.ts";
import { type Content, openContent } from "../../fleet/push/content.ts";
import { type PushHistory, PushJournal, type PushPlan } from "../../fleet/push/push_journal.ts";
import { pushFolder, runPush } from "../../fleet/push/push.ts";
import { planWaves, type Wave } from "../../fleet/push/waves.ts";
import { DEFAULT_WAIT_MINUTES } from "../../fleet/wait_for_players.ts";
import { UsageError } from "../exit_codes.ts";
import {
  amount,
  type Fleet,
  FleetExit,
  fleetOptions,
  openFleet,
  playersOptions,
  positive,
} from "./options.ts";
import { describeReport, reportExitCode } from "./push_report.ts";
import { pushWatcher } from "./push_table.ts";

const help = `Usage: gamelan fleet push bundle FOLDER|FILE.gamelan-update [OPTIONS]
       gamelan fleet push game FILE.erofs [OPTIONS]
       gamelan fleet push config FILE.toml [OPTIONS]
       gamelan fleet push --resume [ID] [OPTIONS]

Brings a signed update, a game, or Gamelan's configuration to boxes: canaries first (hosts tagged
"canary"), then tag by tag, then the rest. Where no host carries "canary" nor any of the waves'
tags, the first host is the canary. A wave begins when every box of the one before has the change
and is well: its service runs and did not die, a bundle is blessed, and the latency is not worse
than before by the bounds below. The first failure stops the push; boxes that were not begun stay as
they are.

A bundle is a folder or an update file. One made by "gamelan bundle delta" holds only what differs
from what the boxes run; a box that runs something else takes the whole one only.

A bundle or a configuration is provisional on the box until this program confirms it over a new
connection, a bundle after the new system's own test. A box that cannot be reached after the
change, is not well, or is not confirmed in time goes back by itself.

A box on which somebody plays is waited for ("waits for players"), and looked at again right before
its restart; the other boxes of its wave go on meanwhile. One that is still played after --wait is
left alone, and --resume comes back to it. The next wave begins without it, if any box has the
change by then. A game is pushed at any time.

In a configuration, {{ name }} stands for a variable of the inventory, {{ host }} for the host's
name.

  --waves TAGS            order of tags, comma separated. Default: "waves" in the inventory
  --confirm-seconds N     a box waits so long for the confirmation. Default: 120
  --boot-seconds N        a reboot may take so long. Default: 300
  --soak-seconds N        pause between waves, after which a wave must still be well. Default: 10
  --latency-factor X      bound: the latency's median may be X times what it was. Default: 1.3
  --latency-slack MS      and so much more. Default: 2
  --wait MINUTES          wait so long for a box's players; 0: not at all. Default: 60
  --during-play           wait for nobody: who plays is told in the game, and two minutes later the
                          box restarts
  --resume [ID]           go on with an interrupted or stopped push, or with boxes that were left;
                          the last push without ID. --parallel, --wait and --during-play may differ

Pushing the same again changes nothing. The journal is in STATE/pushes, and on each box.

Options of all verbs: gamelan fleet --help.

Examples:
  gamelan fleet push bundle ./gamelan_0.2.0 --waves canary,upstairs --parallel 8
  gamelan fleet push game supertux.erofs --on living-room
  gamelan fleet push config house.toml
  gamelan fleet push --resume

Exit codes: 0 all boxes have it, 1 it failed and no box was left to begin with, 2 wrong command
line, 4 wrong inventory, 5 stopped and boxes were left as they were, 6 interrupted (--resume), 7 all
have it but boxes on which somebody plays (--resume).`;

const pushOptions = {
  ...fleetOptions,
  "waves": { type: "string" },
  "confirm-seconds": { type: "string" },
  "boot-seconds": { type: "string" },
  "soak-seconds": { type: "string" },
  "latency-factor": { type: "string" },
  "latency-slack": { type: "string" },
  ...playersOptions,
  "resume": { type: "boolean" },
} as const;

/** `gamelan fleet push` */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: pushOptions });
  if (values.help) {
    console.log(help);
    return FleetExit.ok;
  }
  const folder = (fleet: Fleet) => pushFolder(fleet.state);
  let prepared: Prepared;
  if (values.resume) {
    if (positionals.length > 1) throw new UsageError("--resume expects one id of a push, or none");
    prepared = await resumePush(values, positionals[0], folder);
  } else {
    const [kind, path, ...rest] = positionals;
    const known = ChangeKind.safeParse(kind);
    if (!known.success || path === undefined || rest.length > 0) {
      throw new UsageError(
        `expected bundle FOLDER or FILE, game FILE or config FILE, got "${positionals.join(" ")}"`,
      );
    }
    prepared = await newPush(values, known.data, path, folder);
  }
  await using _content = prepared.content;
  return await perform(prepared, values.json ?? false);
}

type PushValues = ReturnType<typeof parseArgs<{ options: typeof pushOptions }>>["values"];

interface Prepared {
  fleet: Fleet;
  content: Content;
  plan: PushPlan;
  waves: Wave[];
  journal: PushJournal;
  history?: PushHistory;
}

async function newPush(
  values: PushValues,
  kind: ChangeKind,
  path: string,
  folder: (fleet: Fleet) => string,
): Promise<Prepared> {
  const fleet = await openFleet(values);
  if (fleet.hosts.length === 0) throw new UsageError("the inventory has no hosts to push to");
  await using opened = new AsyncDisposableStack();
  const content = opened.use(await openContent(kind, path));
  const tags = values.waves?.split(",") ?? fleet.inventory.waves;
  const waves = planWaves(fleet.hosts, tags);
  const push = PushJournal.newId(new Date());
  const plan: PushPlan = {
    event: "plan",
    at: new Date().toISOString(),
    push,
    kind,
    path: content.path,
    digest: content.digest,
    inventory: resolve(fleet.inventoryFile),
    waves: waves.map(({ name, hosts }) => ({ name, hosts: hosts.map((host) => host.name) })),
    parallel: fleet.parallel,
    confirmSeconds: positive(values["confirm-seconds"], "--confirm-seconds", 120, 3600),
    bootSeconds: positive(values["boot-seconds"], "--boot-seconds", 300, 3600),
    soakSeconds: amount(values["soak-seconds"], "--soak-seconds", 10),
    latencyFactor: amount(values["latency-factor"], "--latency-factor", 1.3),
    latencySlackMs: amount(values["latency-slack"], "--latency-slack", 2),
    duringPlay: values["during-play"] ?? false,
    waitMinutes: amount(values.wait, "--wait", DEFAULT_WAIT_MINUTES),
  };
  // A variable that a host lacks is found before the first box is touched.
  for (const host of fleet.hosts) {
    content.request(host, { ...plan, operator: operator() });
  }
  opened.move();
  return { fleet, content, plan, waves, journal: new PushJournal(folder(fleet), push) };
}

async function resumePush(
  values: PushValues,
  given: string | undefined,
  folder: (fleet: Fleet) => string,
): Promise<Prepared> {
  // The inventory that was pushed with says which hosts there are; options may name it elsewhere.
  const fleet = await openFleet({ ...values, on: undefined });
  const id = given ?? PushJournal.ids(folder(fleet)).at(-1);
  if (id === undefined) throw new Error("There is no push to go on with");
  const journal = new PushJournal(folder(fleet), id);
  const history = journal.history();
  const { plan } = history;
  await using opened = new AsyncDisposableStack();
  const content = opened.use(await openContent(plan.kind, plan.path));
  if (content.digest !== plan.digest) {
    throw new Error(`${plan.path} was changed since push ${id}: push it anew`);
  }
  const byName = new Map(fleet.inventory.hosts.map((host) => [host.name, host]));
  const waves = plan.waves.map(({ name, hosts }) => ({
    name,
    hosts: hosts.map((host) => {
      const found = byName.get(host);
      if (found !== undefined) return found;
      throw new Error(`Push ${id} has the host ${host}, which the inventory lacks now`);
    }),
  }));
  // What one may see otherwise by now.
  const changed = {
    parallel: values.parallel === undefined ? plan.parallel : fleet.parallel,
    duringPlay: values["during-play"] ?? plan.duringPlay,
    waitMinutes: amount(values.wait, "--wait", plan.waitMinutes),
  };
  opened.move();
  return { fleet, content, plan: { ...plan, ...changed }, waves, journal, history };
}

async function perform(prepared: Prepared, json: boolean): Promise<number> {
  const { fleet, journal, content, waves, plan, history } = prepared;
  await Deno.mkdir(pushFolder(fleet.state), { recursive: true, mode: 0o700 });
  using lock = await Deno.open(`${pushFolder(fleet.state)}/lock`, { write: true, create: true });
  if (!await lock.tryLock(true)) {
    throw new Error(`Another push runs with the state in ${fleet.state}; wait for its end`);
  }
  if (history === undefined) journal.append(plan);
  const interrupt = new AbortController();
  const stop = () => {
    // Once more: at once. The boxes that were begun go back by themselves.
    if (interrupt.signal.aborted) Deno.exit(FleetExit.interrupted);
    console.error("Ending what was begun; once more to stop at once. Go on later with --resume");
    interrupt.abort();
  };
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  const { watcher, end } = pushWatcher(
    `Push ${journal.id}: ${content.title}`,
    waves.map(({ name, hosts }) => ({ name, hosts: hosts.map((host) => host.name) })),
  );
  try {
    const { ssh } = fleet;
    const report = await runPush({
      ...prepared,
      ssh,
      operator: operator(),
      watcher,
      signal: interrupt.signal,
    });
    end();
    if (json) console.log(JSON.stringify(report, undefined, 2));
    else console.log(describeReport(report));
    return reportExitCode(report);
  } finally {
    end();
    Deno.removeSignalListener("SIGINT", stop);
    Deno.removeSignalListener("SIGTERM", stop);
  }
}

/** Who pushes, for the journals. */
function operator(): string {
  return `${userInfo().username}@${hostname()}`.slice(0, 200);
}
