import type { KeyObject } from "node:crypto";
import { fileURLToPath } from "node:url";
import { privateKey } from "../../src/system/ed25519.ts";

/** Serial logs and screenshots. */
export const artifacts = fileURLToPath(new URL("../artifacts/image", import.meta.url));

/** The disk that `deno task test:image` has built. Throws where the tests are run without that. */
export function imageUnderTest(): string {
  const path = Deno.env.get("GAMELAN_IMAGE");
  if (path) return path;
  throw new Error("expected the image in GAMELAN_IMAGE; deno task test:image builds and names it");
}

/** The file of the key that signs updates of that image: the build's own, or GAMELAN_UPDATE_KEY. */
export function imageKeyFile(): string {
  return Deno.env.get("GAMELAN_UPDATE_KEY") ||
    fileURLToPath(new URL("../../image/keys/development.pem", import.meta.url));
}

/** That key. */
export async function imageKey(): Promise<KeyObject> {
  const path = imageKeyFile();
  return privateKey(await Deno.readTextFile(path), path);
}

/** Keeps what was measured, for a report of the run. */
export async function keepFigures(name: string, figures: Record<string, unknown>): Promise<void> {
  await Deno.mkdir(artifacts, { recursive: true });
  await Deno.writeTextFile(`${artifacts}/${name}.json`, JSON.stringify(figures, null, 2) + "\n");
  console.log(name, figures);
}
