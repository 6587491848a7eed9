/** What is to be there before machines can be started from the image. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lockBuild } from "../../image/build_lock.ts";
import type { Mirrors } from "../../image/mirrors.ts";
import { ensureEmulatorTree } from "../../image/tools_tree.ts";
import type { Requirement } from "../../src/cli/bootstrap/packages.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What runs the image. */
export const machinePackages: Requirement[] = [
  { anyOf: ["mmdebstrap"], why: "unpack Debian 13's QEMU, which runs the image, into a folder" },
  { anyOf: ["debian-archive-keyring"], why: "know that it is Debian's" },
  { anyOf: ["uidmap"], why: "unpack it without being root" },
  { anyOf: ["qemu-utils"], why: "give each machine a disk of its own" },
  { anyOf: ["mtools"], why: "make a USB stick's image" },
  { anyOf: ["openssh-client"], why: "look into the machine" },
];

/** What machines are started with; made where it is not there yet. */
export async function prepareEmulator(mirrors: Mirrors): Promise<void> {
  const build = join(root, "image/build");
  using _ = await lockBuild(build);
  await ensureEmulatorTree(build, mirrors);
}

/** Builds the image anew and gives the disk's path. */
export async function buildImage(): Promise<string> {
  const output = join(root, "image/build/output");
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(root, "image/build.ts")],
  }).spawn().status;
  if (!success) throw new Error("the image was not built");
  for await (const { name } of Deno.readDir(output)) {
    if (/^gamelan_[\d.]+\.raw$/.test(name)) return join(output, name);
  }
  throw new Error(`expected a disk in ${output}`);
}
