import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { packBundle } from "../../src/update/archive.ts";
import { type BundleDescription, signBundle } from "../../src/update/sign.ts";
import { temporaryFolder } from "./temporary.ts";

/** Names of a bundle's parts that fit the slots. */
export function partNames(version: string): string[] {
  const stem = `gamelan_${version}`;
  const id = "0123456789abcdef".repeat(2);
  return [`${stem}.efi`, `${stem}.root-x86-64.${id}.raw`, `${stem}.root-x86-64-verity.${id}.raw`];
}

/**
 * An update file that is signed and whole but of a few bytes: what a box says before it installs one.
 *
 * @param files   the names of its parts
 * @param damage  called with the bundle's folder after it was signed
 */
export async function smallUpdate(
  key: KeyObject,
  description: Partial<BundleDescription>,
  files = ["root", "verity"],
  damage: (bundle: string) => Promise<void> = () => Promise.resolve(),
): Promise<Uint8Array> {
  await using folder = await temporaryFolder();
  const bundle = join(folder.path, "bundle");
  await Deno.mkdir(bundle);
  for (const name of files) await Deno.writeTextFile(join(bundle, name), "x".repeat(5000));
  await signBundle(
    bundle,
    { product: "gamelan", architecture: "amd64", version: "999.0", ...description },
    key,
  );
  await damage(bundle);
  const path = join(folder.path, "update");
  await packBundle(bundle, path);
  return await Deno.readFile(path);
}
