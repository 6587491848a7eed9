import type { KeyObject } from "node:crypto";
import { basename, join } from "node:path";
import { packBundle } from "../src/update/archive.ts";
import { signBundle } from "../src/update/sign.ts";
import type { Artifacts } from "./artifacts.ts";

/** systemd-repart's blocks of verity data. */
const BLOCK = 4096;

/**
 * Writes the parts of an image as one signed update file.
 *
 * @returns its path, `gamelan_VERSION.gamelan-update`
 */
export async function writeUpdate(
  { kernel, root, verity }: Artifacts,
  output: string,
  version: string,
  key: KeyObject,
): Promise<string> {
  const folder = await Deno.makeTempDir({ dir: output, prefix: "gamelan_update-" });
  try {
    for (const file of [kernel, root]) await Deno.link(file, join(folder, basename(file)));
    const trimmed = join(folder, basename(verity));
    await Deno.copyFile(verity, trimmed);
    await Deno.truncate(trimmed, await usedBytes(trimmed));
    await signBundle(folder, { product: "gamelan", architecture: "amd64", version }, key);
    const path = join(output, `gamelan_${version}.gamelan-update`);
    await packBundle(folder, path);
    return path;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** mkosi gives verity data as large as its partition; behind its hashes there are zeros only. */
async function usedBytes(path: string): Promise<number> {
  const bytes = await Deno.readFile(path);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return Math.ceil(end / BLOCK) * BLOCK;
}
