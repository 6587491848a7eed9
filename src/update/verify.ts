import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { keyId, verify } from "../system/ed25519.ts";
import { sha256File } from "../system/sha256_file.ts";
import { DELTA } from "./archive.ts";
import {
  followCertificates,
  historyAfter,
  type KeyCertificate,
  KeyCertificates,
  type KeyHistory,
  trustedKeys,
} from "./keys.ts";
import {
  bundleDigest,
  BundleManifest,
  BundleSignature,
  KEYS,
  MANIFEST,
  MAX_TEXT_BYTES,
  parseBundleFile,
  SIGNATURE,
  signedMessage,
} from "./manifest.ts";
import { BundleRefused } from "./refused.ts";
import { compareVersions, type SystemVersion } from "./version.ts";

/** The machine that a bundle is offered to. */
export interface Machine {
  product: string;
  architecture: string;
  /** What runs. */
  version: SystemVersion;
  /** The bundle that it came from, where known. */
  digest?: string;
  /** The update keys that came with the image. */
  imageKeys: KeyObject[];
  /** And what was learnt since. */
  keyHistory: KeyHistory;
}

/** The three small files of a bundle; together they are enough to refuse it before it is sent. */
export interface BundleHead {
  manifest: Uint8Array;
  signature: Uint8Array;
  /** Absent: the bundle has no keys.json. */
  keys?: Uint8Array;
}

/** A bundle whose head is signed by a trusted key, and which fits this machine. */
export interface VerifiedHead {
  manifest: BundleManifest;
  digest: string;
  /** To keep once it runs and is blessed. */
  keyHistory: KeyHistory;
}

/** A bundle all of whose files are as they were signed. */
export interface VerifiedBundle extends VerifiedHead {
  folder: string;
}

/** Reads the head of the bundle in `folder`. @throws BundleRefused where it is none */
export async function readBundleHead(folder: string): Promise<BundleHead> {
  const read = async (name: string) => {
    const path = join(folder, name);
    const stat = await Deno.lstat(path).catch(() => undefined);
    if (stat === undefined) return undefined;
    if (!stat.isFile || stat.size > MAX_TEXT_BYTES) {
      throw new BundleRefused(
        "malformed",
        `${path}: expected a file of at most ${MAX_TEXT_BYTES} bytes`,
      );
    }
    return await Deno.readFile(path);
  };
  const [manifest, signature, keys] = [
    await read(MANIFEST),
    await read(SIGNATURE),
    await read(KEYS),
  ];
  if (manifest === undefined || signature === undefined) {
    const missing = manifest === undefined ? MANIFEST : SIGNATURE;
    throw new BundleRefused("truncated", `${folder} is no complete update bundle: no ${missing}`);
  }
  return { manifest, signature, keys };
}

/** Writes the head of a bundle to its folder. */
export async function writeBundleHead(folder: string, { manifest, signature, keys }: BundleHead) {
  await Deno.writeFile(join(folder, MANIFEST), manifest);
  await Deno.writeFile(join(folder, SIGNATURE), signature);
  if (keys !== undefined) await Deno.writeFile(join(folder, KEYS), keys);
}

/**
 * Checks who signed a bundle and whether it is for this machine.
 *
 * Installing what already runs is no refusal: the caller compares the digests.
 *
 * @throws BundleRefused
 */
export function verifyHead(head: BundleHead, machine: Machine): VerifiedHead {
  const { keys, signer } = signedBy(head, machine);
  const manifest = parseBundleFile(BundleManifest, head.manifest, MANIFEST);
  const digest = bundleDigest(head.manifest);
  if (manifest.retiredKeys.includes(signer)) {
    throw new BundleRefused("malformed", `${MANIFEST} retires the key that signed it`);
  }
  fits(manifest, digest, machine);
  const keyHistory = historyAfter(machine.keyHistory, manifest, machine.imageKeys, keys);
  return { manifest, digest, keyHistory };
}

/**
 * Checks a whole bundle: its head, and every file against size and SHA-256.
 *
 * @throws BundleRefused
 */
export async function verifyBundle(folder: string, machine: Machine): Promise<VerifiedBundle> {
  const verified = verifyHead(await readBundleHead(folder), machine);
  await checkFiles(folder, verified.manifest);
  return { ...verified, folder };
}

