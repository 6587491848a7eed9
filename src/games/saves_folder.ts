/**
 * Where saves lie:
 *
 * <dataDir>/saves/<user>/<game>/current/<name>/      bound into the game's home
 * <dataDir>/saves/<user>/<game>/snapshots/<time>/    copies from before each session
 */
import { join, resolve } from "node:path";
import { Id } from "../protocol/session.ts";
import { run } from "./command.ts";

export const SNAPSHOT_NAME = /^\d{8}T\d{6}\.\d{3}Z$/;

export interface Snapshot {
  /** Its time, as in `20261120T223000.000Z`. */
  name: string;
  time: Date;
}

export function folderOf(dataDir: string, user: string, game: string): string {
  for (const [what, id] of [["user", user], ["game", game]]) {
    if (!Id.safeParse(id).success) throw new Error(`"${id}" is not the id of a ${what}`);
  }
  return join(resolve(dataDir), "saves", user, game);
}

export async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

export async function folders(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(path)) if (entry.isDirectory) names.push(entry.name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/** What a folder takes on the disk, in bytes; 0 where it is not there. */
export async function diskUsage(folder: string): Promise<number> {
  const { stdout } = await run(["du", "-s", "--block-size=1", folder], { accept: [0, 1] });
  return Number(stdout.split("\t")[0] || 0);
}

function timeOf(name: string): Date {
  return new Date(
    name.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/, "$1-$2-$3T$4:$5:"),
  );
}

/** Snapshots of a user's game, oldest first. */
export async function listSnapshots(
  dataDir: string,
  user: string,
  game: string,
): Promise<Snapshot[]> {
  const names = await folders(join(folderOf(dataDir, user, game), "snapshots"));
  return names.filter((name) => SNAPSHOT_NAME.test(name)).map((name) => ({
    name,
    time: timeOf(name),
  }));
}

/** Of a snapshot that is taken now. */
export function timeName(): string {
  return new Date().toISOString().replaceAll(/[-:]/g, "");
}
