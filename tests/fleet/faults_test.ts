/** What goes wrong on one box stays there, is said in plain words, and leaves the box as it was. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import type { HostReport, PushReport } from "../../src/fleet/push/push.ts";
import { packDelta } from "../../src/update/delta_bundle.ts";
import { signBundle } from "../../src/update/sign.ts";
import { makeTinyPackage } from "../games/tiny_package.ts";
import { CuttingRelay } from "./cutting_relay.ts";
import { type SimulatedBox, SimulatedFleet } from "./simulated_fleet.ts";

const QUICK = ["--soak-seconds", "0", "--json"];

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 600, `${what}: not within 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Pushes to one box. */
async function pushTo(
  fleet: SimulatedFleet,
  box: SimulatedBox,
  ...args: string[]
): Promise<HostReport & { code: number }> {
  const { code, stdout, stderr } = await fleet.fleet("push", ...args, "--on", box.name, ...QUICK);
  assert.notEqual(stdout, "", stderr);
  return { code, ...(JSON.parse(stdout) as PushReport).hosts[0] };
}

Deno.test("faults of single boxes", async (t) => {
  await using fleet = await SimulatedFleet.start(6);
  const [box, other, third, fourth, fifth, sixth] = fleet.boxes;
  assert.equal((await fleet.fleet("keys", "pin")).code, 0);

  await t.step("bundles that are not for the box are refused before they are sent", async () => {
    const stranger = generateKeyPairSync("ed25519").privateKey;
    const cases = [
      { bundle: await fleet.bundle("0.9.0"), reason: "downgrade", says: /older than 1\.0\.0/ },
      {
        bundle: await fleet.bundle("1.1.0", {}, { key: stranger }),
        reason: "wrong-key",
        says: /trusts/,
      },
      {
        bundle: await fleet.bundle("1.1.0", {}, { architecture: "arm64" }),
        reason: "wrong-machine",
        says: /gamelan on arm64; this is gamelan on amd64/,
      },
    ];
    for (const { bundle, reason, says } of cases) {
      const report = await pushTo(fleet, box, "bundle", bundle);
      assert.deepEqual([report.code, report.outcome, report.reason], [1, "failed", reason]);
      assert.match(report.detail, says);
      assert.equal(box.version, "1.0.0");
    }
    assert.deepEqual(new Set(box.journal().map(({ event }) => event)), new Set(["refused"]));
  });

  await t.step("a damaged bundle does not leave the operator's machine", async () => {
    const bundle = await fleet.bundle("1.1.0");
    await Deno.truncate(join(bundle, "root.raw"), 50_000);
    const { code, stderr } = await fleet.fleet("push", "bundle", bundle);
    assert.equal(code, 1);
    assert.match(stderr, /root\.raw is cut short: 50000 of 100000 bytes/);
  });

  await t.step("a link that dies at any byte costs only what was not sent", async () => {
    using relay = new CuttingRelay(box.port);
    fleet.writeInventory({ [box.name]: relay.port });
    const bytes = 4_000_000;
    for (const version of ["1.1.0", "1.2.0"]) {
      const bundle = await fleet.bundle(version, {}, { bytes });
      // Log-in and small talk first; somewhere in the large file then.
      const at = 30_000 + Math.floor(Math.random() * (bytes - 60_000));
      const before = relay.cuts;
      relay.cutAfter(at);
      const report = await pushTo(fleet, box, "bundle", bundle);
      assert.equal(report.outcome, "done", `cut after ${at} bytes: ${report.detail}`);
      assert.equal(relay.cuts, before + 1);
      assert.equal(box.version, version);
    }
    fleet.writeInventory();
  });

  await t.step(
    "a full disk is said before the transfer, and when it fills up during it",
    async () => {
      const bundle = await fleet.bundle("1.1.0", {}, { bytes: 9_000_000 });
      await fleet.shrinkDisk(other, 12 * 2 ** 20);
      const before = await pushTo(fleet, other, "bundle", bundle);
      assert.deepEqual([before.outcome, before.reason], ["failed", "disk-full"]);
      assert.match(before.detail, /12 MB free|13 MB free/);

      await fleet.shrinkDisk(third, 24 * 2 ** 20);
      const pushed = pushTo(fleet, third, "bundle", bundle);
      const staging = join(third.root, "data/box/staging");
      await until("prepared", () => {
        try {
          return [...Deno.readDirSync(staging)].length > 0;
        } catch {
          return false;
        }
      });
      const filler = join(third.root, "data/filler");
      await new Deno.Command("fallocate", { args: ["-l", String(20 * 2 ** 20), filler] }).output();
      const during = await pushed;
      assert.deepEqual([during.outcome, during.reason], ["failed", "disk-full"], during.detail);
      for (const full of [other, third]) assert.equal(full.version, "1.0.0");

      await Deno.remove(filler);
      const after = await pushTo(fleet, third, "bundle", bundle);
      assert.equal(after.outcome, "done", after.detail);
    },
  );

  await t.step("a box that confuses its slots is not written to", async () => {
    await fourth.confuseSlots();
    const report = await pushTo(fleet, fourth, "bundle", await fleet.bundle("1.1.0"));
    assert.deepEqual([report.outcome, report.reason], ["failed", "wrong-slot"]);
    assert.match(report.detail, /slot a both runs and is free; nothing was written/);
    // It would have been the system that runs.
    assert.equal(fourth.version, "1.0.0");
    assert.deepEqual([...Deno.readDirSync(join(fourth.root, "slots/a"))].length, 2);
    await fourth.mendSlots();
  });

  await t.step(
    "a boot loader that starts the other slot leaves the old system, and says so",
    async () => {
      fourth.stuck = true;
      const report = await pushTo(fleet, fourth, "bundle", await fleet.bundle("1.1.0"));
      assert.deepEqual([report.outcome, report.reason], ["failed", "returned"]);
      assert.match(report.detail, /1\.1\.0 was taken back: it did not start/);
      assert.equal(fourth.version, "1.0.0");
      fourth.stuck = false;
    },
  );

  await t.step("an image that does not boot leaves the old slot running, and says so", async () => {
    const report = await pushTo(
      fleet,
      fourth,
      "bundle",
      await fleet.bundle("1.1.0", { boots: false }),
    );
    assert.deepEqual([report.outcome, report.reason], ["failed", "returned"]);
    assert.match(report.detail, /1\.1\.0 was taken back: it did not start/);
    assert.equal(fourth.version, "1.0.0");
  });

  await t.step(
    "one that fails its own test is tried three times, and the reason told",
    async () => {
      const selfTest = "“The picture is encoded” failed: no encoder";
      const report = await pushTo(
        fleet,
        fourth,
        "bundle",
        await fleet.bundle("1.1.1", { selfTest }),
      );
      assert.deepEqual([report.outcome, report.reason], ["failed", "returned"], report.detail);
      assert.match(report.detail, /1\.1\.1 was tried three times and taken back: .*no encoder/);
      assert.equal(fourth.version, "1.0.0");
    },
  );

  await t.step("an update file of what differs is made whole by the box, or refused", async () => {
    const bytes = 2_000_000;
    const [older, newer] = [
      await fleet.bundle("1.0.0", {}, { bytes }),
      await fleet.bundle("1.4.0"),
    ];
    const root = await Deno.readFile(join(older, "root.raw"));
    root[1_000_000] ^= 1;
    await Deno.writeFile(join(newer, "root.raw"), root);
    const description = { product: "gamelan", architecture: "amd64" as const, version: "1.4.0" };
    await signBundle(newer, description, fleet.updateKey);
    const file = join(fleet.folder, "small.gamelan-update");
    assert.ok((await packDelta(older, newer, file)).bytes < bytes / 20);

    // The sixth runs something else.
    const refused = await pushTo(fleet, sixth, "bundle", file);
    assert.deepEqual([refused.outcome, refused.reason], ["failed", "too-old"], refused.detail);
    assert.match(refused.detail, /use the whole one/);
    for (const name of ["root.raw", "image.json"]) {
      await Deno.copyFile(join(older, name), join(sixth.root, "slots/a", name));
    }
    using relay = new CuttingRelay(sixth.port);
    fleet.writeInventory({ [sixth.name]: relay.port });
    const done = await pushTo(fleet, sixth, "bundle", file);
    assert.equal(done.outcome, "done", done.detail);
    assert.ok(relay.bytes < bytes / 10, `${relay.bytes} bytes were sent`);
    assert.deepEqual(await Deno.readFile(join(sixth.root, "slots/b/root.raw")), root);
    // It is the same change, whichever way it comes.
    assert.equal((await pushTo(fleet, sixth, "bundle", newer)).outcome, "unchanged");
    fleet.writeInventory();
  });

  await t.step("a box whose clock stands in 1970 is updated all the same", async () => {
    // Not only for what asks the machine for the time, but for the whole of its programs.
    fourth.setup = { clock: "1970-01-01T00:00:09Z" };
    const report = await pushTo(fleet, fourth, "bundle", await fleet.bundle("1.2.0"));
    assert.equal(report.outcome, "done", report.detail);
    assert.match(fourth.journal().at(-1)!.at, /^1970-01-01T00:00:/);
    const { stdout } = await fleet.fleet("status", "--on", fourth.name);
    assert.match(stdout, /its clock says 1970-01-01/);
    fourth.setup = { clock: undefined };
  });

  await t.step("a box that dies after the change comes back by itself", async () => {
    const bundle = await fleet.bundle("1.3.0", { reachable: false });
    const limits = ["--confirm-seconds", "3", "--boot-seconds", "3"];
    const report = await pushTo(fleet, fourth, "bundle", bundle, ...limits);
    assert.equal(report.outcome, "failed");
    // The operator may still see it return, or have given up before.
    assert.match(report.detail, /nobody confirmed it within 3 s|goes back by itself within 3 s/);
    await until("the old version runs", () => fourth.version === "1.2.0");
    await until("the box answers", () => fourth.journal().at(-1)!.event === "returned");
    await until("ssh is there", () => answers(fourth.port));
  });

  await t.step("a configuration that cuts the box off is undone by the box", async () => {
    await Deno.writeTextFile(fourth.configFile, '[house]\nname = "Before"\n');
    const file = join(fleet.folder, "cut-off.toml");
    await Deno.writeTextFile(file, '[house]\nname = "unreachable"\n');
    const report = await pushTo(fleet, fourth, "config", file, "--confirm-seconds", "3");
    assert.equal(report.outcome, "failed");
    await until("it went back", () => fourth.journal().at(-1)!.event === "returned");
    assert.equal(await Deno.readTextFile(fourth.configFile), '[house]\nname = "Before"\n');
    await until("ssh is there", () => answers(fourth.port));
  });

  await t.step("a box with another host key is not talked to", async () => {
    await fifth.changeHostKey();
    const report = await pushTo(fleet, fifth, "bundle", await fleet.bundle("1.1.0"));
    assert.deepEqual([report.outcome, report.reason], ["failed", "host-key"]);
    assert.match(report.detail, /another host key than the one pinned/);
    assert.throws(() => fifth.journal(), /No such file/);
    assert.equal((await fleet.fleet("keys", "pin", "--on", fifth.name)).code, 1);
    assert.equal((await fleet.fleet("keys", "forget", "--on", fifth.name)).code, 0);
    assert.equal((await fleet.fleet("keys", "pin", "--on", fifth.name)).code, 0);
    assert.equal((await fleet.fleet("status", "--on", fifth.name)).code, 0);
  });

  await t.step("configurations: variables, refusals, and the way back", async () => {
    const file = join(fleet.folder, "house.toml");
    await Deno.writeTextFile(file, '[house]\nname = "Box {{ number }} ({{ host }})"\n');
    const done = await pushTo(fleet, fifth, "config", file);
    assert.equal(done.outcome, "done", done.detail);
    const text = '[house]\nname = "Box 5 (box-05)"\n';
    assert.equal(await Deno.readTextFile(fifth.configFile), text);
    assert.equal((await pushTo(fleet, fifth, "config", file)).outcome, "unchanged");

    await Deno.writeTextFile(file, "[house]\nname = 1\n[http]\nport = 99999\n");
    const wrong = await pushTo(fleet, fifth, "config", file);
    assert.deepEqual([wrong.outcome, wrong.reason], ["failed", "config"]);
    assert.match(wrong.detail, /the configuration:4: http\.port: expected a port number/);

    await Deno.writeTextFile(file, '[house]\nname = "slow"\n');
    const slow = await pushTo(fleet, fifth, "config", file);
    assert.deepEqual([slow.outcome, slow.reason], ["failed", "unhealthy"]);
    assert.equal(await Deno.readTextFile(fifth.configFile), text);

    await Deno.writeTextFile(file, '[house]\nname = "{{ nothing }}"\n');
    const missing = await fleet.fleet("push", "config", file);
    assert.equal(missing.code, 4);
    assert.match(missing.stderr, /needs the variable "nothing", which box-01 lacks/);

    assert.equal((await fleet.fleet("rollback", "config", "--on", fifth.name)).code, 0);
    await assert.rejects(Deno.stat(fifth.configFile), Deno.errors.NotFound);
    assert.equal((await fleet.fleet("rollback", "config", "--on", fifth.name)).code, 1);
  });

  await t.step("a confirmed system is left by a rollback", async () => {
    const bundle = await fleet.bundle("1.1.0");
    assert.equal((await pushTo(fleet, fifth, "bundle", bundle)).outcome, "done");
    assert.equal(fifth.version, "1.1.0");
    const { code, stdout } = await fleet.fleet("rollback", "bundle", "--on", fifth.name);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /goes back from 1\.1\.0 to 1\.0\.0/);
    await until("the old version runs", () => fifth.version === "1.0.0");
    await until("ssh is there", () => answers(fifth.port));
  });

  await t.step("games reach the library by the box's own import, once", async () => {
    const file = join(fleet.folder, "tiny.erofs");
    await Deno.writeFile(file, await makeTinyPackage({ id: "tiny", title: "Tiny" }));
    const done = await pushTo(fleet, fifth, "game", file);
    assert.equal(done.outcome, "done", done.detail);
    assert.equal(done.detail, "has the game tiny");
    const { GameLibrary } = await import("../../src/games/library.ts");
    const there = new GameLibrary({ dataDir: join(fifth.root, "data") });
    assert.equal((await there.info("tiny")).title, "Tiny");
    assert.equal((await pushTo(fleet, fifth, "game", file)).outcome, "unchanged");
    await there.remove("tiny");
    assert.equal((await pushTo(fleet, fifth, "game", file)).outcome, "done");
  });

  await t.step("exec, logs and keys", async () => {
    const on = ["--on", `${fifth.name},${sixth.name}`];
    const exec = await fleet.fleet("exec", ...on, "--", "echo", "a  b", "$HOME");
    assert.equal(exec.stdout, "== box-05\na  b $HOME\n== box-06\na  b $HOME\n");
    assert.equal((await fleet.fleet("exec", ...on, "--", "exit 3")).code, 1);
    const bell = await fleet.fleet("exec", "--on", sixth.name, "--", "printf '\\033[2Jx\\007y'");
    assert.equal(bell.stdout, "== box-06\n[2Jxy\n");
    const logs = await fleet.fleet("logs", ...on, "--lines", "7");
    assert.match(logs.stdout, /the last 7 lines of box-05\n== box-06/);
    const journal = await fleet.fleet("logs", "--box-journal", "--on", fifth.name);
    assert.match(journal.stdout, /confirmed .*bundle-[0-9a-f]{16} .* runs 1\.1\.0 from slot b/);

    const key = join(fleet.folder, "anna.pub");
    await Deno.writeTextFile(key, `ssh-ed25519 ${"A".repeat(68)} anna@house\n`);
    const keys = join(sixth.root, "authorized_keys");
    assert.equal((await fleet.fleet("keys", "authorize", key, "--on", sixth.name)).code, 0);
    assert.match(await Deno.readTextFile(keys), /\n.*anna@house\n$/);
    assert.equal((await fleet.fleet("keys", "revoke", key, "--on", sixth.name)).code, 0);
    assert.doesNotMatch(await Deno.readTextFile(keys), /anna/);
    const own = join(fleet.folder, "operator.pub");
    const last = await fleet.fleet("keys", "revoke", own, "--on", sixth.name);
    assert.equal(last.code, 1);
    assert.match(last.stdout, /the last key that may log in/);
  });

  await t.step("a box behind a jump host is reached, and both are pinned", async () => {
    const inventory = join(fleet.folder, "jump.toml");
    await Deno.writeTextFile(
      inventory,
      [
        `[defaults]\nidentity = "operator"\nuser = "${Deno.env.get("USER") ?? "root"}"`,
        `[jumps.gate]\naddress = "127.0.0.1"\nport = ${fifth.port}\nidentity = "operator"`,
        `[hosts.inner]\naddress = "127.0.0.1"\nport = ${sixth.port}\njump = "gate"`,
      ].join("\n"),
    );
    const common = ["--inventory", inventory, "--state", join(fleet.folder, "jump-state")];
    assert.equal((await fleet.fleet("status", ...common)).code, 1);
    const pinned = await fleet.fleet("keys", "pin", ...common);
    assert.equal(pinned.code, 0, pinned.stdout);
    const known = await Deno.readTextFile(join(fleet.folder, "jump-state/known_hosts"));
    assert.match(known, /^gate ssh-ed25519 /m);
    assert.match(known, /^inner ssh-ed25519 /m);
    const { code, stdout } = await fleet.fleet("status", ...common);
    assert.equal(code, 0, stdout);
  });
});

