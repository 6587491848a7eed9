/**
 * `deno task image:nvidia`: a system extension of the appliance, systemd-sysext(8), with kernel modules
 * that are compiled for exactly the image's kernel. What is in it says the folder that is given,
 * image/nvidia by default: an mkosi configuration, files of its own in `extra`, and `arrange`, a program
 * that is run in the finished folder.
 */
import type { KeyObject } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { install, missingPackages, NeedsInstall } from "../../src/cli/bootstrap/apt.ts";
import { withPinnedDeno } from "../../src/cli/bootstrap/pinned_deno.ts";
import { addSums, findArtifacts } from "../artifacts.ts";
import { billOfExtension } from "../bill_of_materials.ts";
import { lockBuild } from "../build_lock.ts";
import { hostPackages } from "../host_packages.ts";
import { chosenMirrors, mirrorHelp, mirrorOptions } from "../mirrors.ts";
import { runMkosi } from "../mkosi.ts";
import { run } from "../run.ts";
import { sourceDate } from "../source_date.ts";
import { ensureToolsTree } from "../tools_tree.ts";
import { readSigningKey } from "../update_key.ts";
import { type Base, openBase } from "./base.ts";
import { copyPackages, newPackages, type Package } from "./collect.ts";
import { indexModules, packExtension } from "./pack.ts";

const image = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const root = resolve(image, "..");
const build = join(image, "build");

const help = `Usage: deno task image:nvidia [OPTIONS]

Builds NVIDIA's driver as a system extension for the image that \`deno task image\` has built, beside it:

  gamelan-nvidia_VERSION.raw             the extension
  gamelan-nvidia_VERSION.gamelan-update  the same, signed, for boxes that run that version
  gamelan_VERSION+nvidia.gamelan-update  an update to that version which brings the extension along

The driver is Debian's, of its archive's non-free part. Its licence is NVIDIA's: you build this for your
own boxes.

  --image DISK          the image (default: the one in image/build/output)
  --output DIR          where to (default: beside the image)
  --update-key FILE     ed25519 key in PEM that signs (default: image/keys/development.pem). With a public
                        one only the extension itself is written
  --alone               only the extension; no update of the system that brings it along
  --definition FOLDER   what is in it (default: image/nvidia); the extension is called as the folder
${mirrorHelp}`;

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      image: { type: "string" },
      output: { type: "string" },
      alone: { type: "boolean", default: false },
      "update-key": { type: "string", default: join(image, "keys/development.pem") },
      definition: { type: "string", default: join(image, "nvidia") },
      ...mirrorOptions,
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const code = await withPinnedDeno("image:nvidia", args);
  if (code !== undefined) return code;
  if (Deno.build.arch !== "x86_64") {
    throw new Error(`expected an x86-64 machine to build for x86-64, got ${Deno.build.arch}`);
  }
  const missing = await missingPackages(hostPackages);
  if (missing.length > 0) await install(missing);

  const disk = resolve(values.image ?? await builtImage());
  const definition = resolve(values.definition);
  const name = basename(definition);
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new Error(`expected a folder called as the extension, such as nvidia, got ${definition}`);
  }
  const key = await readSigningKey(values["update-key"]);
  const mirrors = chosenMirrors(values);
  const epoch = await sourceDate(root);
  using _ = await lockBuild(build);
  const tools = await ensureToolsTree(build, mirrors);
  const work = join(build, `extension-${name}`);
  console.error("Looking into the image …");
  const base = await openBase(disk, join(build, "extension-base"), tools);
  const output = join(work, "output");
  console.error(`Compiling for Linux ${base.kernel}, some minutes (${join(work, "mkosi.log")}) …`);
  await runMkosi({
    directory: definition,
    build: work,
    ...{ output, tools, epoch, mirrors },
    components: "main contrib non-free non-free-firmware",
    preferences: base.preferences,
    options: [
      "--output=tree",
      `--environment=KERNEL=${base.kernel}`,
      `--build-package=linux-headers-${base.kernel}`,
    ],
  }).catch((error) => {
    if (!/Unable to locate package linux-headers/.test(error.message)) throw error;
    throw new Error(
      `Debian's archive no longer has what modules for Linux ${base.kernel} are compiled from: ` +
        "build the image anew, with its present kernel",
    );
  });
  const tree = join(output, "tree");
  const folder = join(work, "extension");
  const packages = await fill(folder, { tree, base, definition });
  await indexModules(folder, base, tools, join(work, "modules"));
  const target = resolve(values.output ?? join(disk, ".."));
  await Deno.mkdir(target, { recursive: true });
  const file = await packExtension(folder, {
    name: `gamelan-${name}_${base.version}`,
    ...{ base, epoch, tools },
    output: target,
  });
  const { alone } = values;
  return await finish({ file, folder, disk, name, base, packages, epoch, key, alone });
}

async function fill(
  folder: string,
  { tree, base, definition }: { tree: string; base: Base; definition: string },
): Promise<Package[]> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(join(folder, "usr/lib/modules"), { recursive: true });
  const packages = await newPackages(tree, base.packages);
  await copyPackages(tree, packages, folder);
  await run([
    "cp",
    "-a",
    join(tree, "usr/lib/modules", base.kernel),
    join(folder, "usr/lib/modules"),
  ]);
  const extra = join(definition, "extra");
  if (await exists(extra)) await run(["cp", "-a", `${extra}/.`, folder]);
  const arrange = join(definition, "arrange");
  if (await exists(arrange)) await run([arrange], { cwd: folder });
  return packages;
}

async function finish({ file, folder, disk, name, base, packages, epoch, key, alone }: {
  file: string;
  folder: string;
  disk: string;
  name: string;
  base: Base;
  packages: Package[];
  epoch: number;
  key: KeyObject | undefined;
  alone: boolean;
}): Promise<number> {
  const output = dirname(file);
  const bill = join(output, `gamelan-${name}_${base.version}.cdx.json`);
  await Deno.writeTextFile(
    bill,
    billOfExtension({ name: `gamelan-${name}`, version: base.version, epoch, packages }),
  );
  const written = [file, bill];
  if (key !== undefined) {
    const { writeExtensionUpdate, writeUpdate } = await import("../update.ts");
    written.push(await writeExtensionUpdate(file, output, base.version, key));
    if (!alone) {
      const artifacts = await findArtifacts(dirname(disk), base.version);
      written.push(await writeUpdate(artifacts, output, base.version, key, { name, file }));
    }
  }
  await addSums(output, written);
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1).padStart(7)} MB`;
  for (const path of written.filter((one) => one !== bill)) {
    console.log(`${mb((await Deno.stat(path)).size)}  ${path}`);
  }
  const sum = (await run(["du", "--bytes", "--summarize", folder])).split("\t")[0];
  console.log(`${mb(Number(sum))}  unpacked, ${packages.length} packages`);
  console.log(`fits systems of level ${base.level}`);
  return 0;
}

/** The image that `deno task image` has left. */
async function builtImage(): Promise<string> {
  const output = join(build, "output");
  const entries = await Array.fromAsync(Deno.readDir(output)).catch(() => []);
  // Not the parts beside it, such as gamelan_1.2.3.esp.raw.
  const disk = /^gamelan_\d+(\.\d+){0,3}(~[a-z0-9.]+)?\.raw$/;
  const disks = entries.map(({ name }) => name).filter((one) => disk.test(one));
  if (disks.length === 1) return join(output, disks[0]);
  throw new Error(
    `expected one image in ${output}, got ${disks.join(", ") || "none"}: run deno task image first`,
  );
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(error instanceof NeedsInstall ? 3 : 1);
}
