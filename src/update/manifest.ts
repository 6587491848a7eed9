/**
 * An update bundle: a folder with
 *
 *     manifest.json       what it is, for which machines, and its files with size and SHA-256
 *     manifest.json.sig   {"key": "<id>", "signature": "<base64>"} over the bytes of manifest.json
 *     keys.json           optional: keys that follow the older ones, see keys.ts
 *     …                   the files, such as the root partition, its verity data and the UKI, and
 *                         where boxes need them, system extensions
 *
 * It is a folder and no archive: a transfer that broke off goes on file by file, a stick holds it as
 * it is, and systemd-sysupdate installs from it without a second copy.
 *
 * Nothing in it depends on a clock: a box whose battery is empty starts in 1970.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { SIGNATURE_FORM } from "../system/ed25519.ts";
import { BundleRefused } from "./refused.ts";
import { SystemVersion } from "./version.ts";

export const MANIFEST = "manifest.json";
export const SIGNATURE = "manifest.json.sig";
export const KEYS = "keys.json";

/** Largest manifest, signature or key file that is read, in bytes. */
export const MAX_TEXT_BYTES = 64 * 1024;

export const KeyId = z.string().regex(/^[0-9a-f]{64}$/, "expected the SHA-256 of a key, in hex");

export const BundleManifest = z.strictObject({
  /** Version of this format. */
  format: z.literal(1),
  /** What the system is called: os-release's IMAGE_ID. */
  product: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  /** Debian's name of the architecture. */
  architecture: z.enum(["amd64", "arm64"]),
  version: SystemVersion,
  /** The oldest version that can install this one; older boxes need one between. */
  updatesFrom: SystemVersion.optional(),
  /** It only adds system extensions to this version, which must run; see extensions.ts. */
  extendsSystem: z.literal(true).optional(),
  /** Keys that boxes must trust no longer once they run this version. */
  retiredKeys: z.array(KeyId).max(16).default([]),
  files: z.array(z.strictObject({
    /** Its name in the bundle's folder. */
    name: z.string().regex(
      /^[A-Za-z0-9][A-Za-z0-9._+@-]{0,127}$/,
      "expected a plain file name of at most 128 characters",
    ).refine((name) => ![MANIFEST, SIGNATURE, KEYS].includes(name), "is a name of the format"),
    bytes: z.number().int().min(0).max(2 ** 40),
    /** Of its content, hex. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  })).min(1).max(64).refine(
    (files) => new Set(files.map(({ name }) => name)).size === files.length,
    "names a file twice",
  ),
});
export type BundleManifest = z.infer<typeof BundleManifest>;

export const BundleSignature = z.strictObject({
  /** Of the key that signed. */
  key: KeyId,
  signature: z.string().regex(SIGNATURE_FORM, "expected 64 bytes in base64"),
});

/** What is signed: the manifest's bytes behind a word of their own, so that no other signature fits. */
export function signedMessage(manifest: Uint8Array): Uint8Array {
  const prefix = new TextEncoder().encode("gamelan-bundle-1\n");
  const message = new Uint8Array(prefix.length + manifest.length);
  message.set(prefix);
  message.set(manifest, prefix.length);
  return message;
}

/** The name of exactly this bundle: the SHA-256 of its manifest, hex. */
export function bundleDigest(manifest: Uint8Array): string {
  return createHash("sha256").update(manifest).digest("hex");
}

/**
 * @param name  of the file, for the message
 * @throws BundleRefused where it is too long, no JSON or not as described
 */
export function parseBundleFile<T>(schema: z.ZodType<T>, bytes: Uint8Array, name: string): T {
  if (bytes.length > MAX_TEXT_BYTES) {
    throw new BundleRefused(
      "malformed",
      `${name} has ${bytes.length} bytes; expected at most ${MAX_TEXT_BYTES}`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new BundleRefused("malformed", `${name} is no JSON: the bundle is damaged`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = issue.path.length > 0 ? `: ${issue.path.join(".")}` : "";
  throw new BundleRefused("malformed", `${name} is not as it should be${at}: ${issue.message}`);
}
