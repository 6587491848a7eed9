import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { packBundle } from "../../src/update/archive.ts";
import { type BundleDescription, signBundle } from "../../src/update/sign.ts";
import { temporaryFolder } from "./temporary.ts";

/**
 * An update file that is signed and whole but of a few bytes: what a box says before it installs one.
 *
 * @param damage  called with the bundle's folder after it was signed
 */
export async function smallUpdate(
  key: KeyObject,
  description: Partial<BundleDescription>,
  damage: (bundle: string) => Promise<void> = () => Promise.resolve(),
): Promise<Uint8Array> {
  await using folder = await temporaryFolder();
  const bundle = join(folder.path, "bundle");
  await Deno.mkdir(bundle);
  for (const name of ["root", "verity"]) {
    await Deno.writeTextFile(join(bundle, name), "x".repeat(5000));
  }
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
