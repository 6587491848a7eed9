import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { libc } from "../../ffi/libc.ts";

/**
 * Where the sessions of the house with this data directory keep their sockets:
 * `/run/gamelan/<hash>` for root, `$XDG_RUNTIME_DIR/gamelan/<hash>` for others, else under /tmp.
 *
 * A hash, because a Unix socket's path has at most 107 bytes (unix(7)) and two houses on one machine
 * must not adopt each other's sessions. Private: a game gets its own sockets bound into its sandbox.
 */
export function makeRunRoot(dataDir: string): string {
  const uid = libc.getuid();
  const runtime = Deno.env.get("XDG_RUNTIME_DIR");
  const base = uid === 0 ? "/run/gamelan" : runtime ? `${runtime}/gamelan` : `/tmp/gamelan-${uid}`;
  const hash = createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 8);
  const root = join(base, hash);
  Deno.mkdirSync(root, { recursive: true, mode: 0o700 });
  for (const folder of [base, root]) {
    const { uid: owner } = Deno.lstatSync(folder);
    if (owner !== uid) {
      throw new Error(
        `expected ${folder} to belong to user ${uid}, but it belongs to ${owner}; remove it`,
      );
    }
    Deno.chmodSync(folder, 0o700);
  }
  return root;
}
