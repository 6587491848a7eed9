/**
 * Restores a backup. Everything chosen is checked and unpacked beside its place first; only then are
 * the parts exchanged, each by a rename. What was there before is kept.
 */
import { dirname, join, resolve } from "node:path";
import { checkHouseDatabase } from "../coordinator/store/database_copy.ts";
import { run } from "../games/command.ts";
import { checkTree, unpackConfined } from "../games/confined.ts";
import { Id } from "../protocol/session.ts";
import { sha256File } from "../system/sha256_file.ts";
import { linkTarget } from "./link_target.ts";
import { BackupManifest, MANIFEST_NAME, type PartName, partTitles } from "./manifest.ts";

const MAX_MANIFEST_BYTES = 1 << 20;

export interface RestoreOptions {
  dataDir: string;
  configFile: string;
  /** Absent: all that is in the backup. */
  parts?: readonly PartName[];
  /** Only the saves of this user or game; others stay as they are. */
  user?: string;
  game?: string;
  onPart?: (part: PartName) => void;
}

/** One path that is exchanged. */
interface Exchange {
  from: string;
  to: string;
}

export interface Restored {
  parts: PartName[];
  /** The folder with what was there before; absent where nothing was. */
  replaced?: string;
}

/** Reads what a backup holds. @throws where `file` is no backup of Gamelan */
export async function readBackup(file: string): Promise<BackupManifest> {
  if (!await Deno.stat(file).then((stat) => stat.isFile, () => false)) {
    throw new Error(`expected a backup made by "gamelan backup", but there is no file ${file}`);
  }
  const text = await readEntry(file, MANIFEST_NAME);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notABackup(file);
  }
  const { format } = value as { format?: unknown };
  if (typeof format === "number" && format > 1) {
    throw new Error(`${file} is a backup of format ${format}; restore it with a newer Gamelan`);
  }
  const parsed = BackupManifest.safeParse(value);
  if (!parsed.success) throw notABackup(file);
  return parsed.data;
}

/**
 * Restores the chosen parts. Neither the house nor a session should run: the caller holds the locks
 * of the data directory.
 *
 * @throws where the backup is damaged or lacks a chosen part; then nothing was changed
 */
