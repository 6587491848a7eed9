/**
 * `deno task compile`: one executable file, dist/gamelan.
 *
 * By `deno compile` where its base runtime can be had; else a self-extracting file made of this Deno
 * and the same bundle, which behaves the same.
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { version } from "../version.ts";
import { bundle } from "./bundle.ts";
import { denoCompile, wrongExecutable } from "./deno_compile.ts";
import { importLate } from "./late_imports.ts";
import { makeSelfExtracting } from "./self_extracting.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

const help = `Usage: deno task compile [--output FILE] [--self-extracting]

Makes one executable file of Gamelan.

  --output FILE       where to (default: dist/gamelan)
  --self-extracting   do not try deno compile, which downloads a base runtime`;

async function build(output: string, selfExtracting: boolean): Promise<void> {
  await Deno.mkdir(dirname(output), { recursive: true });
  const folder = await Deno.makeTempDir({ prefix: "gamelan-bundle-" });
  try {
    await bundle(root, folder);
    if (selfExtracting || !await compiled(folder, output)) {
      await importLate(folder);
      await makeSelfExtracting(folder, output);
      const wrong = await wrongExecutable(output, version);
      if (wrong) throw new Error(wrong);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const { size } = await Deno.stat(output);
  console.log(`${output}: ${(size / 1e6).toFixed(1)} MB`);
}

async function compiled(folder: string, output: string): Promise<boolean> {
  const next = output + ".compiled";
  try {
    const wrong = await denoCompile(folder, next) ?? await wrongExecutable(next, version);
    if (wrong) {
      console.log(`Making a self-extracting file, because: ${wrong}`);
      return false;
    }
    await Deno.rename(next, output);
    return true;
  } finally {
    await Deno.remove(next).catch(() => {});
  }
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    output: { type: "string", default: join(root, "dist/gamelan") },
    "self-extracting": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(help);
else await build(resolve(values.output), values["self-extracting"]);
