/**
 * Updates of a box: refused ones, a good one that also brings a new key, one that cannot encode, and
 * the way back.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { keyId, privateKey, publicHalf } from "../../src/system/ed25519.ts";
import { packBundle } from "../../src/update/archive.ts";
import { packDelta } from "../../src/update/delta_bundle.ts";
import { certifyKey } from "../../src/update/keys.ts";
import { type BundleDescription, signBundle } from "../../src/update/sign.ts";
import { until } from "../e2e/browser.ts";
import { artifacts, imageUnderTest, keepFigures } from "./image_under_test.ts";
import { Machine, makeKey } from "./machine.ts";
import { makeNextVersion } from "./next_version.ts";
import { nextVersions } from "./versions.ts";

const MINUTES = 60_000;
const KEY = Deno.env.get("GAMELAN_UPDATE_KEY") ||
  fileURLToPath(new URL("../../image/keys/development.pem", import.meta.url));

Deno.test("updates of a box", async (t) => {
  await using folder = await temporary();
  const image = imageUnderTest();
  const [running, good, broken] = nextVersions(image, 2);
  const imageKey = privateKey(await Deno.readTextFile(KEY), KEY);
  const newKey = generateKeyPairSync("ed25519").privateKey as unknown as KeyObject;
  const rotation = {
    certificates: [certifyKey(publicHalf(newKey), imageKey)],
    retiredKeys: [keyId(imageKey)],
  };
  const figures: Record<string, unknown> = {};
  const whole = image.replace(/\.raw$/, ".gamelan-update");
  figures.wholeBytes = (await Deno.stat(whole)).size;
  const pack = async (bundle: string, name: string, older?: string) => {
    const path = join(folder.path, `${name}.gamelan-update`);
    if (older === undefined) await packBundle(bundle, path);
    else await packDelta(older, bundle, path);
    await Deno.remove(bundle, { recursive: true });
    figures[`${name}Bytes`] = (await Deno.stat(path)).size;
    return path;
  };
  const drives = {
    good: await pack(
      await makeNextVersion(image, folder.path, {
        version: good,
        key: newKey,
        description: rotation,
      }),
      "good",
      // Only what differs from the image: the box takes the rest from the slot that runs.
      whole,
    ),
    // Its libavcodec finds no libx264: all starts, and no picture is encoded.
    broken: await pack(
      await makeNextVersion(image, folder.path, {
        version: broken,
        key: newKey,
        changes: [["libx264.so.164", "libx264.so.165"]],
      }),
      "broken",
    ),
  };
  const key = await makeKey(folder.path);
  await using machine = await Machine.start(
    { image, name: "update", key, drives, reboots: true },
    artifacts,
  );
  await machine.sshReady();
  await machine.ready();

  /** A bundle that is only a head and a few bytes, in the machine. */
  const small = async (
    name: string,
    signer: KeyObject,
    description: Partial<BundleDescription>,
    damage: (bundle: string) => Promise<void> = () => Promise.resolve(),
  ) => {
    const bundle = join(folder.path, name);
    await Deno.mkdir(bundle);
    for (const part of ["root", "verity"]) {
      await Deno.writeTextFile(join(bundle, part), "x".repeat(5000));
    }
    await signBundle(
      bundle,
      { product: "gamelan", architecture: "amd64", version: "999.0", ...description },
      signer,
    );
    await damage(bundle);
    const path = `/var/lib/${name}.gamelan-update`;
    await packBundle(bundle, join(folder.path, "small"));
    await machine.write(path, await Deno.readFile(join(folder.path, "small")));
    return path;
  };
  const status = async () => JSON.parse(await machine.output("gamelan update --status --json"));
  const running_ = async () => {
    const { slots } = await status();
    return { version: slots.current.version, blessed: slots.current.blessed };
  };

  await t.step(
    "what is not for this box is refused in plain words, and nothing is written",
    async () => {
      const before = await machine.output(
        "sfdisk --dump /dev/vda; ls $(bootctl --print-boot-path)/EFI/Linux",
      );
      const cases: [string, RegExp][] = [
        [await small("older", imageKey, { version: "0.0.1" }), /older than .*rollback/],
        [await small("foreign", newKey, {}), /signed by the key .*this machine trusts/],
        [await small("other", imageKey, { product: "toaster" }), /for toaster on amd64; this is/],
        [await small("arm", imageKey, { architecture: "arm64" }), /on arm64; this is/],
        [await small("late", imageKey, { updatesFrom: "500.0" }), /can be installed from 500\.0/],
        [
          await small(
            "changed",
            imageKey,
            {},
            (bundle) => Deno.writeTextFile(join(bundle, "root"), "y".repeat(5000)),
          ),
          /not what was signed/,
        ],
        [
          await small("cut", imageKey, {}, (bundle) => Deno.truncate(join(bundle, "root"), 100)),
          /root with 100 bytes, which its manifest does not/,
        ],
        [await small("empty", imageKey, {}), /0 files for the root/],
      ];
      for (const [path, reason] of cases) {
        const { code, stderr } = await machine.ssh(`gamelan update ${path}`);
        assert.equal(code, 1, stderr);
        assert.match(stderr, reason);
      }
      const half = await machine.ssh(
        "head -c 300000 /dev/disk/by-id/virtio-good >/var/lib/half; gamelan update /var/lib/half",
      );
      assert.equal(half.code, 1);
      assert.match(half.stderr, /cut short/);
      assert.equal(
        await machine.output("sfdisk --dump /dev/vda; ls $(bootctl --print-boot-path)/EFI/Linux"),
        before,
      );
      assert.equal(await machine.output("ls /var/lib/gamelan/box/staging | wc -l"), "0");
      assert.deepEqual(await running_(), { version: running, blessed: true });
    },
  );

  /** Runs what restarts the box; seconds without an answering house, and until SSH is back. */
  const restart = async (command: string, done: () => Promise<boolean>) => {
    const began = performance.now();
    const said = machine.ssh(command, 10 * MINUTES).catch(String);
    let [gone, back] = [0, 0];
    await until("the house to go", async () => {
      const answers = await machine.answers();
      if (!answers) gone = performance.now();
      return !answers;
    }, 10 * MINUTES);
    await until("the house to come back", async () => {
      const answers = await machine.answers();
      if (answers) back = performance.now();
      return answers;
    }, 10 * MINUTES);
    await machine.sshReady();
    // It may restart again.
    await until("the end of it", () => done().catch(() => false), 20 * MINUTES);
    console.log(await said);
    const seconds = (ms: number) => Math.round(ms / 100) / 10;
    return {
      installSeconds: seconds(gone - began),
      downSeconds: seconds(back - gone),
      allSeconds: seconds(performance.now() - began),
    };
  };

  await t.step(
    "a good one, signed by a new key, is installed, proves itself and is blessed",
    async () => {
      figures.good = await restart(
        "gamelan update /dev/disk/by-id/virtio-good",
        async () => (await running_()).blessed,
      );
      assert.deepEqual(await running_(), { version: good, blessed: true });
      const { lastUpdate, proof, pending, slots } = await status();
      assert.equal(lastUpdate.outcome, "installed");
      assert.deepEqual(proof.failures, []);
      assert.equal(pending, undefined);
      assert.equal(slots.other.version, running);
      assert.equal(await machine.output("ls /var/lib/gamelan/box/staging | wc -l"), "0");
    },
  );

  await t.step("the new key is trusted from then on, and the old one no longer", async () => {
    const check = async (path: string) => await machine.ssh(`gamelan update --check ${path}`);
    assert.equal((await check(await small("by-new", newKey, {}))).code, 0);
    const old = await check(await small("by-old", imageKey, {}));
    assert.equal(old.code, 1);
    assert.match(old.stderr, /retired key/);
  });

  await t.step("one that encodes no picture is tried three times and taken back", async () => {
    const began = performance.now();
    figures.broken = await restart(
      "gamelan update /dev/disk/by-id/virtio-broken",
      async () => (await status()).lastUpdate.version === broken,
    );
    assert.deepEqual(await running_(), { version: good, blessed: true });
    const { lastUpdate, slots } = await status();
    assert.equal(lastUpdate.outcome, "taken-back");
    assert.match(lastUpdate.detail, /tried three times and taken back: .*encode/s);
    assert.equal(slots.other.blessed, false);
    assert.match(await machine.output("gamelan update --status"), /tried three times/);
    figures.brokenReason = lastUpdate.detail;
    figures.backSeconds = Math.round((performance.now() - began) / 1000);
  });

  await t.step("the watchdog of the machine is fed", async () => {
    const shown = await machine.output("systemctl show -p RuntimeWatchdogUSec -p WatchdogDevice");
    await Deno.writeTextFile(join(artifacts, "update-watchdog.txt"), shown);
    assert.match(shown, /RuntimeWatchdogUSec=30s/);
  });
  await keepFigures("image-update", figures);
});

async function temporary() {
  const path = await Deno.makeTempDir({ prefix: "gamelan-image-test-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
