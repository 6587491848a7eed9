import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { keyId, sign } from "../system/ed25519.ts";
import { sha256File } from "../system/sha256_file.ts";
import type { KeyCertificate } from "./keys.ts";
import {
  BundleManifest,
  KEYS,
  MANIFEST,
  parseBundleFile,
  SIGNATURE,
  signedMessage,
} from "./manifest.ts";

/** What {@linkcode signBundle} cannot see in the files. */
export interface BundleDescription {
  product: string;
  architecture: "amd64" | "arm64";
  version: string;
  updatesFrom?: string;
  /** It holds system extensions for this version, and no system. */
  extendsSystem?: true;
  /** Ids of keys that this version ends the trust in. */
  retiredKeys?: string[];
  /** The way from older keys to the one that signs. */
  certificates?: KeyCertificate[];
}

/**
 * Makes an update bundle of the files in `folder`, signed by `key`. The same files and description
 * give the same manifest.
 *
 * @throws BundleRefused where the description or a file name is not of the format
 */
export async function signBundle(
  folder: string,
  description: BundleDescription,
  key: KeyObject,
): Promise<BundleManifest> {
  const { certificates = [], ...rest } = description;
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (![MANIFEST, SIGNATURE, KEYS].includes(name)) names.push(name);
  }
  const files = [];
  for (const name of names.sort()) {
    const path = join(folder, name);
    const stat = await Deno.lstat(path);
    if (!stat.isFile) throw new Error(`${path}: a bundle holds plain files only`);
    files.push({ name, bytes: stat.size, sha256: await sha256File(path) });
  }
  const text = JSON.stringify({ format: 1, ...rest, files }, undefined, 2) + "\n";
  const bytes = new TextEncoder().encode(text);
  const manifest = parseBundleFile(BundleManifest, bytes, MANIFEST);
  const signature = { key: keyId(key), signature: sign(signedMessage(bytes), key) };
  await Deno.writeFile(join(folder, MANIFEST), bytes);
  await Deno.writeTextFile(join(folder, SIGNATURE), JSON.stringify(signature) + "\n");
  if (certificates.length > 0) {
    await Deno.writeTextFile(join(folder, KEYS), JSON.stringify(certificates, undefined, 2) + "\n");
  } else {
    await Deno.remove(join(folder, KEYS)).catch(() => {});
  }
  return manifest;
}
