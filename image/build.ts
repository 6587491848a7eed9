/**
 * `deno task image`: the appliance image, a file to write to a disk.
 *
 * Everything it takes from Debian 13 comes from a tree of tools unpacked into image/build, so Debian 12
 * will do. What lies there is only a cache: a fresh clone makes the same image.
 */
import type { KeyObject } from "node:crypto";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { install, missingPackages, NeedsInstall } from "../src/cli/bootstrap/apt.ts";
import { withPinnedDeno } from "../src/cli/bootstrap/pinned_deno.ts";
import { findArtifacts, writeQcow2, writeSums } from "./artifacts.ts";
import { billOfMaterials, packageSizes, pinnedTo } from "./bill_of_materials.ts";
import { lockBuild } from "./build_lock.ts";
import { writeDomain } from "./domain.ts";
import { hostPackages } from "./host_packages.ts";
import { chosenMirrors, mirrorHelp, mirrorOptions } from "./mirrors.ts";
import { runMkosi } from "./mkosi.ts";
import { sourceDate } from "./source_date.ts";
import { ensureToolsTree } from "./tools_tree.ts";
import { stageUpdateKey } from "./update_key.ts";

const image = fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "");
const root = resolve(image, "..");
const build = join(image, "build");
/** What the root may take on a disk, in bytes: a slot is three times as large. */
const ROOT_BUDGET = 450e6;

const help = `Usage: deno task image [OPTIONS]

Builds the appliance image into image/build/output: the disk (raw and qcow2), a libvirt domain, the
parts of an update, the bill of materials and SHA256SUMS. As root or as a user.

  --version VERSION     the image's version (default: that of deno.json)
  --output DIR          where to (default: image/build/output); emptied first
  --update-key FILE     ed25519 key in PEM that may sign updates of this image. A private one also signs
                        this version as an update bundle. Default: image/keys/development.pem, made
                        where it is not there
  --like FILE           take the package versions of this bill of materials (*.cdx.json), to make an
                        older image again
${mirrorHelp}`;

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      version: { type: "string" },
      output: { type: "string", default: join(build, "output") },
      "update-key": { type: "string", default: join(image, "keys/development.pem") },
      like: { type: "string" },
      ...mirrorOptions,
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const code = await withPinnedDeno("image", args);
  if (code !== undefined) return code;
  if (Deno.build.arch !== "x86_64") {
    throw new Error(`expected an x86-64 machine to build the x86-64 image, got ${Deno.build.arch}`);
  }
  const missing = await missingPackages(hostPackages);
  if (missing.length > 0) await install(missing);

  const version = checkedVersion(values.version ?? await ownVersion());
  const preferences = values.like ? pinnedTo(await Deno.readTextFile(values.like)) : "";
  const mirrors = chosenMirrors(values);
  const output = resolve(values.output);
  const epoch = await sourceDate(root);
  using _ = await lockBuild(build);
  const tools = await ensureToolsTree(build, mirrors);
  console.error("Bundling Gamelan …");
  // Only now: what it imports is fetched by npm on its first use.
  const { stageProgram } = await import("./program.ts");
  await stageProgram(root, join(build, "gamelan"));
  const key = await stageUpdateKey(values["update-key"], join(build, "gamelan/update-keys"));
  await emptied(output);
  console.error(`Building the image, some minutes (${join(build, "mkosi.log")}) …`);
  const components = "main non-free-firmware";
  await runMkosi({
    directory: image,
    ...{ build, output, tools, version, epoch, mirrors, components, preferences },
  });
  return await finish(output, version, epoch, key);
}

/** What lies beside the disk, and the report. `key`: signs it as an update. */
async function finish(
  output: string,
  version: string,
  epoch: number,
  key: KeyObject | undefined,
): Promise<number> {
  const artifacts = await findArtifacts(output, version);
  const bill = join(output, `gamelan_${version}.cdx.json`);
  await Deno.writeTextFile(
    bill,
    billOfMaterials({
      version,
      epoch,
      manifest: await Deno.readTextFile(artifacts.manifest),
      lock: await Deno.readTextFile(join(root, "deno.lock")),
    }),
  );
  const qcow2 = await writeQcow2(artifacts.disk);
  const domain = await writeDomain(qcow2);
  const { disk, kernel, root: rootFile, verity } = artifacts;
  const { writeUpdate } = await import("./update.ts");
  const update = key && await writeUpdate(artifacts, output, version, key);
  const parts = [disk, qcow2, domain, kernel, rootFile, verity, bill];
  await writeSums(output, update === undefined ? parts : [...parts, update]);

  const size = async (path: string) => (await Deno.stat(path)).size;
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1).padStart(7)} MB`;
  const rootBytes = await size(rootFile);
  console.log(`${disk}`);
  console.log(`${mb(await size(disk))}  disk (${mb(await size(qcow2)).trim()} as qcow2)`);
  if (update !== undefined) console.log(`${mb(await size(update))}  update`);
  console.log(`${mb(await size(kernel))}  kernel with initrd`);
  console.log(`${mb(rootBytes)}  root, of ${ROOT_BUDGET / 1e6} MB it may take`);
  console.log(`root hash ${artifacts.rootHash}`);
  console.log("The ten largest packages, before compression:");
  for (const { name, bytes } of (await packageSizes(output)).slice(0, 10)) {
    console.log(`${mb(bytes)}  ${name}`);
  }
  if (rootBytes <= ROOT_BUDGET) return 0;
  console.error(`The root takes ${mb(rootBytes).trim()}, more than ${ROOT_BUDGET / 1e6} MB.`);
  return 1;
}

/** Throws where sysupdate could not find the version in a file's name. */
function checkedVersion(version: string): string {
  if (/^\d+(\.\d+){0,3}(~[a-z0-9.]+)?$/.test(version)) return version;
  throw new Error(`expected a version such as 1.2.3 or 1.2.3~rc1, got "${version}"`);
}

async function ownVersion(): Promise<string> {
  return JSON.parse(await Deno.readTextFile(join(root, "deno.json"))).version;
}

async function emptied(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for await (const { name } of Deno.readDir(folder)) {
    if (!/^(gamelan[_-]|SHA256SUMS|packages\.tsv)/.test(name)) {
      throw new Error(`expected ${folder} to hold images only, but there is ${name}`);
    }
    await Deno.remove(join(folder, name), { recursive: true });
  }
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(error instanceof NeedsInstall ? 3 : 1);
}
