import type { KeyObject } from "node:crypto";
import { basename, join } from "node:path";
import { packBundle } from "../src/update/archive.ts";
import { signBundle } from "../src/update/sign.ts";
import type { Artifacts } from "./artifacts.ts";

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
    for (const file of [kernel, root, verity]) await Deno.link(file, join(folder, basename(file)));
    await signBundle(folder, { product: "gamelan", architecture: "amd64", version }, key);
    const path = join(output, `gamelan_${version}.gamelan-update`);
    await packBundle(folder, path);
    return path;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
