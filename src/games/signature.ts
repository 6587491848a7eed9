/**
 * Signatures of game packages: ed25519 (RFC 8032) over the package's id and SHA-256.
 *
 * `<id>.erofs.sig` beside a package file is JSON: `{"key": "<SHA-256 of the public key>",
 * "signature": "<base64>"}`. Trusted are the keys in `<dataDir>/keys/*.pub` (PEM, SubjectPublicKeyInfo)
 * and those of the configuration (base64).
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
    if (keyId(key) !== signature.key) continue;
    if (verify(null, message(id, sha256), key, bytesOfBase64(signature.signature))) {
      return "trusted";
    }
    throw new Error(`The signature of ${id} by ${from} does not fit the package: it was changed`);
  }
  return "untrusted";
}

function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

async function* keysOf(trusted: TrustedKeys): AsyncGenerator<{ key: KeyObject; from: string }> {
  for (const text of trusted.keys) yield { key: configuredKey(text), from: "the configuration" };
  const files: string[] = [];
  try {
    for await (const entry of Deno.readDir(trusted.folder)) {
      if (entry.name.endsWith(".pub")) files.push(join(trusted.folder, entry.name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const path of files.sort()) {
    yield { key: ed25519(createPublicKey(await Deno.readTextFile(path)), path), from: path };
  }
}

/** SubjectPublicKeyInfo of an ed25519 key up to the key's 32 bytes (RFC 8410, section 4). */
const SPKI_PREFIX = Uint8Array.from([48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0]);

function configuredKey(text: string): KeyObject {
  let bytes: Uint8Array;
  try {
    bytes = bytesOfBase64(text);
  } catch {
    throw new Error(`The trusted key "${text}" is not base64`);
  }
  if (bytes.length !== 32 && bytes.length !== SPKI_PREFIX.length + 32) {
    throw new Error(
      `The trusted key "${text}" has ${bytes.length} bytes; expected an ed25519 public key: 32 ` +
        "bytes, or 44 as SubjectPublicKeyInfo",
    );
  }
  const der = bytes.length === 32 ? [...SPKI_PREFIX, ...bytes] : [...bytes];
  return createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
}
