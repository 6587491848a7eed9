/**
 * `deno task bench:image`: the appliance image against plain Debian 13 in virtual machines of the same
 * kind, booted in turns, each alone. Prints the table of `deno task bench`.
 */
import { dirname, join } from "node:path";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { findArtifacts } from "../../../image/artifacts.ts";
import { hostPackages } from "../../../image/host_packages.ts";
import { install, missingPackages, NeedsInstall } from "../../../src/cli/bootstrap/apt.ts";
import { withPinnedDeno } from "../../../src/cli/bootstrap/pinned_deno.ts";
import { packDelta } from "../../../src/update/delta_bundle.ts";
import { artifacts } from "../../image/tested_image.ts";
import { chosenMirrors, mirrorHelp, mirrorOptions, type Mirrors } from "../../../image/mirrors.ts";
import { buildImage, machinePackages, prepareEmulator } from "../../image/preparation.ts";
import { type Result, summarize } from "../result.ts";
import { row, table } from "../table.ts";
import type { Restart } from "../../image/updated_box.ts";
import { bootGamelan, bootPlain, type GamelanBoot, type PlainBoot } from "./boots.ts";
import { downtimes } from "./downtime.ts";
import { buildPlainDebian, makeSeed, PLAIN_DEBIAN } from "./plain_debian.ts";

const help = `Usage: deno task bench:image [OPTIONS]

Builds the image and a plain Debian 13, boots them in turns in QEMU on an interpreted processor, and
measures how long each takes until one can use it; then how long nobody reaches a box that is updated,
and one that is restarted. Use what is compared; seconds are this machine's.

  --image DISK          this raw image in place of building one
  --plain DISK          this plain Debian in place of building one
  --newer DISK          an image built from changed sources: how large an update to it is
  --rounds N            boots of each (default: 3; 0: none)
  --updates N           updates, and restarts to compare them with (default: 3; 0: none)
  --json FILE           writes the figures
${mirrorHelp}`;

/** What to reach. */
const BOOT_RATIO = 1.2;
const IDLE_MIB = 250;
const ROOT_MB = 450;
/** An update may keep people away so much longer than a restart. */
const UPDATE_SECONDS = 5;

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      image: { type: "string" },
      plain: { type: "string" },
      newer: { type: "string" },
      rounds: { type: "string", default: "3" },
      updates: { type: "string", default: "3" },
      json: { type: "string" },
      ...mirrorOptions,
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const [rounds, updates] = (["rounds", "updates"] as const).map((option) => {
    if (/^\d{1,2}$/.test(values[option])) return Number(values[option]);
    throw new Error(`expected --${option} with a number from 0 to 99, got "${values[option]}"`);
  });
  const code = await withPinnedDeno("bench:image", args);
  if (code !== undefined) return code;
  const missing = await missingPackages([
    ...machinePackages,
    ...hostPackages,
    { anyOf: ["cryptsetup-bin"], why: "make another version to update to" },
  ]);
  if (missing.length > 0) await install(missing);
  const mirrors = chosenMirrors(values);
  await prepareEmulator(mirrors);
  const image = values.image ?? await buildImage();
  const results = [
    ...rounds === 0 ? [] : await boots(image, await peerDisk(values.plain, mirrors), rounds),
    ...updates === 0 ? [] : await waits(image, updates),
    ...await sizes(image, values.newer),
  ];
  if (values.json) await Deno.writeTextFile(values.json, JSON.stringify(results, null, 2) + "\n");
  console.log(table(results));
  return 0;
}

async function peerDisk(made: string | undefined, mirrors: Mirrors): Promise<string> {
  if (made) return made;
  console.error("Building plain Debian 13, some minutes …");
  return await buildPlainDebian(mirrors);
}

