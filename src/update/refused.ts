/** Why a bundle was refused; the running system was not touched. */
export const REFUSALS = [
  /** A file of the bundle is not one, or is not as described. */
  "malformed",
  /** A file is missing or shorter than the manifest says. */
  "truncated",
  /** Bytes were changed after it was signed, or a file was added. */
  "tampered",
  /** No key that this machine trusts signed it. */
  "wrong-key",
  /** It is for another product or architecture. */
  "wrong-machine",
  /** It is older than what runs, or is another build of the same version. */
  "downgrade",
  /** What runs is too old for it: a version between must be installed first. */
  "too-old",
] as const;
export type Refusal = typeof REFUSALS[number];

/** A bundle is not installed. The message says why, in words for its owner. */
export class BundleRefused extends Error {
  override name = "BundleRefused";
  constructor(readonly reason: Refusal, message: string) {
    super(message);
  }
}
