/**
 * Updates of a box: refused ones; a good one that waits for a player and also brings a new key; the way
 * back; and one that cannot encode and hangs besides.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { keyId, publicHalf } from "../../src/system/ed25519.ts";
import { packBundle } from "../../src/update/archive.ts";
import { packDelta } from "../../src/update/delta_bundle.ts";
import { certifyKey } from "../../src/update/keys.ts";
import type { BundleDescription } from "../../src/update/sign.ts";
import { artifacts, imageKey, imageUnderTest, keepFigures } from "./image_under_test.ts";
import { Machine, makeKey } from "./machine.ts";
import { makeNextVersion } from "./next_version.ts";
import { claimCode, Owner } from "./owner.ts";
import { runningSystem } from "./running_system.ts";
import { smallUpdate } from "./small_bundle.ts";
import { temporaryFolder } from "./temporary.ts";
import { nextVersions } from "./versions.ts";
import { eventually } from "./wait.ts";

const MINUTES = 60_000;
const CONFIGURATION = `
[library]
first_import = ""
[session]
# Nobody looks at the game that is played here, and it must go on all the same.
grace_seconds = 3600
`;

/**
 * A change of the image: what restarts a system that did not prove itself stops process 1 at the first
 * try, so that nothing but the machine's watchdog can go on.
 */
async function hangsOnce(): Promise<[string, string]> {
  const script = await Deno.readTextFile(
    fileURLToPath(new URL("../../image/mkosi.extra/usr/lib/box/after-trial", import.meta.url)),
  );
  const hang = `#!/bin/sh
if [ ! -e /var/lib/hung ]; then
  touch /var/lib/hung && sync
  echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze
  exec sleep 3600
fi
exec systemctl --no-block reboot
`;
  assert.ok(hang.length <= script.length);
  return [script, hang.padEnd(script.length, "\n")];
}

