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
 * @param extension  goes with it, for the boxes that need it
 * @returns its path, `gamelan_VERSION.gamelan-update` or `gamelan_VERSION+EXTENSION.gamelan-update`
 */
export async function writeUpdate(
  { kernel, root, verity }: Artifacts,
  output: string,
  version: string,
  key: KeyObject,
  extension?: { name: string; file: string },
): Promise<string> {
  const folder = await Deno.makeTempDir({ dir: output, prefix: "gamelan_update-" });
  try {
    const whole = extension === undefined ? [kernel, root] : [kernel, root, extension.file];
    for (const file of whole) await linked(file, join(folder, basename(file)));
    const trimmed = join(folder, basename(verity));
    await Deno.copyFile(verity, trimmed);
    await Deno.truncate(trimmed, await usedBytes(trimmed));
    await signBundle(folder, { product: "gamelan", architecture: "amd64", version }, key);
    const plus = extension === undefined ? "" : `+${extension.name}`;
    const path = join(output, `gamelan_${version}${plus}.gamelan-update`);
    await packBundle(folder, path);
    return path;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Writes a system extension as a signed update file for boxes that run the version it is for.
 *
 * @returns its path, `gamelan-NAME_VERSION.gamelan-update`
 */
export async function writeExtensionUpdate(
  file: string,
  output: string,
  version: string,
  key: KeyObject,
): Promise<string> {
  const folder = await Deno.makeTempDir({ dir: output, prefix: "gamelan_update-" });
  try {
    await linked(file, join(folder, basename(file)));
    const about = { product: "gamelan", architecture: "amd64" as const, version };
    await signBundle(folder, { ...about, extendsSystem: true }, key);
    const path = file.replace(/\.raw$/, ".gamelan-update");
    await packBundle(folder, path);
    return path;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A second name for a file, or where it lies on another file system, a copy. */
async function linked(file: string, path: string): Promise<void> {
  await Deno.link(file, path).catch(() => Deno.copyFile(file, path));
}

/** mkosi gives verity data as large as its partition; behind its hashes there are zeros only. */
async function usedBytes(path: string): Promise<number> {
  const bytes = await Deno.readFile(path);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return Math.ceil(end / BLOCK) * BLOCK;
}
