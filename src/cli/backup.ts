import { parseArgs } from "node:util";
import { createBackup } from "../backup/create.ts";
import { PartName, PARTS, partTitles } from "../backup/manifest.ts";
import { defaultConfigFile } from "../config/config.ts";
import { ExitCode, UsageError } from "./exit_codes.ts";
import { dataConfig, dataOptions } from "./settings.ts";
import { version } from "./version.ts";

const help = `Usage: gamelan backup FILE [OPTIONS]

Writes the house to one file: configuration, people, keys and saves. The house may run meanwhile.
The file holds keys and password hashes: keep it as you keep a password.

Parts:
${PARTS.map((part) => `  ${part.padEnd(19)} ${partTitles[part]}`).join("\n")}

Options:
  --games             with the games too; they can be imported again instead
  --only LIST         only these parts, comma separated
  --data-dir DIR      where the house lives (data_dir)
  --config FILE       configuration file
  --json              print what the backup holds as JSON

Examples:
  gamelan backup /media/stick/house.gamelan
  gamelan backup saves.gamelan --only saves

Exit codes: 0 done, 1 failed, 2 wrong command line, 4 wrong configuration.`;

/** `gamelan backup` */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...dataOptions, games: { type: "boolean" }, only: { type: "string" } },
  });
  if (values.help) {
    console.log(help);
    return ExitCode.ok;
  }
  if (positionals.length !== 1) throw new UsageError("backup expects one FILE to write");
  const config = dataConfig(values);
  const parts = partList(values.only) ??
    PARTS.filter((part) => part !== "games" || values.games);
  const manifest = await createBackup(positionals[0], {
    dataDir: config.data_dir,
    configFile: configFile(values.config),
    version,
    parts,
    onPart: (part) => console.error(`Packing ${partTitles[part]}`),
  });
  if (values.json) console.log(JSON.stringify(manifest, undefined, 2));
  else {
    const held = manifest.parts.map((part) => `${part.name} ${(part.bytes / 1e6).toFixed(1)} MB`);
    console.log(`Wrote ${positionals[0]}: ${held.join(", ") || "nothing was there to keep"}`);
    if (config.store.redis && parts.includes("users")) {
      console.error("The people of this house are in Redis: back it up by its own means");
    }
  }
  return ExitCode.ok;
}

/** The parts in `text`; undefined where none are named. */
export function partList(text: string | undefined): PartName[] | undefined {
  return text?.split(",").map((word) => {
    const part = PartName.safeParse(word.trim());
    if (part.success) return part.data;
    throw new UsageError(`--only expects of ${PARTS.join(", ")}, got "${word}"`);
  });
}

/** The configuration file of this user, or the one that was named. */
export function configFile(named: string | undefined): string {
  const env = Deno.env.toObject();
  return named ?? (env.GAMELAN_CONFIG || defaultConfigFile(env));
}
