/** Who may come in by SSH: the box's authorized_keys file. SSH is off while it is empty. */
import { dirname } from "node:path";
import { Refusal } from "../system/refusal.ts";
import { sshFingerprint } from "../system/ssh_fingerprint.ts";
import type { SshKey } from "../protocol/machine.ts";

/** Of image/mkosi.extra/etc/ssh/sshd_config.d. */
export const AUTHORIZED_KEYS = "/var/lib/box/authorized_keys";
const MAX_KEYS = 64;
const TYPES = new Set([
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
  "ssh-rsa",
]);

export class SshKeys {
  constructor(private readonly file = AUTHORIZED_KEYS) {}

  /** Keys of the file; lines with options in front are shown by their key. */
  list(): SshKey[] {
    return this.#lines().flatMap((line) => parseKey(withoutOptions(line)) ?? []);
  }

  /**
   * Adds one key. One that is there already stays as it is.
   *
   * @throws Refusal
   */
  add(text: string): SshKey {
    const line = text.trim();
    if (/-----BEGIN|PRIVATE KEY/.test(line)) {
      throw new Refusal("That is a private key. Give the public one: its file ends in .pub.");
    }
    // deno-lint-ignore no-control-regex -- a second line would be a second key
    if (/[\x00-\x1f\x7f]/.test(line)) {
      throw new Refusal("Expected one line, as in a file such as id_ed25519.pub.");
    }
    const key = parseKey(line);
    if (!key) {
      throw new Refusal(
        "Expected a public key such as “ssh-ed25519 AAAA… name”: the whole line of a file that ends in " +
          ".pub.",
      );
    }
    const lines = this.#lines();
    if (this.list().some(({ fingerprint }) => fingerprint === key.fingerprint)) return key;
    if (lines.length >= MAX_KEYS) {
      throw new Refusal(`There are ${MAX_KEYS} keys already. Remove one first.`);
    }
    this.#write([...lines, line]);
    return key;
  }

  /** Takes a key away; false where there is none with this fingerprint. */
  remove(fingerprint: string): boolean {
    const lines = this.#lines();
    const left = lines.filter((line) =>
      parseKey(withoutOptions(line))?.fingerprint !== fingerprint
    );
    if (left.length === lines.length) return false;
    this.#write(left);
    return true;
  }

  #lines(): string[] {
    try {
      return Deno.readTextFileSync(this.file).split("\n").filter((line) => line.trim() !== "");
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  #write(lines: string[]): void {
    Deno.mkdirSync(dirname(this.file), { recursive: true });
    const half = `${this.file}.new`;
    Deno.writeTextFileSync(half, lines.map((line) => line + "\n").join(""), { mode: 0o600 });
    Deno.chmodSync(half, 0o600);
    Deno.renameSync(half, this.file);
  }
}

/** `TYPE BASE64 COMMENT`; undefined where it is none. The key says its type itself, RFC 4253, 6.6. */
function parseKey(line: string): SshKey | undefined {
  const [type, base64, ...comment] = line.trim().split(/ +/);
  if (!TYPES.has(type) || !/^[A-Za-z0-9+/]{32,}={0,2}$/.test(base64 ?? "")) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
  const length = new DataView(bytes.buffer).getUint32(0);
  if (new TextDecoder().decode(bytes.subarray(4, 4 + length)) !== type) return undefined;
  return { type, fingerprint: sshFingerprint(base64), comment: comment.join(" ").slice(0, 200) };
}

/** A stick may have brought lines such as `from="10.0.0.0/8" ssh-ed25519 …`. */
function withoutOptions(line: string): string {
  const at = [...TYPES].map((type) => line.indexOf(`${type} `)).filter((one) => one >= 0);
  return at.length === 0 ? line : line.slice(Math.min(...at));
}
