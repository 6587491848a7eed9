/** A game package for the box's library. Nothing depends on it, so it needs no confirmation. */
import { join } from "node:path";
import { sha256File } from "../../../system/sha256_file.ts";
import { BoxRefused } from "../refused.ts";
import type { PrepareRequest } from "../protocol.ts";
import type { BoxContext, Offer } from "./change.ts";

type GameRequest = Extract<PrepareRequest, { kind: "game" }>;

export async function offerGame(context: BoxContext, request: GameRequest): Promise<Offer> {
  const known = context.state.applied.games[request.sha256];
  // A game that was removed or replaced by hand since is imported again.
  const there = known !== undefined &&
    await context.host.gameSha256(known.id) === known.sha256;
  return {
    id: `game-${request.sha256.slice(0, 16)}`,
    // The file that comes, and the library's copy of it.
    bytes: request.bytes * 2,
    has: there ? `has the game ${known.id}` : undefined,
  };
}

/** @returns a sentence for the report */
export async function applyGame(
  { host, state }: BoxContext,
  { name, bytes, sha256, signature }: GameRequest,
  folder: string,
): Promise<string> {
  const file = join(folder, name);
  const stat = await Deno.lstat(file).catch(() => undefined);
  if (!stat?.isFile || stat.size < bytes) {
    throw new BoxRefused("truncated", `${name} is cut short: ${stat?.size ?? 0} of ${bytes} bytes`);
  }
  if (stat.size > bytes || await sha256File(file) !== sha256) {
    throw new BoxRefused("tampered", `${name} is not what was sent: its SHA-256 is another`);
  }
  if (signature !== undefined) await Deno.writeTextFile(`${file}.sig`, signature);
  const id = await host.importGame(file);
  const filed = await host.gameSha256(id);
  if (filed === undefined) throw new Error(`The library has no game ${id} after its import`);
  const games = Object.entries(state.applied.games).filter(([, game]) => game.id !== id);
  state.applied = {
    ...state.applied,
    games: { ...Object.fromEntries(games), [sha256]: { id, sha256: filed } },
  };
  return `has the game ${id}`;
}
