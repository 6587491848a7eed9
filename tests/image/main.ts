/**
 * `deno task test:image`: builds the image, boots it in QEMU and tests it there. Takes an hour
 * or more on two cores, because the machine's processor is interpreted.
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { install, missingPackages, NeedsInstall } from "../../src/cli/bootstrap/apt.ts";
import type { Requirement } from "../../src/cli/bootstrap/packages.ts";
import { withPinnedDeno } from "../../src/cli/bootstrap/pinned_deno.ts";
import { canYield, ImageTestRunner, imageTests, sideBySide, summary } from "./files.ts";
import { chosenMirrors, mirrorHelp, mirrorOptions } from "../../image/mirrors.ts";
import { buildImage, machinePackages, prepareEmulator } from "./preparation.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const help = `Usage: deno task test:image [OPTIONS] [FILE…]

Builds the image, boots it in QEMU and runs tests/image, or the test files named. Files that fit on
this machine's processors run side by side, and some on what others leave of them; one that fails is
run once more.

  --image DISK          test this raw image instead of building one
  --minutes N           begin no file that would usually take longer than what is left of so many
                        minutes; such files are named at the end
  --processors N        how many processors machines may keep busy at a time (default: all, at least 2)
  --beside PID          one of them is that process's until it has ended
${mirrorHelp}`;

const packages: Requirement[] = [
  ...machinePackages,
  { anyOf: ["erofs-utils"], why: "make a game that lies on it, and a system extension" },
  { anyOf: ["cryptsetup-bin"], why: "make other versions of it, with verity data of their own" },
  { anyOf: ["fdisk"], why: "make a USB stick with partitions" },
  { anyOf: ["zbar-tools"], why: "read the code on the box's screen as a phone does" },
  { anyOf: ["libvirt-clients"], why: "look at the domain file as libvirt does" },
  { anyOf: ["libxml2-utils"], why: "look at the domain file as libvirt does" },
  { anyOf: ["rsync"], why: "push to a fleet of two" },
  { anyOf: ["chromium"], why: "play in a real browser" },
  { anyOf: ["gcc"], why: "compile a game for the box" },
  { anyOf: ["libc6-dev"], why: "compile a game for the box" },
  { anyOf: ["libsdl2-2.0-0"], why: "give that game its view of controllers" },
  { anyOf: ["joystick"], why: "look at controllers from inside the sandbox (jstest)" },
  { anyOf: ["evtest"], why: "look at controllers from inside the sandbox" },
];

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      image: { type: "string" },
      minutes: { type: "string" },
      processors: { type: "string" },
      beside: { type: "string" },
      ...mirrorOptions,
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const processors = values.processors === undefined
    ? Math.max(2, navigator.hardwareConcurrency)
    : number("processors", values.processors, 3);
  const endsMs = values.minutes === undefined
    ? Infinity
    : performance.now() + number("minutes", values.minutes, 3) * 60_000;
  const beside = values.beside === undefined ? undefined : number("beside", values.beside, 9);
  const code = await withPinnedDeno("test:image", args);
  if (code !== undefined) return code;
  const missing = await missingPackages(packages);
  if (missing.length > 0) await install(missing);
  await prepareEmulator(chosenMirrors(values));
  const image = values.image ?? await buildImage();
  await Deno.stat(image);

  const artifacts = join(root, "tests/artifacts");
  await Deno.mkdir(artifacts, { recursive: true });
  const files = positionals.length > 0 ? positionals.map((file) => resolve(file)) : await all();
  const runner = new ImageTestRunner(await Deno.realPath(image), artifacts, console.log, endsMs);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => void runner.stop().then(() => Deno.exit(130)));
  }
  const yields = await canYield();
  const tests = imageTests(files).map((test) => yields ? test : { ...test, yields });
  const results = await sideBySide(
    tests,
    processors,
    (test, hurry) => runner.run(test, hurry),
    beside === undefined ? undefined : ended(beside),
  );
  const { lines, success } = summary(results);
  for (const line of lines) console.log(line);
  return success ? 0 : 1;
}

function number(option: string, text: string, digits: number): number {
  if (/^[1-9]\d*$/.test(text) && text.length <= digits) return Number(text);
  const most = 10 ** digits - 1;
  throw new Error(`expected --${option} with a number from 1 to ${most}, got "${text}"`);
}

/** Resolves when a process, which need not be a child of this one, has ended. */
async function ended(process: number): Promise<void> {
  for (;;) {
    const stat = await Deno.readTextFile(`/proc/${process}/stat`).catch(() => "");
    // proc_pid_stat(5): the state comes after the name in parentheses; Z: nobody has waited for it yet.
    if (/^$|\) Z /.test(stat)) return;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** All test files of this folder. */
async function all(): Promise<string[]> {
  const folder = join(root, "tests/image");
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  return names.filter((name) => name.endsWith("_test.ts")).map((name) => join(folder, name));
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(error instanceof NeedsInstall ? 3 : 1);
}
