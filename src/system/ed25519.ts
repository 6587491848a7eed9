/** ed25519 keys (RFC 8032): how they are written, named, and used. Signatures are base64. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import * as crypto from "node:crypto";

/** A signature in base64: 64 bytes. */
export const SIGNATURE_FORM = /^[A-Za-z0-9+/]{86}==$/;

/** A key's name: the SHA-256 of its public half as SubjectPublicKeyInfo, hex. */
export function keyId(key: KeyObject): string {
  const der = publicHalf(key).export({ type: "spki", format: "der" });
  return createHash("sha256").update(der).digest("hex");
}

/** The 32 bytes of a key's public half, base64: the form of configuration files. */
export function publicKeyText(key: KeyObject): string {
  const der = publicHalf(key).export({ type: "spki", format: "der" });
  return der.subarray(SPKI_PREFIX.length).toString("base64");
}

/**
 * @param pem   PKCS #8, as `openssl genpkey -algorithm ed25519` writes it
 * @param from  what the key is called in errors
 * @throws where it is no ed25519 key
 */
export function privateKey(pem: string, from: string): KeyObject {
  return ed25519(createPrivateKey(pem), from);
}

/**
 * @param pem   SubjectPublicKeyInfo
 * @throws where it is no ed25519 key
 */
export function publicKey(pem: string, from: string): KeyObject {
  return ed25519(createPublicKey(pem), from);
}

/**
 * @param text  base64 of 32 bytes, or of the 44 of its SubjectPublicKeyInfo
 * @throws where it is anything else
 */
export function publicKeyFromText(text: string): KeyObject {
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

/** Signs `message`; base64. */
export function sign(message: Uint8Array, key: KeyObject): string {
  return crypto.sign(null, message, key).toString("base64");
}

/** Whether `signature` (base64) is that of `message` by `key`. */
export function verify(message: Uint8Array, key: KeyObject, signature: string): boolean {
  return SIGNATURE_FORM.test(signature) &&
    crypto.verify(null, message, key, bytesOfBase64(signature));
}

/** SubjectPublicKeyInfo of an ed25519 key up to the key's 32 bytes (RFC 8410, section 4). */
const SPKI_PREFIX = Uint8Array.from([48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0]);

/** The public half of a key. */
export function publicHalf(key: KeyObject): KeyObject {
  if (key.type === "public") return key;
  return createPublicKey(key.export({ type: "pkcs8", format: "pem" }) as string);
}

function ed25519(key: KeyObject, from: string): KeyObject {
  if (key.asymmetricKeyType !== "ed25519") {
    throw new Error(`${from} is a ${key.asymmetricKeyType} key, expected ed25519`);
  }
  return key;
}

function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
