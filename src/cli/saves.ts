import { parseArgs } from "node:util";
import { exportSaves, listSaves, restoreSaves } from "../games/saves.ts";
import { clearSaves, pruneSnapshots } from "../games/saves_space.ts";
import { ExitCode, UsageError } from "./exit_codes.ts";
import { dataConfig, dataOptions } from "./settings.ts";

const help = `Usage: gamelan saves list [--user USER] [--game GAME]
       gamelan saves restore USER GAME SNAPSHOT
       gamelan saves export USER GAME FILE [--snapshot SNAPSHOT]
       gamelan saves clear USER GAME
       gamelan saves prune [--user USER] [--game GAME] [--keep NUMBER]

Saved games. Before each session the saves of its player and game are kept as a snapshot.

  list                saves with their snapshots
  restore             put a snapshot back; what was there becomes a snapshot itself
  export              write saves to a .tar.gz file
  clear               let the game start anew; what was there becomes a snapshot
  prune               remove old snapshots, which frees the disk

Options:
  --data-dir DIR      library and saves (data_dir)
  --config FILE       configuration file
  --user USER         only this player's
  --game GAME         only of this game
  --keep NUMBER       prune: so many newest of each player and game stay (1)
  --snapshot NAME     export: this snapshot, not the saves as they are now
  --json              print JSON

Examples:
  gamelan saves list
  gamelan saves restore anna supertux 20261120T201500.000Z
  gamelan saves export anna supertux supertux-anna.tar.gz
  gamelan saves prune --game supertux --keep 3

Exit codes: 0 done, 1 failed, 2 wrong command line, 4 wrong configuration.`;

/** `gamelan saves` */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...dataOptions,
      "user": { type: "string" },
      "game": { type: "string" },
      "snapshot": { type: "string" },
      "keep": { type: "string" },
    },
  });
  if (values.help) {
    console.log(help);
    return ExitCode.ok;
  }
  const { data_dir: dataDir } = dataConfig(values);
  const [action, user, game, subject, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`expected nothing after "${subject}", got "${rest}"`);
  switch (action) {
    case "list":
      await list(dataDir, values);
      return ExitCode.ok;
    case "restore":
      if (subject === undefined) throw new UsageError("saves restore expects USER GAME SNAPSHOT");
      await restoreSaves(dataDir, user, game, subject);
      return ExitCode.ok;
    case "export":
      if (subject === undefined) throw new UsageError("saves export expects USER GAME FILE");
      await exportSaves(dataDir, user, game, subject, values.snapshot);
      return ExitCode.ok;
    case "clear":
      if (game === undefined || subject !== undefined) {
        throw new UsageError("saves clear expects USER GAME");
      }
      console.log(`Put aside as the snapshot ${await clearSaves(dataDir, user, game)}`);
      return ExitCode.ok;
    case "prune":
      if (user !== undefined) {
        throw new UsageError(`saves prune expects --user and --game, got "${user}"`);
      }
      await prune(dataDir, values);
      return ExitCode.ok;
    default:
      throw new UsageError(`expected list, restore, export, clear or prune, got "${action ?? ""}"`);
  }
}

async function prune(dataDir: string, only: { user?: string; game?: string; keep?: string }) {
  const { user, game, keep = "1" } = only;
  if (!/^\d{1,4}$/.test(keep)) throw new UsageError(`--keep expects a number, got "${keep}"`);
  for (const saves of await listSaves(dataDir, { user, game })) {
    const options = { keep: Number(keep) };
    for (const name of await pruneSnapshots(dataDir, saves.user, saves.game, options)) {
      console.log(`Removed ${saves.user}  ${saves.game}  ${name}`);
    }
  }
}

async function list(dataDir: string, only: { user?: string; game?: string; json?: boolean }) {
  const saves = await listSaves(dataDir, { user: only.user, game: only.game });
  if (only.json) {
    console.log(JSON.stringify(saves, undefined, 2));
    return;
  }
  if (saves.length === 0) console.log("No saves yet");
  for (const save of saves) {
    console.log(`${save.user}  ${save.game}  ${(save.bytes / 1e6).toFixed(1)} MB`);
    for (const { name, time } of save.snapshots) console.log(`  ${name}  ${time.toLocaleString()}`);
  }
}