Deno.test("updates of a box", async (t) => {
  await using folder = await temporaryFolder();
  const image = imageUnderTest();
  const [running, good, broken] = nextVersions(image, 2);
  const oldKey = await imageKey();
  const newKey = generateKeyPairSync("ed25519").privateKey as unknown as KeyObject;
  const rotation = {
    certificates: [certifyKey(publicHalf(newKey), oldKey)],
    retiredKeys: [keyId(oldKey)],
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
        changes: [["libx264.so.164", "libx264.so.165"], await hangsOnce()],
      }),
      "broken",
    ),
  };
  const key = await makeKey(folder.path);
  await using machine = await Machine.start(
    { image, name: "update", key, drives, reboots: true, watchdog: true, processors: 1 },
    artifacts,
  );
  await machine.sshReady();
  await machine.ready();
  // The house starts anew with it, while other things are looked at.
  await machine.write("/var/lib/box/gamelan.toml", new TextEncoder().encode(CONFIGURATION));

  /** A bundle that is only a head and a few bytes, in the machine. */
  const small = async (
    name: string,
    signer: KeyObject,
    description: Partial<BundleDescription>,
    damage?: (bundle: string) => Promise<void>,
  ) => {
    const path = `/var/lib/${name}.gamelan-update`;
    await machine.write(path, await smallUpdate(signer, description, damage));
    return path;
  };
  const status = async () => JSON.parse(await machine.output("gamelan update --status --json"));
  /** Whether this version has proved itself, and nothing is undecided any more. */
  const settled = async (wanted: string) => {
    const { version, blessed, pending } = await runningSystem(machine);
    return version === wanted && blessed && !pending;
  };
  const runs = async (version: string) => {
    assert.deepEqual(await runningSystem(machine), { version, blessed: true, pending: false });
    const { current } = (await status()).slots;
    assert.deepEqual([current.version, current.blessed], [version, true]);
  };

  await t.step("the watchdog of the machine is fed", async () => {
    const shown = await machine.output("systemctl show -p RuntimeWatchdogUSec -p WatchdogDevice");
    await Deno.writeTextFile(join(artifacts, "update-watchdog.txt"), shown);
    assert.match(shown, /RuntimeWatchdogUSec=30s/);
    assert.match(shown, /WatchdogDevice=\/dev\/watchdog/);
    assert.equal(await machine.output("cat /sys/class/watchdog/watchdog0/state"), "active");
  });

  await t.step(
    "what is not for this box is refused in plain words, and nothing is written",
    async () => {
      const slots = "sfdisk --dump /dev/vda; ls $(bootctl --print-boot-path)/EFI/Linux";
      const before = await machine.output(slots);
      const cases: [string, RegExp][] = [
        [await small("older", oldKey, { version: "0.0.1" }), /older than .*rollback/],
        [await small("foreign", newKey, {}), /signed by the key .*this machine trusts/],
        [await small("other", oldKey, { product: "toaster" }), /for toaster on amd64; this is/],
        [await small("arm", oldKey, { architecture: "arm64" }), /on arm64; this is/],
        [await small("late", oldKey, { updatesFrom: "500.0" }), /can be installed from 500\.0/],
        [
          await small(
            "changed",
            oldKey,
            {},
            (bundle) => Deno.writeTextFile(join(bundle, "root"), "y".repeat(5000)),
          ),
          /not what was signed/,
        ],
        [
          await small("cut", oldKey, {}, (bundle) => Deno.truncate(join(bundle, "root"), 100)),
          /root with 100 bytes, which its manifest does not/,
        ],
        [await small("empty", oldKey, {}), /0 files for the root/],
      ];
      for (const [path, reason] of cases) {
        const { code, stderr } = await machine.ssh(`gamelan update ${path}`);
        assert.equal(code, 1, stderr);
        assert.match(stderr, reason);
      }
      const half = await machine.ssh(
        "head -c 30000 /dev/disk/by-id/virtio-good >/var/lib/half; gamelan update /var/lib/half",
      );
      assert.equal(half.code, 1);
      assert.match(half.stderr, /cut short/);
      assert.equal(await machine.output(slots), before);
      assert.equal(await machine.output("ls /var/lib/gamelan/box/staging | wc -l"), "0");
      await runs(running);
    },
  );

  /** Does what restarts the box; seconds without an answering house, and of all until `done`. */
  const restart = async (ask: () => Promise<unknown>, done: () => Promise<boolean>) => {
    const began = performance.now();
    const resets = machine.count("RESET");
    const said = ask().catch(String);
    let gone = began;
    await eventually("the machine to restart", async () => {
      if (await machine.answers()) gone = performance.now();
      return machine.count("RESET") > resets;
    }, { withinMs: 15 * MINUTES, everyMs: 1000 });
    await machine.ready();
    const back = performance.now();
    // It may restart again.
    await eventually("the end of it", done, { withinMs: 20 * MINUTES, everyMs: 20_000 });
    console.log(await said);
    const seconds = (ms: number) => Math.round(ms / 100) / 10;
    return {
      installSeconds: seconds(gone - began),
      downSeconds: seconds(back - gone),
      allSeconds: seconds(performance.now() - began),
    };
  };

  let session = "";
  await machine.ready();
  using owner = await Owner.claim(machine, {
    code: await claimCode(machine),
    password: "gender barung",
  });
  await t.step("an update waits while somebody plays", async () => {
    session = await startTestCard(owner);
    assert.match(
      await machine.output("gamelan update /dev/disk/by-id/virtio-good", 10 * MINUTES),
      /is installed when nobody plays/,
    );
    const { ownUpdate, slots, health } = await status();
    assert.equal(ownUpdate.version, good);
    assert.equal(ownUpdate.phase, "waiting");
    assert.equal(slots.other.version, undefined);
    assert.equal(health.sessions, 1);
  });

  await t.step(
    "it goes on when nobody plays any more, proves itself and is blessed, signed by a new key",
    async () => {
      figures.good = await restart(async () => {
        await eventually("the session's end", async () => {
          const { status } = await owner.send("DELETE", `/sessions/${session}`);
          return status < 300 || status === 404;
        }, { withinMs: 5 * MINUTES });
      }, () => settled(good));
      await runs(good);
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
    const old = await check(await small("by-old", oldKey, {}));
    assert.equal(old.code, 1);
    assert.match(old.stderr, /retired key/);
  });

  await t.step("the owner goes back to the system before", async () => {
    // No more than a restart, to which the update's is compared.
    figures.rollback = await restart(
      () => machine.ssh("gamelan update --rollback"),
      () => settled(running),
    );
    await runs(running);
  });

  await t.step(
    "one that encodes no picture, and hangs, is tried three times and taken back",
    async () => {
      assert.equal(machine.count("WATCHDOG"), 0);
      figures.broken = await restart(
        () => machine.ssh("gamelan update /dev/disk/by-id/virtio-broken", 15 * MINUTES),
        () => settled(running),
      );
      await runs(running);
      const { lastUpdate, slots } = await status();
      assert.equal(lastUpdate.outcome, "taken-back");
      assert.match(lastUpdate.detail, /tried three times and taken back: .*encode/s);
      assert.equal(slots.other.blessed, false);
      assert.match(await machine.output("gamelan update --status"), /tried three times/);
      figures.brokenReason = lastUpdate.detail;
      // What made the first of the three tries end.
      assert.equal(machine.count("WATCHDOG"), 1);
      await machine.output("test -e /var/lib/hung");
    },
  );
  await keepFigures("image-update", figures);
});

/**
 * Plays the Test card without looking at it, and gives the session's id once it has shown a picture: on
 * an interpreted processor that others keep busy too, a program may take longer to start than a session
 * waits for it.
 */
async function startTestCard(owner: Owner): Promise<string> {
  const request = { gameId: "testcard", mode: { width: 320, height: 180, fps: 10 } };
  for (let tries = 1;; tries++) {
    const { json } = await owner.send("POST", "/sessions", request);
    const ended = await eventually("a session that plays or has failed", async () => {
      const { state, reason } = (await owner.send("GET", `/sessions/${json.id}`)).json;
      if (["playing", "unwatched"].includes(state)) return "plays";
      return ["failed", "ended"].includes(state) && (reason ?? state);
    }, { withinMs: 5 * MINUTES });
    if (ended === "plays") return json.id;
    if (tries === 4) throw new Error(`the Test card did not start: ${ended}`);
  }
}
