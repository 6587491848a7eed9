/**
 * Signatures of game packages: ed25519 (RFC 8032) over the package's id and SHA-256.
 *
 * `<id>.erofs.sig` beside a package file is JSON: `{"key": "<SHA-256 of the public key>",
 * "signature": "<base64>"}`. Trusted are the keys in `<dataDir>/keys/*.pub` (PEM, SubjectPublicKeyInfo)
 * and those of the configuration (base64).
 */
import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import * as ed25519 from "../system/ed25519.ts";

export const PackageSignature = z.object({
  key: z.string().regex(/^[0-9a-f]{64}$/),
  signature: z.string().regex(ed25519.SIGNATURE_FORM, "expected 64 bytes in base64"),
});
export type PackageSignature = z.infer<typeof PackageSignature>;

/** Public keys whose signatures count. */
export interface TrustedKeys {
  /** Holds `*.pub` files. */
  folder: string;
  /** ed25519 public keys in base64. */
  keys: string[];
}

function message(id: string, sha256: string): Uint8Array {
  return new TextEncoder().encode(`gamelan-package-1 ${id} ${sha256}\n`);
}

/**
 * Signs a package.
 *
 * @param privateKey  PEM (PKCS #8), as `openssl genpkey -algorithm ed25519` writes it
 */
export function signPackage(id: string, sha256: string, privateKey: string): PackageSignature {
  const key = ed25519.privateKey(privateKey, "The signing key");
  return {
    key: ed25519.keyId(key),
    signature: ed25519.sign(message(id, sha256), key),
  };
}

/**
 * Whether a signature holds, by a trusted key.
 *
 * @throws where the signature does not fit the package, though its key is trusted
 */
export async function checkSignature(
  id: string,
  sha256: string,
  signature: PackageSignature | undefined,
  trusted: TrustedKeys,
): Promise<"trusted" | "unsigned" | "untrusted"> {
  if (signature === undefined) return "unsigned";
  for await (const { key, from } of keysOf(trusted)) {
    if (ed25519.keyId(key) !== signature.key) continue;
    if (ed25519.verify(message(id, sha256), key, signature.signature)) {
      return "trusted";
    }
    throw new Error(`The signature of ${id} by ${from} does not fit the package: it was changed`);
  }
  return "untrusted";
}

async function* keysOf(trusted: TrustedKeys): AsyncGenerator<{ key: KeyObject; from: string }> {
  for (const text of trusted.keys) {
    yield { key: ed25519.publicKeyFromText(text), from: "the configuration" };
  }
  const files: string[] = [];
  try {
    for await (const entry of Deno.readDir(trusted.folder)) {
      if (entry.name.endsWith(".pub")) files.push(join(trusted.folder, entry.name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const path of files.sort()) {
    yield { key: ed25519.publicKey(await Deno.readTextFile(path), path), from: path };
  }
}
