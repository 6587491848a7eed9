import { replaceFile } from "../durable_file.ts";
import { BoxRefused } from "./refused.ts";
import type { Settled } from "./protocol.ts";

/** A public key as `ssh-keygen` writes it: type, base64, comment. Options before it are not taken. */
const KEY =
  /^(?<type>ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) (?<key>[A-Za-z0-9+/]{40,2000}={0,2})(?: [^\p{Cc}]{0,200})?$/u;

function parse(text: string): { line: string; key: string } {
  const line = text.trim();
  const key = KEY.exec(line)?.groups?.key;
  if (key !== undefined) return { line, key };
  throw new BoxRefused(
    "request",
    'expected one public SSH key, such as the content of ~/.ssh/id_ed25519.pub ("ssh-ed25519 AAAA… ' +
      'name")',
  );
}

function read(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n").filter((line) => line.trim() !== "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

const holds = (line: string, key: string) => line.split(/\s+/).includes(key);
const isKey = (line: string) => !line.trimStart().startsWith("#");

/** Lets a key log in. */
export function authorizeKey(path: string, text: string): Settled {
  const { line, key } = parse(text);
  const lines = read(path);
  if (lines.some((known) => isKey(known) && holds(known, key))) {
    return { detail: "knows this key already", reboots: false };
  }
  replaceFile(path, [...lines, line, ""].join("\n"));
  return { detail: "lets this key log in", reboots: false };
}

/** Ends a key's access. @throws BoxRefused where it is the last one: nobody could log in any more */
export function revokeKey(path: string, text: string): Settled {
  const { key } = parse(text);
  const lines = read(path);
  const left = lines.filter((line) => !(isKey(line) && holds(line, key)));
  if (left.length === lines.length) return { detail: "does not know this key", reboots: false };
  if (!left.some(isKey)) {
    throw new BoxRefused(
      "request",
      "It is the last key that may log in; authorize another one first",
    );
  }
  replaceFile(path, [...left, ""].join("\n"));
  return { detail: "lets this key in no longer", reboots: false };
}
