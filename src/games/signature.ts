/**
 * Signatures of game packages: ed25519 (RFC 8032) over the package's id and SHA-256.
 *
 * `<id>.erofs.sig` beside a package file is JSON: `{"key": "<SHA-256 of the public key>",
 * "signature": "<base64>"}`. Trusted are the keys in `<dataDir>/keys/*.pub` (PEM, SubjectPublicKeyInfo).
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { join } from "node:path";
import { z } from "zod";

export const PackageSignature = z.object({
  key: z.string().regex(/^[0-9a-f]{64}$/),
  signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/, "expected 64 bytes in base64"),
});
export type PackageSignature = z.infer<typeof PackageSignature>;

function message(id: string, sha256: string): Uint8Array {
  return new TextEncoder().encode(`gamelan-package-1 ${id} ${sha256}\n`);
}

function keyId(key: KeyObject): string {
  return createHash("sha256").update(key.export({ type: "spki", format: "der" })).digest("hex");
}

function ed25519(key: KeyObject, from: string): KeyObject {
  if (key.asymmetricKeyType !== "ed25519") {
    throw new Error(`${from} is a ${key.asymmetricKeyType} key, expected ed25519`);
  }
  return key;
}

/**
 * Signs a package.
 *
 * @param privateKey  PEM (PKCS #8), as `openssl genpkey -algorithm ed25519` writes it
 */
export function signPackage(id: string, sha256: string, privateKey: string): PackageSignature {
  const key = ed25519(createPrivateKey(privateKey), "The signing key");
  return {
    key: keyId(createPublicKey(privateKey)),
    signature: sign(null, message(id, sha256), key).toString("base64"),
  };
}

/**
 * Whether a signature holds, by a key in `keysFolder`.
 *
 * @throws where the signature does not fit the package, though its key is trusted
 */
export async function checkSignature(
  id: string,
  sha256: string,
  signature: PackageSignature | undefined,
  keysFolder: string,
): Promise<"trusted" | "unsigned" | "untrusted"> {
  if (signature === undefined) return "unsigned";
  for await (const path of keyFiles(keysFolder)) {
    const key = ed25519(createPublicKey(await Deno.readTextFile(path)), path);
    if (keyId(key) !== signature.key) continue;
    if (verify(null, message(id, sha256), key, bytesOfBase64(signature.signature))) {
      return "trusted";
    }
    throw new Error(`The signature of ${id} by ${path} does not fit the package: it was changed`);
  }
  return "untrusted";
}

function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

async function* keyFiles(folder: string): AsyncGenerator<string> {
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.name.endsWith(".pub")) yield join(folder, entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
