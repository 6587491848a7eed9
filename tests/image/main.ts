/**
 * `deno task test:image`: builds the image, boots it in QEMU and tests it there. Takes half an hour on
 * two cores, because the machine's processor is interpreted.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { install, missingPackages, NeedsInstall } from "../../src/cli/bootstrap/apt.ts";
import type { Requirement } from "../../src/cli/bootstrap/packages.ts";
import { withPinnedDeno } from "../../src/cli/bootstrap/pinned_deno.ts";
import { countJunit } from "../../src/cli/bootstrap/tests.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const help = `Usage: deno task test:image [OPTIONS] [FILE…]

Builds the image, boots it in QEMU and runs tests/image, or the test files named.

  --image DISK   test this raw image instead of building one`;

const packages: Requirement[] = [
  { anyOf: ["qemu-system-x86"], why: "run the image" },
  { anyOf: ["qemu-utils"], why: "give each machine a disk of its own" },
  { anyOf: ["ovmf"], why: "boot it by UEFI firmware" },
  { anyOf: ["mtools"], why: "make a USB stick's image" },
  { anyOf: ["cryptsetup-bin"], why: "make other versions of it, with verity data of their own" },
  { anyOf: ["openssh-client"], why: "look into the machine" },
  { anyOf: ["chromium"], why: "play in a real browser" },
];

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { image: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const code = await withPinnedDeno("test:image", args);
  if (code !== undefined) return code;
  const missing = await missingPackages(packages);
  if (missing.length > 0) await install(missing);
  const image = values.image ?? await build();
  await Deno.stat(image);

  const artifacts = join(root, "tests/artifacts");
  await Deno.mkdir(artifacts, { recursive: true });
  const report = join(artifacts, "image-junit.xml");
  await Deno.remove(report).catch(() => {});
  const files = positionals.length > 0 ? positionals : [join(root, "tests/image")];
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", `--junit-path=${report}`, ...files],
    env: { GAMELAN_IMAGE: await Deno.realPath(image) },
  }).spawn().status;
  const { passed, failed, skipped } = countJunit(await Deno.readTextFile(report).catch(() => ""));
  console.log(`${passed} passed, ${failed + (success || failed > 0 ? 0 : 1)} failed`);
  return success && passed > 0 && skipped.length === 0 ? 0 : 1;
}

/** Builds the image anew and gives the disk's path. */
async function build(): Promise<string> {
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

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(error instanceof NeedsInstall ? 3 : 1);
}
