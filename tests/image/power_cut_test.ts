/**
 * Ten power cuts at random moments of an update: the box starts into a working system after each, and
 * the update still succeeds in the end. What the guest had not written out is lost, as with real power;
 * caches of a real disk are not simulated.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { privateKey } from "../../src/system/ed25519.ts";
import { packBundle } from "../../src/update/archive.ts";
import { until } from "../e2e/browser.ts";
import { artifacts, imageUnderTest, keepFigures } from "./image_under_test.ts";
import { Machine, makeDisk, makeKey } from "./machine.ts";
import { makeNextVersion } from "./next_version.ts";
import { nextVersions } from "./versions.ts";

/** Machines side by side, with one processor each, and cuts for each. */
const MACHINES = 2;
const CUTS = 5;
/** An update takes so long here, from its first byte to the restart; ms. */
const UPDATE_MS = 100_000;
const END_MS = 900_000;
const KEY = Deno.env.get("GAMELAN_UPDATE_KEY") ||
  fileURLToPath(new URL("../../image/keys/development.pem", import.meta.url));

Deno.test("a box survives power cuts at random moments of an update", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-image-test-" });
  try {
    const image = imageUnderTest();
    const versions = nextVersions(image, 3);
    const key = privateKey(await Deno.readTextFile(KEY), KEY);
    const updates: Record<string, string> = {};
    for (const version of versions.slice(1)) {
      const bundle = await makeNextVersion(image, folder, { version, key });
      updates[`v${version}`] = join(folder, version);
      await packBundle(bundle, updates[`v${version}`]);
      await Deno.remove(bundle, { recursive: true });
    }
    const ssh = await makeKey(folder);
    const found = await Promise.all(Array.from({ length: MACHINES }, (_, index) => {
      const name = `cut-${index + 1}`;
      const disk = join(folder, `${name}.qcow2`);
      return cutAndCutAgain({ image, name, disk, ssh, versions, updates });
    }));
    await keepFigures("image-power-cuts", { cuts: found.flat() });
    assert.equal(found.flat().length, MACHINES * CUTS);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

interface Box {
  image: string;
  name: string;
  disk: string;
  ssh: string;
  /** The image's, and those after it. */
  versions: string[];
  /** Update files by `v` and version. */
  updates: Record<string, string>;
}

interface Cut {
  /** Seconds after the update began. */
  after: number;
  /** What ran then. */
  version: string;
  blessed: boolean;
}

async function cutAndCutAgain(box: Box): Promise<Cut[]> {
  const cuts: Cut[] = [];
  await makeDisk(box.image, box.disk);
  for (let cut = 0; cut <= CUTS; cut++) {
    await using machine = await Machine.start({
      image: box.image,
      name: `${box.name}-${cut}`,
      key: box.ssh,
      disk: box.disk,
      drives: box.updates,
      reboots: true,
      processors: 1,
    }, artifacts);
    await machine.ready();
    await machine.sshReady();
    // It may be about to restart: a system on trial, or an update that goes on by itself.
    const { version, blessed } = await until("what runs", () => running(machine), END_MS);
    const at = box.versions.indexOf(version);
    assert.ok(at >= 0, `${version} runs`);
    if (cut > 0) Object.assign(cuts[cut - 1], { version, blessed });
    // One that is on trial is waited for; then there is the next one.
    const target = box.versions[blessed ? Math.min(at + 1, box.versions.length - 1) : at];
    const installing = machine.ssh(
      `gamelan update /dev/disk/by-id/virtio-v${target}`,
      END_MS,
    ).catch(() => {});
    if (cut === CUTS) {
      await until("an update to be made in the end", async () => {
        const now = await running(machine);
        return now?.version === target && now.blessed;
      }, END_MS);
      await machine.cutPower();
    } else {
      const moment = Math.random() * UPDATE_MS;
      await new Promise((resolve) => setTimeout(resolve, moment));
      await machine.cutPower();
      cuts.push({ after: Math.round(moment / 100) / 10, version: "", blessed: false });
      console.log(box.name, cuts);
    }
    await installing;
  }
  return cuts;
}

async function running(machine: Machine) {
  const { code, stdout } = await machine.ssh("gamelan update --status --json").catch(() => ({
    code: 1,
    stdout: "",
  }));
  if (code !== 0) return undefined;
  return JSON.parse(stdout).slots.current as { version: string; blessed: boolean };
}
