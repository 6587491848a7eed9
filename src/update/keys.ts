/**
 * Which keys may sign updates, and how they change.
 *
 * An image brings the keys that were valid when it was made. A key is replaced in two steps that may
 * be one release or years apart:
 *
 * 1. The old key signs the new one (`certifyKey`). Bundles carry this certificate in `keys.json` from
 *    then on, also those signed by the new key, so that a box which missed ten releases still finds
 *    the way from the key it knows. A box keeps the new key once such a bundle runs and was blessed.
 * 2. A bundle's manifest, signed by the new key, names the old one in `retiredKeys`. A box that runs
 *    it trusts the old key no longer, nor certificates that it made.
 */
import type { KeyObject } from "node:crypto";
import { z } from "zod";
import {
  keyId,
  publicKeyFromText,
  publicKeyText,
  sign,
  SIGNATURE_FORM,
  verify,
} from "../system/ed25519.ts";
import { type BundleManifest, KeyId } from "./manifest.ts";

const PublicKeyText = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, "expected 32 bytes in base64");

/** A new key, signed by an older one. */
export const KeyCertificate = z.strictObject({
  /** The new key. */
  key: PublicKeyText,
  /** Id of the key that signed it. */
  by: KeyId,
  signature: z.string().regex(SIGNATURE_FORM, "expected 64 bytes in base64"),
});
export type KeyCertificate = z.infer<typeof KeyCertificate>;

/** `keys.json`: in any order. */
export const KeyCertificates = z.array(KeyCertificate).max(16);

/** What a machine keeps of earlier bundles, beside the keys of its image. */
export const KeyHistory = z.strictObject({
  added: z.array(PublicKeyText).max(64).default([]),
  retired: z.array(KeyId).max(64).default([]),
});
export type KeyHistory = z.infer<typeof KeyHistory>;

function message(key: string): Uint8Array {
  return new TextEncoder().encode(`gamelan-update-key-1 ${key}\n`);
}

/** Lets `successor` sign updates for machines that trust `key`. */
export function certifyKey(successor: KeyObject, key: KeyObject): KeyCertificate {
  const text = publicKeyText(successor);
  return { key: text, by: keyId(key), signature: sign(message(text), key) };
}

/** Keys by id that may sign, from those of the image and those learnt since. */
export function trustedKeys(image: KeyObject[], history: KeyHistory): Map<string, KeyObject> {
  const keys = [...image, ...history.added.map(publicKeyFromText)];
  const trusted = new Map(keys.map((key) => [keyId(key), key]));
  for (const id of history.retired) trusted.delete(id);
  return trusted;
}

/**
 * The trusted keys and all that they lead to by certificates. Certificates that do not fit are
 * passed over: they give no trust, and a bundle signed by a trusted key needs none.
 */
export function followCertificates(
  trusted: ReadonlyMap<string, KeyObject>,
  certificates: KeyCertificate[],
  retired: readonly string[],
): Map<string, KeyObject> {
  const reached = new Map(trusted);
  for (let before = -1; before !== reached.size;) {
    before = reached.size;
    for (const { key: text, by, signature } of certificates) {
      const signer = reached.get(by);
      if (signer === undefined || !verify(message(text), signer, signature)) continue;
      const key = publicKeyFromText(text);
      const id = keyId(key);
      if (!retired.includes(id)) reached.set(id, key);
    }
  }
  return reached;
}

/**
 * What a machine must keep once a bundle runs and is blessed.
 *
 * @param reached  what {@linkcode followCertificates} found; keys of the image are not kept, so that
 *   a later image without them ends the trust
 */
export function historyAfter(
  history: KeyHistory,
  manifest: BundleManifest,
  imageKeys: KeyObject[],
  reached: ReadonlyMap<string, KeyObject>,
): KeyHistory {
  const retired = new Set([...history.retired, ...manifest.retiredKeys]);
  const left = new Set([...retired, ...imageKeys.map(keyId)]);
  const added = [...reached].filter(([id]) => !left.has(id)).map(([, key]) => publicKeyText(key));
  return { added, retired: [...retired] };
}
