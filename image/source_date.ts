import { CommandFailed, run } from "./run.ts";

/**
 * What files are dated: SOURCE_DATE_EPOCH (reproducible-builds.org), else the time of the last commit,
 * else, in a source tree without git, a fixed day.
 */
export async function sourceDate(root: string): Promise<number> {
  const given = Deno.env.get("SOURCE_DATE_EPOCH");
  if (given !== undefined) {
    if (/^\d{1,12}$/.test(given)) return Number(given);
    throw new Error(`expected seconds since 1970 in SOURCE_DATE_EPOCH, got "${given}"`);
  }
  try {
    return Number((await run(["git", "-C", root, "log", "-1", "--format=%ct"])).trim());
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return Date.UTC(2026, 0, 1) / 1000;
  }
}
