import { parseArgs } from "node:util";
import { exportSaves, listSaves, restoreSaves } from "../games/saves.ts";
import { ExitCode, UsageError } from "./exit_codes.ts";
import { dataConfig, dataOptions } from "./settings.ts";

const help = `Usage: gamelan saves list [--user USER] [--game GAME]
       gamelan saves restore USER GAME SNAPSHOT
       gamelan saves export USER GAME FILE [--snapshot SNAPSHOT]

Saved games. Before each session the saves of its player and game are kept as a snapshot.

  list                saves with their snapshots
  restore             put a snapshot back; what was there becomes a snapshot itself
  export              write saves to a .tar.gz file

Options:
  --data-dir DIR      library and saves (data_dir)
  --config FILE       configuration file
  --user USER         only this player's
  --game GAME         only of this game
  --snapshot NAME     export: this snapshot, not the saves as they are now
  --json              print JSON

Examples:
  gamelan saves list
  gamelan saves restore anna supertux 20261120T201500.000Z
  gamelan saves export anna supertux supertux-anna.tar.gz

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
    default:
      throw new UsageError(`expected list, restore or export, got "${action ?? ""}"`);
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
