/**
 * Writes a backup: a plain tar archive with a manifest and one compressed tar for each part, so that
 * parts can be checked and restored one by one, and by hand with nothing but tar.
 */
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { copyHouseDatabase } from "../coordinator/store/database_copy.ts";
import { run } from "../games/command.ts";
import { sha256File } from "../system/sha256_file.ts";
import { linkTarget } from "./link_target.ts";
import { type BackupManifest, MANIFEST_NAME, type PartName, PARTS } from "./manifest.ts";

export interface BackupOptions {
  dataDir: string;
  /** The configuration file; there may be none. */
  configFile: string;
  /** Written to the manifest. */
  version: string;
  parts: readonly PartName[];
  onPart?: (part: PartName) => void;
}

/** Something to pack: `paths` below `folder`. */
interface Source {
  folder: string;
  paths: string[];
}

/**
 * Writes a backup to `file`, readable for this user only: it holds keys and password hashes. The
 * house may run meanwhile. A part of which nothing is there is left out.
 *
 * @throws where `file` exists already, or something cannot be read; then nothing is left behind
 */
export async function createBackup(file: string, options: BackupOptions): Promise<BackupManifest> {
  if (await exists(file)) throw new Error(`${file} exists already; choose another name`);
  const work = await Deno.makeTempDir({ dir: dirname(resolve(file)), prefix: ".gamelan-backup-" });
  try {
    const parts: BackupManifest["parts"] = [];
    for (const name of PARTS.filter((part) => options.parts.includes(part))) {
      options.onPart?.(name);
      const source = await sourceOf(name, options, work);
      if (source.paths.length === 0) continue;
      const packed = `${name}.tar.gz`;
      const path = join(work, packed);
      await pack(source, path);
      const { size } = await Deno.stat(path);
      parts.push({ name, file: packed, bytes: size, sha256: await sha256File(path) });
    }
    const manifest: BackupManifest = {
      format: 1,
      gamelan: options.version,
      host: hostname(),
      createdAt: new Date().toISOString(),
      parts,
    };
    await Deno.writeTextFile(join(work, MANIFEST_NAME), JSON.stringify(manifest, undefined, 2));
    const whole = join(work, "whole.tar");
    const entries = [MANIFEST_NAME, ...parts.map((part) => part.file)];
    await run(["tar", "-c", "--force-local", "-f", whole, "-C", work, ...entries]);
    await Deno.chmod(whole, 0o600);
    // A link cannot replace a file that appeared meanwhile, as a rename would.
    await Deno.link(whole, resolve(file));
    return manifest;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function sourceOf(
  name: PartName,
  { dataDir, configFile }: BackupOptions,
  work: string,
): Promise<Source> {
  const inData = (...paths: string[]) => present(resolve(dataDir), paths);
  switch (name) {
    case "config": {
      const file = linkTarget(configFile);
      return await present(dirname(file), [basename(file)]);
    }
    case "users": {
      const from = join(dataDir, "house.db");
      if (!await exists(from)) return { folder: work, paths: [] };
      await copyHouseDatabase(from, join(work, "house.db"));
      return { folder: work, paths: ["house.db"] };
    }
    case "identity":
      return await inData("tls", "node-token", "keys");
    case "saves":
      return await inData("saves");
    case "games":
      return await inData("games", "runtimes");
  }
}

async function present(folder: string, paths: string[]): Promise<Source> {
  const there = [];
  for (const path of paths) if (await exists(join(folder, path))) there.push(path);
  return { folder, paths: there };
}

/** Half-made things of an import and trees that are unpacked again when they are missing. */
const LEFT_OUT = ["games/.work", "games/.trees", "games/.lock", "saves/*/*/.restoring"];

async function pack({ folder, paths }: Source, file: string): Promise<void> {
  await run([
    ...["tar", "-c", "--gzip", "--sparse", "--numeric-owner", "--force-local", "-f", file],
    ...LEFT_OUT.map((path) => `--exclude=${path}`),
    ...["-C", folder, "--", ...paths],
    // 1: a game wrote to its saves meanwhile.
  ], { accept: [0, 1] });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
