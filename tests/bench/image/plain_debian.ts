import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Mirrors } from "../../../image/mirrors.ts";
import { runMkosi } from "../../../image/mkosi.ts";
import { lockBuild } from "../../../image/build_lock.ts";
import { ensureToolsTree } from "../../../image/tools_tree.ts";
import { makeKey } from "../../image/machine.ts";
import { makeStick } from "../../image/stick.ts";

const configuration = fileURLToPath(new URL("plain_debian", import.meta.url));
const imageBuild = fileURLToPath(new URL("../../../image/build", import.meta.url));

/** What it is, for a table. */
export const PLAIN_DEBIAN =
  "plain Debian 13, built by mkosi from the package list of Debian's cloud image";

/**
 * Builds what Gamelan's image is compared with, with the same tools, in a folder of its own below the
 * image's; some minutes.
 *
 * @returns the raw disk
 */
export async function buildPlainDebian(mirrors: Mirrors): Promise<string> {
  const build = join(imageBuild, "plain-debian");
  const output = join(build, "output");
  using _ = await lockBuild(imageBuild);
  await Deno.mkdir(build, { recursive: true });
  await runMkosi({
    directory: configuration,
    build,
    output,
    tools: await ensureToolsTree(imageBuild, mirrors),
    version: "13",
    epoch: Math.floor(Date.now() / 1000),
    mirrors,
    components: "main non-free-firmware",
    preferences: "",
  });
  return join(output, "plain-debian_13.raw");
}

/**
 * Makes a key and what cloud-init reads on the first start, as a disk: root may come in by the key, all
 * else is as Debian has it.
 */
export async function makeSeed(folder: string): Promise<{ key: string; seed: string }> {
  const key = await makeKey(folder);
  const seed = join(folder, "seed.raw");
  const publicKey = (await Deno.readTextFile(`${key}.pub`)).trim();
  await makeStick(seed, {
    "meta-data": `instance-id: ${crypto.randomUUID()}\nlocal-hostname: plain\n`,
    "user-data": `#cloud-config\ndisable_root: false\nssh_authorized_keys:\n  - ${publicKey}\n`,
  }, { label: "CIDATA" });
  return { key, seed };
}
