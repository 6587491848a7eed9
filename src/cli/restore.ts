import { parseArgs } from "node:util";
import { partTitles } from "../backup/manifest.ts";
import { readBackup, restoreBackup } from "../backup/restore.ts";
import { lockDataDir } from "../system/data_lock.ts";
import { configFile, partList } from "./backup.ts";
import { ExitCode, UsageError } from "./exit_codes.ts";
import { dataConfig, dataOptions } from "./settings.ts";

const help = `Usage: gamelan restore FILE [OPTIONS]

Brings a backup back, all of it or parts. The house must not run meanwhile. What was there before
is kept beside it, and its place is printed.

Options:
  --list              only say what the backup holds
  --only LIST         only these parts, comma separated: config, users, identity, saves, games
  --user USER         only this player's saves
  --game GAME         only the saves of this game
  --data-dir DIR      where the house lives (data_dir)
  --config FILE       configuration file
  --json              print JSON

Examples:
  gamelan restore house.gamelan --list
  gamelan restore house.gamelan
  gamelan restore house.gamelan --game supertux --user u-4f1c

Exit codes: 0 done, 1 failed and nothing changed, 2 wrong command line, 4 wrong configuration.`;

/** `gamelan restore` */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...dataOptions,
      list: { type: "boolean" },
      only: { type: "string" },
      user: { type: "string" },
      game: { type: "string" },
    },
  });
  if (values.help) {
    console.log(help);
    return ExitCode.ok;
  }
  if (positionals.length !== 1) throw new UsageError("restore expects one FILE");
  const [file] = positionals;
  const parts = partList(values.only);
  if (values.list) {
    const manifest = await readBackup(file);
    if (values.json) console.log(JSON.stringify(manifest, undefined, 2));
    else {
      console.log(`Backup of ${manifest.host}, ${manifest.createdAt}, Gamelan ${manifest.gamelan}`);
      for (const part of manifest.parts) {
        const size = `${(part.bytes / 1e6).toFixed(1)} MB`;
        console.log(`  ${part.name.padEnd(9)} ${size.padStart(10)}  ${partTitles[part.name]}`);
      }
    }
    return ExitCode.ok;
  }
  const { data_dir: dataDir } = dataConfig(values);
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o755 });
  using _house = lockDataDir(dataDir, "house");
  using _node = lockDataDir(dataDir, "node");
  const restored = await restoreBackup(file, {
    dataDir,
    configFile: configFile(values.config),
    parts,
    user: values.user,
    game: values.game,
    onPart: (part) => console.error(`Unpacking ${partTitles[part]}`),
  });
  if (values.json) console.log(JSON.stringify(restored));
  else {
    console.log(`Restored ${restored.parts.join(", ")}`);
    if (restored.replaced) {
      console.log(`What was there before is in ${restored.replaced}; remove it when all is well`);
    }
  }
  return ExitCode.ok;
}