/**
 * Checks the files of a bundle against its manifest.
 *
 * @param deltas  files of which there is only the delta, which is checked when it was applied
 * @throws BundleRefused
 */
export async function checkFiles(
  folder: string,
  { files, version }: BundleManifest,
  deltas: readonly string[] = [],
) {
  const there = files.map(({ name }) => deltas.includes(name) ? name + DELTA : name);
  const known = new Set([MANIFEST, SIGNATURE, KEYS, ...there]);
  for await (const { name } of Deno.readDir(folder)) {
    // The installer matches files by pattern: one more of them would be installed unsigned.
    if (!known.has(name)) {
      throw new BundleRefused("tampered", `The bundle holds ${name}, which its manifest does not`);
    }
  }
  for (const { name, bytes, sha256 } of files) {
    if (deltas.includes(name)) continue;
    const path = join(folder, name);
    const stat = await Deno.lstat(path).catch(() => undefined);
    if (stat === undefined) throw new BundleRefused("truncated", `The bundle lacks ${name}`);
    if (!stat.isFile) throw new BundleRefused("tampered", `${name} in the bundle is no plain file`);
    if (stat.size < bytes) {
      throw new BundleRefused("truncated", `${name} is cut short: ${stat.size} of ${bytes} bytes`);
    }
    if (stat.size > bytes || await sha256File(path) !== sha256) {
      throw new BundleRefused(
        "tampered",
        `${name} is not what was signed for version ${version}: it was changed or damaged`,
      );
    }
  }
}

function signedBy(head: BundleHead, machine: Machine) {
  const { key, signature } = parseBundleFile(BundleSignature, head.signature, SIGNATURE);
  const certificates: KeyCertificate[] = head.keys === undefined
    ? []
    : parseBundleFile(KeyCertificates, head.keys, KEYS);
  const trusted = trustedKeys(machine.imageKeys, machine.keyHistory);
  const keys = followCertificates(trusted, certificates, machine.keyHistory.retired);
  const signer = keys.get(key);
  if (signer === undefined) {
    const retired = machine.keyHistory.retired.includes(key) ? "a retired key" : "the key";
    const known = [...trusted.keys()].map((id) => id.slice(0, 16)).join(", ") || "none";
    throw new BundleRefused(
      "wrong-key",
      `The bundle is signed by ${retired} ${key.slice(0, 16)}…; this machine trusts ${known}`,
    );
  }
  if (!verify(signedMessage(head.manifest), signer, signature)) {
    throw new BundleRefused(
      "tampered",
      `The signature by ${keyId(signer).slice(0, 16)}… does not fit ${MANIFEST}: it was changed`,
    );
  }
  return { keys, signer: key };
}

function fits(manifest: BundleManifest, digest: string, machine: Machine): void {
  const { product, architecture, version, updatesFrom } = manifest;
  if (product !== machine.product || architecture !== machine.architecture) {
    throw new BundleRefused(
      "wrong-machine",
      `The bundle is for ${product} on ${architecture}; ` +
        `this is ${machine.product} on ${machine.architecture}`,
    );
  }
  const order = compareVersions(version, machine.version);
  if (manifest.extendsSystem) {
    if (order === 0) return;
    throw new BundleRefused(
      "wrong-machine",
      `The bundle is an extension for version ${version}; this machine runs ${machine.version}`,
    );
  }
  if (order < 0) {
    throw new BundleRefused(
      "downgrade",
      `The bundle is version ${version}, older than ${machine.version}, which runs; ` +
        `to go back to the version before, use a rollback`,
    );
  }
  if (order === 0 && machine.digest !== undefined && machine.digest !== digest) {
    throw new BundleRefused(
      "downgrade",
      `The bundle is another build of version ${version}, which runs; give it a higher version`,
    );
  }
  if (updatesFrom !== undefined && compareVersions(machine.version, updatesFrom) < 0) {
    throw new BundleRefused(
      "too-old",
      `Version ${version} can be installed from ${updatesFrom} on; ${machine.version} runs. ` +
        `Install a version between first`,
    );
  }
}
