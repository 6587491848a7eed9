import { DatabaseSync } from "node:sqlite";
import { SqliteStore } from "./sqlite.ts";

/**
 * Copies the house's database while it is in use, without what is of no use elsewhere: who is signed
 * in, and open invitations.
 *
 * @throws where `to` exists, or `from` is no database
 */
export function copyHouseDatabase(from: string, to: string): void {
  const source = new DatabaseSync(from, { readOnly: true });
  try {
    source.prepare("VACUUM INTO ?").run(to);
  } finally {
    source.close();
  }
  Deno.chmodSync(to, 0o600);
  const copy = new DatabaseSync(to);
  try {
    copy.exec("DELETE FROM tickets; DELETE FROM invites; VACUUM;");
  } finally {
    copy.close();
  }
}

/** @throws StoreError where `path` is no database that this Gamelan can read, or has no owner */
export async function checkHouseDatabase(path: string): Promise<void> {
  const store = new SqliteStore(path);
  try {
    await store.users();
  } finally {
    await store.close();
  }
}
