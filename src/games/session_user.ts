/**
 * The machine's user ids that games run as, when Gamelan runs as root.
 *
 * Each of Gamelan's users has one, which owns their save directories, so that even a game that
 * escapes its sandbox cannot read another player's files. Nothing is written to /etc/passwd.
 */
import { join } from "node:path";
import { Id } from "../protocol/session.ts";

/** Above what Debian and systemd give out (systemd.io/UIDS-GIDS), below 2^31. */
const FIRST_UID = 1_878_982_656;
const LAST_UID = FIRST_UID + 65_535;

/** Whether a user id is one that games run as. */
export function isGameUid(uid: number): boolean {
  return uid >= FIRST_UID && uid <= LAST_UID;
}

/**
 * The user id of `user`, given out on first use. The owner of `<saves>/<user>` is the record.
 *
 * @param saves  the folder of all users' saves
 */
export async function sessionUid(saves: string, user: string): Promise<number> {
  if (!Id.safeParse(user).success) throw new Error(`"${user}" is not the id of a user`);
  const folder = join(saves, user);
  const stat = await Deno.lstat(folder).catch(() => undefined);
  if (typeof stat?.uid === "number" && isGameUid(stat.uid)) return stat.uid;
  await Deno.mkdir(join(saves, ".uids"), { recursive: true, mode: 0o700 });
  const taken = [...Deno.readDirSync(join(saves, ".uids"))].map((entry) => Number(entry.name));
  for (let uid = Math.max(FIRST_UID - 1, ...taken) + 1; uid <= LAST_UID; uid++) {
    try {
      // Creating the file is the claim: two sessions that start at once get different ids.
      (await Deno.open(join(saves, ".uids", String(uid)), { createNew: true, write: true }))
        .close();
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) continue;
      throw error;
    }
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await Deno.chown(folder, uid, uid);
    return uid;
  }
  throw new Error("No user id is left for games");
}
