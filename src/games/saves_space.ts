/**
 * How much saves may take. A game's own folders cannot be bounded while it runs on every file system, so
 * they are measured before each session.
 */
import { join } from "node:path";
import { diskUsage, exists, folderOf, listSnapshots, timeName } from "./saves_folder.ts";

/** Saves take more than they may; the message says what to do. */
export class SavesFullError extends Error {
  override name = "SavesFullError";
}

const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;

/** @throws SavesFullError where a user's current saves of a game take more than `maxBytes` */
export async function checkSavesSize(
  dataDir: string,
  user: string,
  game: string,
  maxBytes: number,
): Promise<void> {
  const current = join(folderOf(dataDir, user, game), "current");
  if (!await exists(current)) return;
  const bytes = await diskUsage(current);
  if (bytes <= maxBytes) return;
  throw new SavesFullError(
    `What this game saved takes ${megabytes(bytes)}, and ${megabytes(maxBytes)} are allowed. ` +
      `On the machine, "gamelan saves clear ${user} ${game}" puts it aside and lets the game start ` +
      "anew; or set sandbox.saves_mb higher",
  );
}

/**
 * Puts a user's current saves of a game aside as a snapshot, without copying them, so that the game
 * starts anew. It should not be running.
 *
 * @returns the snapshot's name
 * @throws where there are none
 */
export async function clearSaves(dataDir: string, user: string, game: string): Promise<string> {
  const folder = folderOf(dataDir, user, game);
  const current = join(folder, "current");
  if (!await exists(current)) throw new Error(`${user} has no saves of ${game}`);
  await Deno.mkdir(join(folder, "snapshots"), { recursive: true, mode: 0o700 });
  const name = timeName();
  await Deno.rename(current, join(folder, "snapshots", name));
  return name;
}

/**
 * Removes snapshots of a user's game, oldest first, until `keep` are left and they take `maxBytes`
 * together at most; the newest stays unless `keep` is 0.
 *
 * @returns the names of those that were removed
 */
export async function pruneSnapshots(
  dataDir: string,
  user: string,
  game: string,
  { keep, maxBytes = Infinity }: { keep: number; maxBytes?: number },
): Promise<string[]> {
  const folder = join(folderOf(dataDir, user, game), "snapshots");
  const newestFirst = (await listSnapshots(dataDir, user, game)).reverse();
  const removed: string[] = [];
  let bytes = 0;
  for (const [index, { name }] of newestFirst.entries()) {
    if (maxBytes < Infinity) bytes += await diskUsage(join(folder, name));
    if (index < keep && (index === 0 || bytes <= maxBytes)) continue;
    await Deno.remove(join(folder, name), { recursive: true });
    removed.push(name);
  }
  return removed;
}
