import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { dirname, join } from "node:path";
import { keyId, privateKey, publicHalf, publicKey } from "../src/system/ed25519.ts";

/**
 * Puts the public half of the key in `path` into `folder`, as the image holds it. A file that is not
 * there is made: a key for development, which stays on this machine.
 *
 * @returns the private half, where `path` holds one
 * @throws where it is no ed25519 key in PEM
 */
export async function stageUpdateKey(path: string, folder: string): Promise<KeyObject | undefined> {
  const pem = await Deno.readTextFile(path).catch(async (error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return await makeKey(path);
  });
  const secret = privateHalf(pem, path);
  const key = secret === undefined ? publicKey(pem, path) : publicHalf(secret);
  await Deno.mkdir(folder, { recursive: true });
  const text = key.export({ type: "spki", format: "pem" }).toString();
  await Deno.writeTextFile(join(folder, `${keyId(key).slice(0, 16)}.pub`), text);
  return secret;
}

/** The private half of the key in `path`, where it holds one. @throws where it is not there, or no key */
export async function readSigningKey(path: string): Promise<KeyObject | undefined> {
  return privateHalf(await Deno.readTextFile(path), path);
}

function privateHalf(pem: string, path: string): KeyObject | undefined {
  if (/PRIVATE KEY/.test(pem)) return privateKey(pem, path);
  publicKey(pem, path);
  return undefined;
}

async function makeKey(path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(path, pem, { mode: 0o600, createNew: true });
  console.error(`Made ${path}, which signs updates for this image: keep it`);
  return pem;
}