Deno.test("a push whose operator was killed goes on where it was", async () => {
  await using fleet = await SimulatedFleet.start(5);
  assert.equal((await fleet.fleet("keys", "pin")).code, 0);
  const bundle = await fleet.bundle("2.0.0");
  const limits = ["--confirm-seconds", "20", "--soak-seconds", "0", "--parallel", "2"];
  const operator = fleet.spawn("push", "bundle", bundle, ...limits);
  // Killed while boxes of the last wave are changed and not confirmed.
  const [, , third] = fleet.boxes;
  await until("the third box is changed", () => {
    try {
      return third.journal().some(({ event }) => event === "applied");
    } catch {
      return false;
    }
  });
  operator.kill("SIGKILL");
  await operator.output();
  const done = fleet.boxes.filter(({ version }) => version === "2.0.0").length;
  assert.ok(done >= 1 && done < 5, `${done} boxes were done`);

  const { code, stdout, stderr } = await fleet.fleet("push", "--resume", "--json");
  assert.equal(code, 0, stdout + stderr);
  const report: PushReport = JSON.parse(stdout);
  assert.ok(report.hosts.every(({ outcome }) => ["done", "unchanged"].includes(outcome)));
  for (const box of fleet.boxes) {
    assert.equal(box.version, "2.0.0", box.name);
    const confirmed = box.journal().filter(({ event }) => event === "confirmed");
    assert.equal(confirmed.length, 1, `${box.name} was changed once`);
  }
  const again = await fleet.fleet("push", "--resume", "--json");
  assert.equal(again.code, 0);

  await Deno.writeTextFile(join(bundle, "image.json"), "{ }");
  const changed = await fleet.fleet("push", "--resume");
  assert.equal(changed.code, 1);
});

