import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import { fileChunks } from "../../system/file_chunks.ts";
import { sha256File } from "../../system/sha256_file.ts";
import { BundleArchive } from "../../update/archive.ts";
import { bundleDigest, BundleManifest, MANIFEST, parseBundleFile } from "../../update/manifest.ts";
import { checkFiles, readBundleHead, writeBundleHead } from "../../update/verify.ts";
import { type ChangeKind, PrepareRequest, PROTOCOL } from "../box/protocol.ts";
import type { Host } from "../inventory.ts";
import { fillTemplate } from "../template.ts";

/** Words of a request that are the same for all kinds and hosts. */
export interface RequestBase {
  push: string;
  operator: string;
  confirmSeconds: number;
  duringPlay: boolean;
}

/** What is pushed; what was unpacked for it goes with it. */
export interface Content extends AsyncDisposable {
  kind: ChangeKind;
  /** Where it lies here; absolute. */
  path: string;
  /** SHA-256 that changes when the content does. */
  digest: string;
  /** For people: "version 0.2.0". */
  title: string;
  request(host: Host, base: RequestBase): PrepareRequest;
  /** What rsync sends, or undefined where everything is in the request. */
  files?: string;
}

/**
 * Opens what is to be pushed: a bundle's folder or update file, which may hold only what differs from
 * an older one, a game package (.erofs), or a configuration file.
 *
 * @throws where it is damaged: better here than on forty boxes
 */
export async function openContent(kind: ChangeKind, given: string): Promise<Content> {
  const path = resolve(given);
  switch (kind) {
    case "bundle":
      return await openBundle(path);
    case "game":
      return await openGame(path);
    case "config":
      return await openConfig(path);
  }
}

const nothing = () => Promise.resolve();

async function openBundle(path: string): Promise<Content> {
  if ((await Deno.stat(path)).isDirectory) return await openBundleFolder(path, path, [], nothing);
  const folder = await Deno.makeTempDir({ prefix: "gamelan-push-" });
  const remove = () => Deno.remove(folder, { recursive: true });
  try {
    const archive = new BundleArchive(fileChunks(path));
    const head = await archive.head();
    await writeBundleHead(folder, head);
    const { files } = parseBundleFile(BundleManifest, head.manifest, MANIFEST);
    return await openBundleFolder(path, folder, await archive.unpack(folder, files), remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

async function openBundleFolder(
  path: string,
  folder: string,
  deltas: string[],
  dispose: () => Promise<void>,
): Promise<Content> {
  const { manifest: bytes, signature, keys } = await readBundleHead(folder);
  const manifest = parseBundleFile(BundleManifest, bytes, MANIFEST);
  await checkFiles(folder, manifest, deltas);
  const base64 = (content: Uint8Array) => Buffer.from(content).toString("base64");
  return {
    kind: "bundle",
    path,
    digest: bundleDigest(bytes),
    title: `version ${manifest.version}`,
    files: `${folder}/`,
    [Symbol.asyncDispose]: dispose,
    request: (_, base) => ({
      protocol: PROTOCOL,
      kind: "bundle",
      ...base,
      manifest: base64(bytes),
      signature: base64(signature),
      keys: keys && base64(keys),
    }),
  };
}

async function openGame(path: string): Promise<Content> {
  const { isFile, size } = await Deno.stat(path);
  if (!isFile || !path.endsWith(".erofs")) {
    throw new Error(`expected a game package (.erofs), got ${path}`);
  }
  const sha256 = await sha256File(path);
  const signature = await Deno.readTextFile(`${path}.sig`).catch(() => undefined);
  return {
    kind: "game",
    path,
    digest: sha256,
    title: `game ${basename(path, ".erofs")}`,
    files: path,
    [Symbol.asyncDispose]: nothing,
    request: (_, { push, operator }) => ({
      protocol: PROTOCOL,
      kind: "game",
      push,
      operator,
      name: basename(path),
      bytes: size,
      sha256,
      signature,
    }),
  };
}

async function openConfig(path: string): Promise<Content> {
  const text = await Deno.readTextFile(path);
  return {
    kind: "config",
    path,
    digest: createHash("sha256").update(text).digest("hex"),
    title: `configuration ${basename(path)}`,
    [Symbol.asyncDispose]: nothing,
    request: (host, base) => ({
      protocol: PROTOCOL,
      kind: "config",
      ...base,
      text: fillTemplate(text, host, basename(path)),
    }),
  };
}
