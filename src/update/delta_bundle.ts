import { join } from "node:path";
import { fileChunks } from "../system/file_chunks.ts";
import { BundleArchive, DELTA, packBundle } from "./archive.ts";
import { applyDelta, writeDelta } from "./delta.ts";
import { BundleManifest, KEYS, MANIFEST, parseBundleFile, SIGNATURE } from "./manifest.ts";
import { checkFiles, readBundleHead, writeBundleHead } from "./verify.ts";

/** What {@linkcode packDelta} made. */
export interface DeltaBundle {
  from: string;
  to: string;
  bytes: number;
  /** Of the whole bundle. */
  wholeBytes: number;
}

/**
 * Writes an update file for machines that run the bundle `older`: it holds of `newer` only what differs,
 * and its signature as it is.
 *
 * @param older,newer  folders of bundles, or update files
 * @throws BundleRefused where one is damaged
 */
export async function packDelta(older: string, newer: string, path: string): Promise<DeltaBundle> {
  const work = await Deno.makeTempDir({ prefix: "gamelan-delta-" });
  try {
    const [base, target] = [
      await open(older, join(work, "older")),
      await open(newer, join(work, "newer")),
    ];
    const parts = join(work, "parts");
    await Deno.mkdir(parts);
    for (const name of [MANIFEST, SIGNATURE, KEYS]) {
      await Deno.copyFile(join(target.folder, name), join(parts, name)).catch((error) => {
        if (name !== KEYS) throw error;
      });
    }
    for (const { name, bytes } of target.manifest.files) {
      const like = base.manifest.files.find((file) =>
        kind(file.name, base.manifest) === kind(name, target.manifest)
      );
      const delta = join(parts, name + DELTA);
      if (like !== undefined) {
        await writeDelta(join(base.folder, like.name), like.name, join(target.folder, name), delta);
        if ((await Deno.stat(delta)).size < bytes) continue;
        await Deno.remove(delta);
      }
      await Deno.symlink(join(target.folder, name), join(parts, name));
    }
    await packBundle(parts, path);
    return {
      from: base.manifest.version,
      to: target.manifest.version,
      bytes: (await Deno.stat(path)).size,
      wholeBytes: target.manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/**
 * Makes whole files of the deltas in a bundle's folder, whose manifest was checked before.
 *
 * @param findBase  as for {@linkcode applyDelta}
 * @throws BundleRefused where one is damaged, or its base is not here
 */
export async function expandDeltas(
  folder: string,
  files: BundleManifest["files"],
  findBase: (name: string) => Promise<string | undefined>,
): Promise<void> {
  for (const { name, bytes } of files) {
    const path = join(folder, name);
    const there = await Deno.lstat(path + DELTA).catch(() => undefined);
    if (!there?.isFile) continue;
    await applyDelta(path + DELTA, path, bytes, findBase);
    await Deno.remove(path + DELTA);
  }
}

/** What a file is in its bundle: its name without version and root hash. */
function kind(name: string, { product, version }: BundleManifest): string {
  return name.replace(`${product}_${version}`, "").replace(/\.[0-9a-f]{32}\./, ".");
}

async function open(source: string, scratch: string) {
  let folder = await Deno.realPath(source);
  if (!(await Deno.stat(source)).isDirectory) {
    folder = scratch;
    await Deno.mkdir(folder);
    const archive = new BundleArchive(fileChunks(source));
    const head = await archive.head();
    await writeBundleHead(folder, head);
    await archive.unpack(folder, parseBundleFile(BundleManifest, head.manifest, MANIFEST).files);
  }
  const { manifest: bytes } = await readBundleHead(folder);
  const manifest = parseBundleFile(BundleManifest, bytes, MANIFEST);
  await checkFiles(folder, manifest);
  return { folder, manifest };
}
