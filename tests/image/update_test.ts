/**
 * Updates of a box: refused ones; a good one by a stick, that waits for a player and also brings a new key;
 * and the way back.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { keyId, publicHalf } from "../../src/system/ed25519.ts";
import { certifyKey } from "../../src/update/keys.ts";
import type { BundleDescription } from "../../src/update/sign.ts";
import { artifacts, imageKey, imageUnderTest, keepFigures } from "./tested_image.ts";
import { makeNextUpdate } from "./next_version.ts";
import { claimCode, Owner } from "./owner.ts";
import { smallUpdate } from "./small_bundle.ts";
import { makeStick } from "./stick.ts";
import { temporaryFolder } from "./temporary.ts";
import { UPDATE, UpdatedBox } from "./updated_box.ts";
import { nextVersions } from "./versions.ts";
import { eventually } from "./wait.ts";

const MINUTES = 60_000;
/** The processes of a game, of its session and of the one that is kept ready. */
const PLAYING = "^/usr/lib/gamelan/deno .*main.js (testcard|session)|^pulseaudio ";
const CONFIGURATION = `
[library]
first_import = ""
[session]
# Nobody looks at the game that is played here, and it must go on all the same.
grace_seconds = 3600
`;

Deno.test("updates of a box", async (t) => {
  await using folder = await temporaryFolder();
  const image = imageUnderTest();
  const [running, good] = nextVersions(image, 1);
  const oldKey = await imageKey();
  const newKey = generateKeyPairSync("ed25519").privateKey as unknown as KeyObject;
  const rotation = {
    certificates: [certifyKey(publicHalf(newKey), oldKey)],
    retiredKeys: [keyId(oldKey)],
  };
  const figures: Record<string, unknown> = {};
  const update = join(folder.path, "good.gamelan-update");
  const next = { version: good, key: newKey, description: rotation };
  // The box takes what does not differ from the slot that runs.
  Object.assign(figures, await makeNextUpdate(image, update, next));
  const stick = join(folder.path, "stick.raw");
  const name = `gamelan_${good}.gamelan-update`;
  await makeStick(stick, { [name]: await Deno.readFile(update) }, { table: "dos" });
  await using box = await UpdatedBox.start({ image, name: "update", folder: folder.path, update });
  const { machine } = box;
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
        [
          await small(
            "changed",
            oldKey,
            {},
            (bundle) => Deno.writeTextFile(join(bundle, "root"), "y".repeat(5000)),
          ),
          /not what was signed/,
        ],
      ];
      for (const [path, reason] of cases) {
        const { code, stderr } = await machine.ssh(`gamelan update ${path}`);
        assert.equal(code, 1, stderr);
        assert.match(stderr, reason);
      }
      const half = await machine.ssh(
        `head -c 30000 ${UPDATE} >/var/lib/half; gamelan update /var/lib/half`,
      );
      assert.equal(half.code, 1);
      assert.match(half.stderr, /cut short/);
      assert.equal(await machine.output(slots), before);
      assert.equal(await machine.output("ls /var/lib/gamelan/box/staging | wc -l"), "0");
      await box.runs(running);
    },
  );

  let session = "";
  await machine.ready();
  using owner = await Owner.claim(machine, {
    code: await claimCode(machine),
    password: "gender barung",
  });
  /** What the stick's update has said since the last start. */
  const stickSays = (what: RegExp) =>
    eventually(`the stick's update to say ${what}`, async () => {
      const said = await machine.output("journalctl -b -u 'box-stick-update@*' -o cat --no-pager");
      return what.test(said);
    }, { withinMs: 10 * MINUTES, everyMs: 5000 });

  await t.step("an update by a stick, plugged in while somebody plays, waits", async () => {
    session = await startTestCard(owner);
    // What makes pictures and sound would keep the interpreted processor from the update for minutes.
    await machine.output(`pkill -STOP --full '${PLAYING}'`);
    await machine.plugStick(stick);
    await stickSays(/is installed when nobody plays/);
    const { ownUpdate, slots, health } = await box.status();
    assert.equal(ownUpdate.version, good);
    assert.equal(ownUpdate.phase, "waiting");
    assert.equal(slots.other.version, undefined);
    assert.equal(health.sessions, 1);
  });

  await t.step(
    "it goes on when nobody plays any more, proves itself and is blessed, signed by a new key",
    async () => {
      await machine.output(`pkill -CONT --full '${PLAYING}'`);
      figures.good = await box.restart(async () => {
        await eventually("the session's end", async () => {
          const { status } = await owner.send("DELETE", `/sessions/${session}`);
          return status < 300 || status === 404;
        }, { withinMs: 5 * MINUTES });
      }, good);
      await box.runs(good);
      const { lastUpdate, proof, pending, slots } = await box.status();
      assert.equal(lastUpdate.outcome, "installed");
      assert.deepEqual(proof.failures, []);
      assert.equal(pending, undefined);
      assert.equal(slots.other.version, running);
      assert.equal(await machine.output("ls /var/lib/gamelan/box/staging | wc -l"), "0");
      // It is still plugged in.
      await stickSays(/^Nothing to do: /m);
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
    figures.rollback = await box.restart(
      () => machine.ssh("gamelan update --rollback"),
      running,
    );
    await stickSays(new RegExp(`${RegExp.escape(good)} is not tried again from a stick`));
    await box.runs(running);
  });

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
