/**
 * Other versions of a built image, in seconds instead of minutes: the same root with some bytes
 * replaced by as many others, its verity data and its kernel's command line made anew, signed as an
 * update. Debian package cryptsetup-bin.
 */
import { basename, dirname, join } from "node:path";
import type { KeyObject } from "node:crypto";
import { findArtifacts } from "../../image/artifacts.ts";
import { run } from "../../image/run.ts";
import { type DeltaBundle, packDelta } from "../../src/update/delta_bundle.ts";
import { type BundleDescription, signBundle } from "../../src/update/sign.ts";
import { makeTinyExtension } from "./tiny_extension.ts";

export interface NextVersion {
  /** As many characters as the image's own. */
  version: string;
  key: KeyObject;
  /** Bytes of the root to replace, each found at least once; both as long. */
  changes?: [string, string][];
  product?: string;
  /** It brings a system extension of this name along. */
  extension?: string;
  description?: Partial<BundleDescription>;
}

/** The folder of a bundle made of the image `disk`, in `folder`. */
export async function makeNextVersion(
  disk: string,
  folder: string,
  { version, key, changes = [], product = "gamelan", extension, description }: NextVersion,
): Promise<string> {
  const before = /_([\d.]+)\.raw$/.exec(basename(disk))![1];
  const made = await findArtifacts(dirname(disk), before);
  const bundle = join(folder, `update-${version}`);
  await Deno.mkdir(bundle);
  const stem = `gamelan_${version}`;
  const root = join(bundle, "root");
  const bytes = Buffer.from(await Deno.readFile(made.root));
  const renamed: [string, string][] = [
    [`IMAGE_VERSION="${before}"`, `IMAGE_VERSION="${version}"`],
    [`SYSEXT_LEVEL="${before}-`, `SYSEXT_LEVEL="${version}-`],
  ];
  for (const [from, to] of [...renamed, ...changes]) replace(bytes, from, to);
  if (extension !== undefined) {
    const at = bytes.indexOf(`SYSEXT_LEVEL="${version}-`);
    const level = /^[^"]+"([^"]+)"/.exec(bytes.toString("latin1", at, at + 200))![1];
    await makeTinyExtension(bundle, { name: extension, version, level });
  }
  await Deno.writeFile(root, bytes);
  const { salt, uuid } = await verityOf(made.verity);
  const verity = join(bundle, "verity");
  await Deno.writeFile(verity, new Uint8Array());
  const said = await run([
    "veritysetup",
    "format",
    `--salt=${salt}`,
    `--uuid=${uuid}`,
    root,
    verity,
  ]);
  const hash = /^Root hash:\s+([0-9a-f]{64})$/m.exec(said)![1];
  const kernel = Buffer.from(await Deno.readFile(made.kernel));
  replace(kernel, made.rootHash, hash);
  replace(kernel, `IMAGE_VERSION="${before}"`, `IMAGE_VERSION="${version}"`);
  await Deno.writeFile(join(bundle, `${stem}.efi`), kernel);
  await Deno.rename(root, join(bundle, `${stem}.root-x86-64.${hash.slice(0, 32)}.raw`));
  await Deno.rename(verity, join(bundle, `${stem}.root-x86-64-verity.${hash.slice(32)}.raw`));
  await signBundle(bundle, { product, architecture: "amd64", version, ...description }, key);
  return bundle;
}

/** Makes an update to a next version, of only what differs from the image `disk`, as the file `path`. */
export async function makeNextUpdate(
  disk: string,
  path: string,
  next: NextVersion,
): Promise<DeltaBundle> {
  const bundle = await makeNextVersion(disk, dirname(path), next);
  const made = await packDelta(disk.replace(/\.raw$/, ".gamelan-update"), bundle, path);
  await Deno.remove(bundle, { recursive: true });
  return made;
}

function replace(bytes: Buffer, from: string, to: string): void {
  if (from.length !== to.length) throw new Error(`expected ${to} to be as long as ${from}`);
  let at = bytes.indexOf(from);
  if (at < 0) throw new Error(`expected "${from}" in the image`);
  for (; at >= 0; at = bytes.indexOf(from, at + from.length)) bytes.write(to, at, "latin1");
}

async function verityOf(file: string): Promise<{ salt: string; uuid: string }> {
  const text = await run(["veritysetup", "dump", file]);
  return {
    salt: /^Salt:\s+([0-9a-f]+)$/m.exec(text)![1],
    uuid: /^UUID:\s+(\S+)$/m.exec(text)![1],
  };
}