export async function restoreBackup(file: string, options: RestoreOptions): Promise<Restored> {
  const manifest = await readBackup(file);
  const chosen = choose(manifest, options, file);
  const dataDir = resolve(options.dataDir);
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o755 });
  const work = await Deno.makeTempDir({ dir: dataDir, prefix: ".restore-" });
  try {
    const exchanges: Exchange[] = [];
    for (const part of chosen) {
      options.onPart?.(part.name);
      const packed = join(work, part.file);
      await extractEntry(file, part.file, packed);
      if (await sha256File(packed) !== part.sha256) {
        throw new Error(
          `${part.file} in ${file} is damaged (its SHA-256 is not that of the manifest); ` +
            "nothing was restored",
        );
      }
      const tree = join(work, part.name);
      await Deno.mkdir(tree);
      await unpackConfined(
        ["tar", "-x", "--gzip", "--sparse", "--no-same-owner", "-p", "-f", "/source"],
        packed,
        tree,
      );
      await Deno.remove(packed);
      // A game's saves may hold links to anywhere; they are never followed by us.
      if (part.name !== "saves") await checkTree(tree, {});
      exchanges.push(...await exchangesOf(part.name, tree, options));
    }
    const replaced = await exchange(exchanges, dataDir);
    return { parts: chosen.map((part) => part.name), replaced };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/**
 * Copies the configuration file that a backup holds to `to`, to look at it before it is restored.
 *
 * @throws where the backup holds none
 */
export async function extractConfig(file: string, to: string): Promise<void> {
  const part = (await readBackup(file)).parts.find(({ name }) => name === "config");
  if (!part) throw new Error(`${file} does not hold ${partTitles.config}`);
  const packed = `${to}.tar.gz`;
  const tree = `${to}.tree`;
  await extractEntry(file, part.file, packed);
  await Deno.mkdir(tree);
  await unpackConfined(["tar", "-x", "--gzip", "--no-same-owner", "-f", "/source"], packed, tree);
  await checkTree(tree, {});
  const [name] = [...Deno.readDirSync(tree)].map((entry) => entry.name);
  await Deno.copyFile(join(tree, name), to);
}

function choose(manifest: BackupManifest, options: RestoreOptions, file: string) {
  const { user, game } = options;
  const parts = options.parts ?? (user || game ? ["saves" as const] : undefined);
  if ((user || game) && parts?.some((part) => part !== "saves")) {
    throw new Error("a user or a game can be chosen of saves only");
  }
  for (const id of [user, game]) {
    if (id !== undefined && !Id.safeParse(id).success) throw new Error(`"${id}" is not an id`);
  }
  for (const name of parts ?? []) {
    if (!manifest.parts.some((part) => part.name === name)) {
      const held = manifest.parts.map((part) => part.name).join(", ") || "nothing";
      throw new Error(`${file} does not hold ${partTitles[name]} ("${name}"); it holds ${held}`);
    }
  }
  return manifest.parts.filter((part) => parts?.includes(part.name) ?? true);
}

/** What of an unpacked part goes where. @throws where it is not what the part should hold */
async function exchangesOf(
  part: PartName,
  tree: string,
  { dataDir, configFile, user, game }: RestoreOptions,
): Promise<Exchange[]> {
  const data = resolve(dataDir);
  const whole = async (names: string[]) => {
    const found = [];
    for (const name of names) {
      const from = join(tree, name);
      if (await exists(from)) found.push({ from, to: join(data, name) });
    }
    return found;
  };
  switch (part) {
    case "config": {
      const [name] = [...Deno.readDirSync(tree)].map((entry) => entry.name);
      return [{ from: join(tree, name), to: linkTarget(configFile) }];
    }
    case "users":
      await checkHouseDatabase(join(tree, "house.db"));
      // The write-ahead log of the database before would be applied to the new one.
      return [
        ...["house.db-wal", "house.db-shm"].map((name) => ({ from: "", to: join(data, name) })),
        ...await whole(["house.db"]),
      ];
    case "identity":
      return await whole(["tls", "node-token", "keys"]);
    case "games":
      return await whole(["games", "runtimes"]);
    case "saves": {
      if (!user && !game) return await whole(["saves"]);
      const found: Exchange[] = [];
      for (const owner of Deno.readDirSync(join(tree, "saves"))) {
        if ((user ?? owner.name) !== owner.name || !owner.isDirectory) continue;
        for (const saved of Deno.readDirSync(join(tree, "saves", owner.name))) {
          if ((game ?? saved.name) !== saved.name || !saved.isDirectory) continue;
          const path = join("saves", owner.name, saved.name);
          found.push({ from: join(tree, path), to: join(data, path) });
        }
      }
      if (found.length === 0) {
        const whose = [user && `of ${user}`, game && `of the game ${game}`].filter(Boolean);
        throw new Error(`the backup holds no saves ${whose.join(" and ")}`);
      }
      return found;
    }
  }
}

/**
 * Moves what is there away and the new into its place. Where a step fails, those before it are taken
 * back. Returns the folder with what was there before.
 */
async function exchange(exchanges: Exchange[], dataDir: string): Promise<string | undefined> {
  const time = new Date().toISOString().replaceAll(/[-:]/g, "").slice(0, 15);
  const kept = join(dataDir, "replaced", time);
  const undo: (() => Promise<void>)[] = [];
  let any = false;
  try {
    for (const { from, to } of exchanges) {
      if (await exists(to)) {
        const inData = to.startsWith(dataDir + "/");
        // A configuration file stays in its own folder.
        const old = inData ? join(kept, to.slice(dataDir.length + 1)) : `${to}.before-${time}`;
        await Deno.mkdir(dirname(old), { recursive: true, mode: 0o700 });
        await Deno.rename(to, old);
        undo.push(() => Deno.rename(old, to));
        any ||= inData;
      }
      if (from === "") continue;
      await Deno.mkdir(dirname(to), { recursive: true, mode: 0o755 });
      await move(from, to);
      undo.push(() => move(to, from));
    }
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
  return any ? kept : undefined;
}

/** A rename; the configuration may lie on another file system than the data, and is copied there. */
async function move(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    if ((error as { code?: string }).code !== "EXDEV") throw error;
    const half = `${to}.half`;
    await Deno.copyFile(from, half);
    await Deno.rename(half, to);
    await Deno.remove(from);
  }
}

async function readEntry(file: string, entry: string): Promise<string> {
  try {
    const { stdout } = await run([
      ...["tar", "-x", "--force-local", "-O", "--occurrence=1", "-f", file, "--", entry],
    ]);
    if (stdout.length > MAX_MANIFEST_BYTES) throw notABackup(file);
    return stdout;
  } catch {
    throw notABackup(file);
  }
}

/** Copies one entry of the outer archive to `to`; nothing else of it is unpacked. */
async function extractEntry(file: string, entry: string, to: string): Promise<void> {
  using target = await Deno.open(to, { write: true, createNew: true, mode: 0o600 });
  const child = new Deno.Command("tar", {
    args: ["-x", "--force-local", "-O", "--occurrence=1", "-f", file, "--", entry],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  for await (const chunk of child.stdout) {
    for (let done = 0; done < chunk.length;) done += await target.write(chunk.subarray(done));
  }
  if (!(await child.status).success) {
    throw new Error(`${file} is damaged: its part ${entry} cannot be read; nothing was restored`);
  }
}

function notABackup(file: string): Error {
  return new Error(`expected a backup made by "gamelan backup", but ${file} is none`);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