async function waits(image: string, rounds: number): Promise<Result[]> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-bench-image-" });
  try {
    const all = await downtimes(await Deno.realPath(image), folder, rounds, console.error);
    const seconds = (pick: (one: Restart) => number) => ({
      ours: all.map(({ update }) => pick(update)),
      peer: all.map(({ restart }) => pick(restart)),
    });
    const peer = "a restart";
    const down = seconds(({ downSeconds }) => downSeconds);
    const stop = seconds(({ stopSeconds }) => stopSeconds);
    return [
      summarize("update, nobody reaches the box", "s", down.ours, {
        peer,
        peerSamples: down.peer,
        target: { max: UPDATE_SECONDS, of: "difference" },
      }),
      summarize("update, until the machine is reset", "s", stop.ours, {
        peer,
        peerSamples: stop.peer,
      }),
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function boots(image: string, plainDisk: string, rounds: number): Promise<Result[]> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-bench-image-" });
  try {
    const login = await makeSeed(folder);
    const ours: GamelanBoot[] = [];
    const plain: PlainBoot[] = [];
    for (let round = 1; round <= rounds; round++) {
      const box = await bootGamelan(image, login.key, artifacts);
      ours.push(box);
      const peer = await bootPlain(plainDisk, login, artifacts);
      plain.push(peer);
      const s = (ms: number) => (ms / 1000).toFixed(1);
      console.error(
        `   round ${round}: Gamelan ready ${s(box.readyMs)} s, to play ${s(box.playMs)} s; ` +
          `plain Debian's SSH answers ${s(peer.greetingMs)} s, lets in ${s(peer.sshMs)} s; ` +
          `load ${loadavg().map((one) => one.toFixed(1)).join(" ")}`,
      );
    }
    const seconds = <T>(all: T[], pick: (one: T) => number) => all.map((one) => pick(one) / 1000);
    const peerSamples = seconds(plain, ({ sshMs }) => sshMs);
    const peer = `${PLAIN_DEBIAN}, boot to SSH`;
    const results = [
      summarize("boot to ready to play", "s", seconds(ours, ({ playMs }) => playMs), {
        peer,
        peerSamples,
        target: { max: BOOT_RATIO, of: "ratio" },
      }),
      summarize("boot to the page", "s", seconds(ours, ({ readyMs }) => readyMs), {
        peer,
        peerSamples,
      }),
      summarize("memory of the idle system", "MiB", ours.map((one) => one.idleMemoryMiB), {
        peer: PLAIN_DEBIAN,
        peerSamples: plain.map((one) => one.idleMemoryMiB),
        target: { max: IDLE_MIB, of: "p50" },
      }),
    ];
    for (const result of results) console.error(row(result));
    return results;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is beside the disk; of a delta only where there is another image to go to. */
async function sizes(disk: string, newer: string | undefined): Promise<Result[]> {
  const megabytes = async (path: string) => (await Deno.stat(path)).size / 1e6;
  const version = /_([\d.]+)\.raw$/.exec(disk)?.[1];
  if (version === undefined) throw new Error(`expected a disk gamelan_VERSION.raw, got ${disk}`);
  const { root, kernel } = await findArtifacts(dirname(disk), version);
  const whole = disk.replace(/\.raw$/, ".gamelan-update");
  const results = [
    summarize("image, as raw disk", "MB", [await megabytes(disk)]),
    summarize("image, as qcow2", "MB", [await megabytes(disk.replace(/\.raw$/, ".qcow2"))]),
    summarize("root", "MB", [await megabytes(root)], { target: { max: ROOT_MB, of: "p50" } }),
    summarize("kernel with initrd", "MB", [await megabytes(kernel)]),
    summarize("update, whole", "MB", [await megabytes(whole)]),
  ];
  if (newer === undefined) return results;
  const folder = await Deno.makeTempDir({ prefix: "gamelan-bench-image-" });
  try {
    const update = newer.replace(/\.raw$/, ".gamelan-update");
    const { bytes } = await packDelta(whole, update, join(folder, "delta"));
    results.push(
      summarize("update, what differs only", "MB", [bytes / 1e6], {
        peer: "the whole one",
        peerSamples: [await megabytes(whole)],
        target: { max: 0.05, of: "ratio" },
      }),
    );
    return results;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(error instanceof NeedsInstall ? 3 : 1);
}
