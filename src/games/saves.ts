/**
 * What games keep of their players, and its history. A game owns what lies in `current`, so it may be full of traps: links are copied as links and
 * never followed.
 */
import { statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Id } from "../protocol/session.ts";
import { logger } from "../system/log.ts";
import { run } from "./command.ts";
import { copyConfined } from "./confined.ts";
import type { Manifest } from "./manifest.ts";
import {
  diskUsage,
  exists,
  folderOf,
  folders,
  listSnapshots,
  type Snapshot,
  SNAPSHOT_NAME,
  timeName,
} from "./saves_folder.ts";
import { pruneSnapshots } from "./saves_space.ts";

const log = logger("games");

/** Of the free disk, what one snapshot may take; a game decides how much it saves. */
const FREE_SHARE = 0.5;
/** Snapshots that are kept of each user's game. */
export const SNAPSHOTS_KEPT = 10;
/** Made again by every game; not worth a copy. */
const LEFT_OUT = [".cache"];

export interface GameSaves {
  user: string;
  game: string;
  bytes: number;
  snapshots: Snapshot[];
}

/** Copies `from` to a new folder `to`, both below the folder of a game's saves. */
async function copyTree(folder: string, from: string, to: string): Promise<void> {
  await copyConfined(folder, from, to);
  for (const save of await folders(join(folder, to))) {
    for (const name of LEFT_OUT) {
      await Deno.remove(join(folder, to, save, name), { recursive: true }).catch(() => {});
    }
  }
}

/**
 * Makes a game's save directories, owned by `uid`.
 *
 * @returns each with its path in the home
 */
export async function openSaves(
  dataDir: string,
  user: string,
  manifest: Manifest,
  uid: number | undefined,
): Promise<{ source: string; path: string }[]> {
  const folder = folderOf(dataDir, user, manifest.id);
  const opened = [];
  for (const save of manifest.saves) {
    const source = join(folder, "current", save.name);
    await Deno.mkdir(source, { recursive: true, mode: 0o700 });
    const stat = await Deno.lstat(source);
    // Restored or moved here from a machine where the user has another id.
    if (uid !== undefined && stat.uid !== uid) {
      await run(["chown", "-R", "-h", `${uid}:${uid}`, source]);
    }
    opened.push({ source, path: save.path });
  }
  return opened;
}

/**
 * Keeps a copy of a game's saves as they are now, unless nothing changed since the last one, and
 * removes the oldest over `keep`, and over `maxBytes` all together. A disk that has no room for a copy
 * costs the copy, not the game.
 *
 * @returns the new snapshot's name
 */
export async function snapshotSaves(
  dataDir: string,
  user: string,
  game: string,
  { keep = SNAPSHOTS_KEPT, maxBytes }: { keep?: number; maxBytes?: number } = {},
): Promise<string | undefined> {
  const folder = folderOf(dataDir, user, game);
  const current = join(folder, "current");
  const snapshots = join(folder, "snapshots");
  if (!await exists(current)) return undefined;
  const content = await run(["find", current, "-mindepth", "2", "-print", "-quit"]);
  if (content.stdout === "") return undefined;
  const last = (await listSnapshots(dataDir, user, game)).at(-1);
  if (last !== undefined) {
    const since = ["-newermt", last.time.toISOString(), "-not", "-path", "*/.cache*"];
    const changed = await run(["find", current, ...since, "-print", "-quit"]);
    if (changed.stdout === "") return undefined;
  }
  const name = timeName();
  const half = join("snapshots", `.half-${name}`);
  try {
    await Deno.mkdir(snapshots, { recursive: true, mode: 0o700 });
    const bytes = await diskUsage(current);
    const disk = await statfs(snapshots);
    if (bytes > disk.bavail * disk.bsize * FREE_SHARE) {
      log.warn("no snapshot of saves that would fill the disk", { user, game, bytes });
      return undefined;
    }
    await copyTree(folder, "current", half);
    await Deno.rename(join(folder, half), join(snapshots, name));
  } catch (error) {
    log.error("no snapshot of saves", { user, game, error });
    await Deno.remove(join(folder, half), { recursive: true }).catch(() => {});
    return undefined;
  }
  for (const left of await folders(snapshots)) {
    if (left.startsWith(".half-")) await Deno.remove(join(snapshots, left), { recursive: true });
  }
  await pruneSnapshots(dataDir, user, game, { keep, maxBytes });
  return name;
}

/** All saves of the house, or of one user or game. */
export async function listSaves(
  dataDir: string,
  only: { user?: string; game?: string } = {},
): Promise<GameSaves[]> {
  const found: GameSaves[] = [];
  const root = join(resolve(dataDir), "saves");
  for (const user of await folders(root)) {
    if (!Id.safeParse(user).success || (only.user ?? user) !== user) continue;
    for (const game of await folders(join(root, user))) {
      if (!Id.safeParse(game).success || (only.game ?? game) !== game) continue;
      const current = join(root, user, game, "current");
      found.push({
        user,
        game,
        bytes: await diskUsage(current),
        snapshots: await listSnapshots(dataDir, user, game),
      });
    }
  }
  return found;
}

/**
 * Puts a snapshot back. What was current becomes a snapshot itself first, so that nothing is lost.
 * The game should not be running.
 *
 * @throws where there is no such snapshot
 */
export async function restoreSaves(
  dataDir: string,
  user: string,
  game: string,
  name: string,
): Promise<void> {
  const folder = folderOf(dataDir, user, game);
  const snapshot = join(folder, "snapshots", name);
  if (!SNAPSHOT_NAME.test(name) || !await exists(snapshot)) {
    throw new Error(`${user} has no snapshot ${name} of ${game}; "gamelan saves list" shows them`);
  }
  const half = join(folder, ".restoring");
  await Deno.remove(half, { recursive: true }).catch(() => {});
  await copyTree(folder, join("snapshots", name), ".restoring");
  await snapshotSaves(dataDir, user, game, { keep: SNAPSHOTS_KEPT + 1 });
  const current = join(folder, "current");
  const old = join(folder, ".replaced");
  await Deno.remove(old, { recursive: true }).catch(() => {});
  await Deno.rename(current, old).catch(() => {});
  await Deno.rename(half, current);
  await Deno.remove(old, { recursive: true }).catch(() => {});
}

/** Writes a user's saves of a game, current or of a snapshot, to a .tar.gz file. */
export async function exportSaves(
  dataDir: string,
  user: string,
  game: string,
  file: string,
  snapshot?: string,
): Promise<void> {
  const folder = folderOf(dataDir, user, game);
  if (snapshot !== undefined && !SNAPSHOT_NAME.test(snapshot)) {
    throw new Error(`"${snapshot}" is not the name of a snapshot`);
  }
  const from = snapshot === undefined
    ? join(folder, "current")
    : join(folder, "snapshots", snapshot);
  if (!await exists(from)) throw new Error(`${user} has no such saves of ${game}`);
  const half = `${file}.part`;
  // Never through a link that somebody laid there before.
  await Deno.remove(half).catch(() => {});
  (await Deno.open(half, { createNew: true, write: true, mode: 0o600 })).close();
  const archive = ["--force-local", "-f", resolve(half), "-C", from, "."];
  // A game may write a file of terabytes that holds nothing: only what it holds is read.
  await run(["tar", "-c", "--gzip", "--sparse", "--numeric-owner", ...archive]);
  await Deno.rename(half, file);
}
