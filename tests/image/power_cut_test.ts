/**
 * Ten power cuts at random moments of an update, from its first byte over the restart to the proof of
 * the new system: the box starts into a working system after each, and the update still succeeds in the
 * end. What the guest had not written out is lost, as with real power; caches of a real disk are not
 * simulated.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { packBundle } from "../../src/update/archive.ts";
import { artifacts, imageKey, imageUnderTest, keepFigures } from "./tested_image.ts";
import { Machine } from "./machine.ts";
import { makeNextVersion } from "./next_version.ts";
import { runningSystem } from "./running_system.ts";
import { type StartedBox, startedBox } from "./started_box.ts";
import { temporaryFolder } from "./temporary.ts";
import { nextVersions } from "./versions.ts";
import { eventually } from "./wait.ts";

const MINUTES = 60_000;

/**
 * The parts of an update, and how long each takes here, ms: a cut comes at a random moment within
 * that, or when the part is over. What is written before a cut is written again after it; a start of
 * the new system that is cut short costs one of its three tries.
 */
const PARTS = {
  /** From the command until the machine restarts: copied, checked, written to the other slot. */
  writing: 60_000,
  /** From there until the new system's house answers. */
  starting: 60_000,
  /** The new system tests itself and is blessed. */
  proving: 40_000,
};

interface Moment {
  part: keyof typeof PARTS;
  /** Of the part's time: from, to. */
  within: [number, number];
}

/** The cuts of each machine. */
const MACHINES: Moment[][] = [
  [
    { part: "writing", within: [0, 1 / 6] },
    { part: "writing", within: [2 / 6, 3 / 6] },
    { part: "writing", within: [4 / 6, 5 / 6] },
    { part: "starting", within: [0, 1 / 2] },
    { part: "proving", within: [1 / 2, 1] },
  ],
  [
    { part: "writing", within: [1 / 6, 2 / 6] },
    { part: "writing", within: [3 / 6, 4 / 6] },
    { part: "writing", within: [5 / 6, 1] },
    { part: "starting", within: [1 / 2, 1] },
    { part: "proving", within: [0, 1 / 2] },
  ],
];

Deno.test("a box survives power cuts at random moments of an update", async () => {
  await using folder = await temporaryFolder();
  const image = imageUnderTest();
  const [before, after] = nextVersions(image, 1);
  const bundle = await makeNextVersion(image, folder.path, {
    version: after,
    key: await imageKey(),
    // It comes with a system extension, which must be there with it, or neither.
    extension: "along",
  });
  const update = join(folder.path, "update");
  await packBundle(bundle, update);
  await Deno.remove(bundle, { recursive: true });
  const cuts: Cut[] = [];
  for (const [index, moments] of MACHINES.entries()) {
    const name = `cut-${index + 1}`;
    const own = await Deno.makeTempDir({ dir: folder.path });
    const box: Box = { started: await startedBox(image, own), name, update, before, after };
    cuts.push(...await cutAndCutAgain(box, moments));
  }
  await keepFigures("image-power-cuts", { cuts });
  assert.equal(cuts.length, 10);
  for (const { version } of cuts) assert.ok([before, after].includes(version), version);
});

interface Box {
  started: StartedBox;
  name: string;
  /** The update's file. */
  update: string;
  /** Versions: the image's, and the update's. */
  before: string;
  after: string;
}

interface Cut {
  part: Moment["part"];
  /** Seconds from the beginning of that part. */
  seconds: number;
  /** What ran after it, and whether it was proved already. */
  version: string;
  blessed: boolean;
  /** Seconds from the start until the house answered. */
  readySeconds: number;
}

async function cutAndCutAgain(box: Box, moments: Moment[]): Promise<Cut[]> {
  const cuts: Cut[] = [];
  const { memory, ...hardware } = box.started;
  for (let start = 0; start <= moments.length; start++) {
    await using machine = await Machine.start({
      ...hardware,
      memory: start === 0 ? memory : undefined,
      name: `${box.name}-${start}`,
      drives: { update: box.update },
      reboots: true,
      unplayed: true,
    }, artifacts);
    const readySeconds = Math.round(await machine.ready() / 1000);
    await machine.sshReady();
    const { version, blessed } = await runningSystem(machine);
    const now = { version, blessed };
    if (start > 0) Object.assign(cuts[start - 1], now, { readySeconds });
    if (start > 1) console.log(box.name, cuts[start - 1]);
    // Where it did not get far enough to go on by itself.
    const asked = now.version === box.before ? ask(machine) : Promise.resolve();
    // Where it is refused nothing that is waited for would come.
    const refused = asked.then(() => new Promise<never>(() => {}));
    if (start < moments.length) {
      const { part } = moments[start];
      const moment = momentOf(moments[start], machine, now.version === box.after);
      const seconds = await Promise.race([moment, refused]);
      await machine.cutPower();
      cuts.push({ part, seconds, version: "", blessed: false, readySeconds: 0 });
    } else {
      const made = eventually("the update to be made in the end", async () => {
        const { version, blessed } = await runningSystem(machine);
        return version === box.after && blessed;
      }, { withinMs: 15 * MINUTES, everyMs: 10_000 });
      await Promise.race([made, refused]);
      await machine.output(
        "test -e /usr/lib/extension-release.d/extension-release.gamelan-along_*",
      );
    }
    await machine.cutPower();
    await asked;
  }
  return cuts;
}

/**
 * Asks for the update, which ends with the connection; again where the box says no, as it is at work on
 * what was begun before the cut.
 *
 * @throws where it says no three times
 */
async function ask(machine: Machine): Promise<void> {
  for (let tries = 1;; tries++) {
    const command = "gamelan update /dev/disk/by-id/virtio-update";
    const said = await machine.ssh(command, 15 * MINUTES).catch(() => undefined);
    if (said?.code !== 1) return;
    console.log(machine.options.name, "said no:", said.stderr);
    if (tries === 3) throw new Error(`the update was refused: ${said.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 20_000));
  }
}

/** Waits for a random moment; gives the seconds from the beginning of its part. `inNew`: what runs. */
async function momentOf(
  { part, within: [from, to] }: Moment,
  machine: Machine,
  inNew: boolean,
): Promise<number> {
  const ms = PARTS[part] * (from + Math.random() * (to - from));
  const restarted = () => Promise.resolve(machine.count("RESET") > 0);
  const until = (what: string, check: () => Promise<boolean>) =>
    eventually(what, check, { withinMs: 15 * MINUTES, everyMs: 200 });
  if (part !== "writing" && !inNew) await until("the restart", restarted);
  if (part === "proving" && !inNew) await machine.ready();
  const began = performance.now();
  const over: Record<Moment["part"], () => Promise<boolean>> = {
    writing: restarted,
    starting: () => machine.answers(),
    // It can be asked only by what would disturb it.
    proving: () => Promise.resolve(false),
  };
  while (performance.now() - began < ms && !await over[part]()) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return Math.round((performance.now() - began) / 100) / 10;
}
