import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 32 random bytes for a cookie, an invitation or a node, in base64url (43 characters). */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** Under what a token is stored: who reads the store cannot use it. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** Whether two secrets are equal, in a time that tells nothing about them. */
export function sameSecret(a: string, b: string): boolean {
  const [first, second] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(first, second);
}

/** A short id of the protocol's form, such as `s-4k2m9x7q1w`; 50 random bits. */
export function newId(prefix: string): string {
  const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  const letters = [...randomBytes(10)].map((byte) => alphabet[byte & 31]);
  return `${prefix}-${letters.join("")}`;
}

/** Letters and digits that are not mistaken for one another. */
const CLAIM_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/** The code that makes its reader the owner of a new house, such as `KX4M-7QTR`; 40 random bits. */
export function newClaimCode(): string {
  const letters = [...randomBytes(8)].map((byte) => CLAIM_ALPHABET[byte & 31]).join("");
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

/** Whether a typed code is the claim code: case, dashes and spaces do not count. */
export function sameClaimCode(typed: string, code: string): boolean {
  const plain = (text: string) => text.toUpperCase().replaceAll(/[\s-]/g, "");
  return sameSecret(plain(typed), plain(code));
}