Deno.test("Ctrl-C lets the boxes end that were begun, and leaves the others", async () => {
  await using fleet = await SimulatedFleet.start(3);
  assert.equal((await fleet.fleet("keys", "pin")).code, 0);
  const bundle = await fleet.bundle("2.0.0");
  const operator = fleet.spawn("push", "bundle", bundle, ...QUICK);
  const [canary] = fleet.boxes;
  await until("the canary is being changed", () => {
    try {
      return canary.journal().some(({ event }) => event === "applied");
    } catch {
      return false;
    }
  });
  // A terminal sends it to the whole group.
  Deno.kill(-operator.pid, "SIGINT");
  const { code, stdout } = await operator.output();
  assert.equal(code, 6);
  const report: PushReport = JSON.parse(new TextDecoder().decode(stdout));
  assert.equal(report.outcome, "interrupted");
  assert.deepEqual(report.hosts.map(({ outcome }) => outcome), ["done", "untouched", "untouched"]);
  const resumed = await fleet.fleet("push", "--resume");
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.match(resumed.stdout, /3 done, 0 had it already/);
});

function answers(port: number): boolean {
  return new Deno.Command("bash", {
    args: ["-c", `: </dev/tcp/127.0.0.1/${port}`],
    stderr: "null",
  }).outputSync().success;
}
