/**
 * Imports a finished package, such as one from another machine.
 *
 * The kernel mounts packages, and a crafted file system image is an attack on the kernel. So a
 * package whose signature this machine trusts is kept as it is; any other is unpacked in a sandbox
 * and packed again here.
 */
import { basename, join } from "node:path";
import { checkTree, unpackConfined } from "./confined.ts";
import { sha256File } from "../system/sha256_file.ts";
import { checkErofs } from "./erofs.ts";
import { finishManifest, type ImportContext } from "./import_source.ts";
import { hostArchitecture, type Manifest, MAX_MANIFEST_BYTES, parseManifest } from "./manifest.ts";
import { checkSignature, PackageSignature } from "./signature.ts";

/**
 * Opens the package file `source`; its content is put in `context.content`.
 *
 * @returns the manifest, and the signature where it is trusted: then `image` is the package itself
 * @throws where the file is damaged, its signature does not fit, or it is for another processor
 */
export async function openPackage(
  source: string,
  image: string,
  context: ImportContext,
): Promise<{ manifest: Manifest; signature?: PackageSignature }> {
  const { content, onProgress, signal } = context;
  onProgress("Copying", 0.05);
  await Deno.copyFile(source, image);
  await checkErofs(image, basename(source));
  onProgress("Unpacking", 0.2);
  await unpackConfined(
    ["fsck.erofs", "--extract=/destination", "--overwrite", "--no-preserve-owner", "/source"],
    image,
    content,
    { signal },
  );
  const path = join(content, "gamelan.json");
  const stat = await Deno.lstat(path).catch(() => undefined);
  if (!stat?.isFile || stat.size > MAX_MANIFEST_BYTES) {
    throw new Error(`${basename(source)} is not a game package: it has no gamelan.json`);
  }
  const written = parseManifest(
    await Deno.readTextFile(path),
    `gamelan.json of ${basename(source)}`,
  );
  if (written.architecture !== "all" && written.architecture !== hostArchitecture()) {
    throw new Error(
      `${basename(source)} is for ${written.architecture}; this machine is ${hostArchitecture()}`,
    );
  }
  await checkTree(content, { allowAbsolute: true });
  // A link would lay a folder of this machine under the game.
  const root = await Deno.lstat(join(content, "root")).catch(() => undefined);
  if (!root?.isDirectory) {
    throw new Error(`${basename(source)} is not a game package: it has no folder root`);
  }
  const signature = await readSignature(`${source}.sig`);
  const trust = await checkSignature(
    written.id,
    await sha256File(image, { signal }),
    signature,
    context.trusted,
  );
  const changed = Object.values(context.changes).some((value) => value !== undefined);
  if (trust === "trusted" && !changed) return { manifest: written, signature };
  return { manifest: finishManifest(written, context.changes) };
}

async function readSignature(path: string): Promise<PackageSignature | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch {
    return undefined;
  }
  try {
    return PackageSignature.parse(JSON.parse(text));
  } catch {
    throw new Error(`${path} is not a package signature; make it with "gamelan games sign"`);
  }
}
