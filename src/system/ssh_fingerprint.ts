import { createHash } from "node:crypto";

/** The fingerprint of a public SSH key, given in base64, as `ssh-keygen -l` writes it. */
export function sshFingerprint(key: string): string {
  const hash = createHash("sha256").update(Buffer.from(key, "base64")).digest("base64");
  return `SHA256:${hash.replace(/=+$/, "")}`;
}
