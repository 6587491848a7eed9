/**
 * `deno task compile`: one executable file, dist/gamelan.
 *
 * By `deno compile` where its base runtime can be had; else a self-extracting file made of this Deno
 * and a bundle, which behaves the same. `--self-extracting` takes the second way at once.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packagedWorkers } from "./workers.ts";
import { makeSelfExtracting } from "./self_extracting.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const output = join(root, "dist/gamelan");

async function denoCompile(): Promise<boolean> {
  const includes = ["ui/dist", ...Object.values(packagedWorkers)].flatMap((path) => [
    "--include",
    path,
  ]);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["compile", "-A", "--no-prompt", ...includes, "--output", output, "main.ts"],
    cwd: root,
    // Without it Deno takes a base runtime from a path that a person set for something else.
    env: { DENORT_BIN: "" },
    stdout: "inherit",
    stderr: "piped",
  }).output();
  if (code === 0) return true;
  const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  console.log(`deno compile is not possible here (${said})`);
  return false;
}

async function build(args: string[]): Promise<void> {
  await Deno.mkdir(join(root, "dist"), { recursive: true });
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "ui/build.ts"],
    cwd: root,
  }).spawn().status;
  if (code !== 0) throw new Error("the web page could not be built; the lines above say why");
  if (args.includes("--self-extracting") || !await denoCompile()) {
    await makeSelfExtracting(root, output);
  }
  const { size } = await Deno.stat(output);
  console.log(`${output}: ${(size / 1e6).toFixed(1)} MB`);
}

await build(Deno.args);
