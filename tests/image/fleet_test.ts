/**
 * A fleet of two boxes, worked on by the real `gamelan fleet`: pinning, a bad update that stops at the
 * canary and is taken back there, games and settings meanwhile, a box that is cut off, and a good update
 * whose operator dies. A cable between both makes them neighbours. A way back from a good system:
 * update_test.ts, and by the fleet tests/fleet.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { BoxStatus, JournalEntry } from "../../src/fleet/box/protocol.ts";
import type { PushReport } from "../../src/fleet/push/push.ts";
import { CuttingRelay } from "../fleet/cutting_relay.ts";
import { Operator } from "../fleet/operator.ts";
import { makeTinyPackage } from "../games/tiny_package.ts";
import { hangsOnce, HUNG, NO_ENCODER } from "./broken_version.ts";
import { artifacts, imageKey, imageUnderTest, keepFigures } from "./tested_image.ts";
import { cableEnds, Machine, type MachineOptions } from "./machine.ts";
import { makeNextUpdate } from "./next_version.ts";
import { Outages } from "./outages.ts";
import { nextVersions } from "./versions.ts";
import { startedBox } from "./started_box.ts";
import { eventually } from "./wait.ts";

const MINUTES = 60_000;
/** An interpreted processor that others keep busy: slow, and not as slow each time. */
const SLOW = ["--confirm-seconds", "900", "--boot-seconds", "1800", "--soak-seconds", "1"];
const ANY_LATENCY = ["--latency-factor", "20", "--latency-slack", "5000"];
const PUSH = [...SLOW, ...ANY_LATENCY, "--json"];

type Each<T> = { host: string; ok: true; result: T } | { host: string; ok: false; reason: string };

// The bad update takes minutes, in which the other box is worked on.
const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test("a fleet of two boxes", options, async (t) => {
  await using folder = await temporary();
  const image = imageUnderTest();
  const [first, broken, good] = nextVersions(image, 2);
  const figures: Record<string, unknown> = {};
  // One of them has been in the house for a while when the other one comes.
  const older = await startedBox(image, folder.path);
  const key = join(folder.path, "key");
  for (const end of ["", ".pub"]) await Deno.copyFile(older.key + end, key + end);
  const [one, other] = await cableEnds();
  const box = (name: string, here: number, there: number, rest: Partial<MachineOptions>) =>
    Machine.start(
      {
        image,
        ...{ name, key, cable: { here, there } },
        ...{ processors: 1, reboots: true, watchdog: true, unplayed: true, patient: true },
        ...rest,
      },
      artifacts,
    );
  await using canary = await box("fleet-canary", one, other, {});
  await using attic = await box("fleet-attic", other, one, { ...older, key });
  using link = new CuttingRelay(canary.ports.ssh);
  const inventory = join(folder.path, "fleet.toml");
  await Deno.writeTextFile(inventory, inventoryText(link.port, attic.ports.ssh));
  const operator = (state: string) =>
    new Operator({ folder: folder.path, inventory, state: join(folder.path, state) });
  const [anna, ben] = [operator("anna"), operator("ben")];

  const [updates, ...ready] = await Promise.all([
    makeUpdates(image, folder.path, { broken, good }),
    ...[canary, attic].map(async (machine) => {
      await machine.sshReady();
      return await machine.ready();
    }),
  ]);
  figures.readySeconds = Math.round(ready[0] / 1000);
  figures.updateBytes = updates.bytes;
  figures.wholeBytes = updates.wholeBytes;
  const machines = { "living-room": canary, attic };

  const statuses = async (who = anna, ...on: string[]) => {
    const { stdout, stderr } = await who.fleet("status", "--json", ...on);
    assert.notEqual(stdout, "", stderr);
    return JSON.parse(stdout) as Each<BoxStatus>[];
  };
  /** What runs where; undefined: the box did not answer. */
  const running = async () =>
    Object.fromEntries((await statuses()).map((each) => {
      if (!each.ok) return [each.host, undefined];
      const { version, slots, pending } = each.result;
      return [each.host, { version, blessed: slots?.current.blessed, pending: pending?.id }];
    }));
  const settled = (version: string) => ({ version, blessed: true, pending: undefined });
  const journal = async (machine: Machine) =>
    JSON.parse(await machine.output("gamelan box journal")).result as JournalEntry[];

  await t.step("both want to be gamelan.local, and one becomes gamelan-2.local", async () => {
    const names = new Map<string, Machine>();
    await eventually("two names", async () => {
      names.clear();
      for (const machine of [canary, attic]) {
        names.set(await avahi(machine, "GetHostNameFqdn"), machine);
      }
      return names.has("gamelan.local") && names.has("gamelan-2.local");
    }, { withinMs: 5 * MINUTES });
    const second = names.get("gamelan-2.local")!;
    const screen = await eventually("the second name on the screen", async () => {
      const text = await second.screenText();
      return text.includes("https://gamelan-2.local") && text;
    }, { withinMs: 5 * MINUTES });
    assert.match(screen, /http:\/\/gamelan-2\.local\/trust/);
    await second.screenshot(join(artifacts, "fleet-second-screen.png"));
    // The neighbour hears it over the cable.
    const heard = await avahi(
      names.get("gamelan.local")!,
      "ResolveHostName",
      ...["iisiu", "--", "-1", "-1", "gamelan-2.local", "-1", "0"],
    );
    assert.match(heard, /^fe80::/);
    assert.match(await second.output("ip -6 -o addr show scope link"), new RegExp(`${heard}/64`));
  });

  await t.step("a box is talked to once its host key is pinned", async () => {
    const before = await statuses();
    assert.deepEqual(before.map((each) => each.ok || each.reason), ["not-pinned", "not-pinned"]);
    const { code, stdout } = await anna.fleet("keys", "pin", "--json");
    assert.equal(code, 0, stdout);
    for (const each of JSON.parse(stdout) as Each<string>[]) {
      const machine = machines[each.host as keyof typeof machines];
      const own = await machine.output("ssh-keygen -lf /var/lib/box/ssh_host_ed25519_key.pub");
      const [, fingerprint] = own.split(" ");
      assert.ok(each.ok && each.result === `ssh-ed25519 ${fingerprint}`, `${stdout}\n${own}`);
      // What a person compares it with.
      assert.ok((await machine.screenText()).includes(`SSH host key ${fingerprint}`));
    }
  });

  await t.step("status, exec and logs", async () => {
    const found = await statuses();
    for (const each of found) {
      assert.ok(each.ok, JSON.stringify(each));
      const { version, slots, health, product, pending } = each.result;
      assert.deepEqual(
        [product, version, slots!.current.blessed, slots!.other.version, pending],
        ["gamelan", first, true, undefined, undefined],
      );
      assert.equal(health.service, "running");
      assert.ok(health.crashes === 0 && health.sessions === 0, JSON.stringify(health));
    }
    const exec = await anna.fleet("exec", "--", "systemctl", "is-active", "gamelan.service");
    assert.equal(exec.stdout, "== living-room\nactive\n== attic\nactive\n");
    const logs = await anna.fleet("logs", "--lines", "20");
    assert.equal(logs.code, 0, logs.stdout);
    assert.match(logs.stdout, /^== living-room\n(?:.*gamelan.*\n)+== attic\n.*gamelan/m);
  });

  const began = performance.now();
  const badPush = anna.fleet("push", "bundle", updates.broken, ...PUSH);

  await t.step("meanwhile a game reaches the other box, once", async () => {
    assert.equal((await ben.fleet("keys", "pin", "--on", "attic")).code, 0);
    const game = join(folder.path, "tiny.erofs");
    await Deno.writeFile(game, await makeTinyPackage({ id: "tiny", title: "Tiny" }));
    const push = () => pushTo(ben, "attic", "game", game, "--soak-seconds", "0", "--json");
    const done = await push();
    assert.deepEqual([done.code, done.outcome, done.detail], [0, "done", "has the game tiny"]);
    const listed = JSON.parse(await attic.output("gamelan games list --json")) as { id: string }[];
    assert.ok(listed.some(({ id }) => id === "tiny"), JSON.stringify(listed));
    assert.equal((await push()).outcome, "unchanged");
  });

  const house = join(folder.path, "house.toml");
  const text = (title: string) => `[house]\nname = "${title}"\n[library]\nfirst_import = ""\n`;
  const configuration = () => attic.output("cat /etc/gamelan/gamelan.toml || true");

  await t.step("and a configuration, filled in for it", async () => {
    await Deno.writeTextFile(house, text("{{ title }}"));
    const done = await pushTo(ben, "attic", "config", house, ...PUSH);
    assert.deepEqual([done.code, done.outcome], [0, "done"], done.detail);
    assert.equal(await configuration(), text("Up in the attic").trimEnd());
    await eventually("the house's new name on the screen", async () => {
      return (await attic.screenText()).includes("Up in the attic");
    }, { withinMs: 5 * MINUTES });
    assert.equal((await pushTo(ben, "attic", "config", house, ...PUSH)).outcome, "unchanged");
  });

  await t.step("a box that is cut off after a change undoes it by itself", async () => {
    await Deno.writeTextFile(house, text("Cut off"));
    const before = (await journal(attic)).length;
    const push = ben.spawn(
      "push",
      "config",
      house,
      "--on",
      "attic",
      "--json",
      "--confirm-seconds",
      "60",
    );
    const stdout = new Response(push.stdout).text();
    await saidLine(push, "attic: measuring");
    await attic.plug(false);
    const { code } = await push.status;
    await attic.plug(true);
    assert.equal(code, 1);
    const [{ outcome, reason, detail }] = (JSON.parse(await stdout) as PushReport).hosts;
    assert.equal(outcome, "failed");
    assert.ok(["unreachable", "broken"].includes(reason!), `${reason}: ${detail}`);
    assert.match(detail, /without a confirmation it goes back by itself within 60 s/);
    const entries = await eventually("its return", async () => {
      const entries = (await journal(attic)).slice(before);
      return entries.at(-1)!.event === "returned" && entries;
    }, { withinMs: 5 * MINUTES });
    assert.deepEqual(entries.map(({ event }) => event), ["prepared", "applied", "returned"]);
    assert.match(
      entries.at(-1)!.detail!,
      /^nobody confirmed it within 60 s; has the configuration/,
    );
    assert.equal(await configuration(), text("Up in the attic").trimEnd());
    await attic.ready();
  });

  await t.step("a rollback brings the configuration from before", async () => {
    const { code, stdout } = await ben.fleet("rollback", "config", "--on", "attic");
    assert.equal(code, 0, stdout);
    assert.doesNotMatch(await configuration(), /Up in the attic/);
    await attic.ready();
    assert.equal((await ben.fleet("rollback", "config", "--on", "attic")).code, 1);
  });

  await t.step(
    "an update that hangs once and encodes no picture stops at the canary, which goes back",
    async () => {
      const { code, stdout, stderr } = await badPush;
      figures.badSeconds = Math.round((performance.now() - began) / 1000);
      assert.equal(code, 5, stdout + stderr);
      const report: PushReport = JSON.parse(stdout);
      assert.deepEqual(
        [report.outcome, ...report.hosts.map(({ outcome }) => outcome)],
        ["stopped", "failed", "untouched"],
      );
      assert.match(
        report.problem!,
        /^living-room: The box went back: .*tried three times.*encode/s,
      );
      assert.equal(report.hosts[0].reason, "returned");
      assert.match(report.problem!, /libx264\.so\.16[45]: cannot open shared object file/);
      figures.badReason = report.problem;
      assert.deepEqual(await running(), { "living-room": settled(first), attic: settled(first) });
      const entries = await journal(canary);
      assert.deepEqual(entries.map(({ event }) => event), ["prepared", "applied", "returned"]);
      assert.ok(entries.every(({ push }) => push === report.push), JSON.stringify(entries));
      assert.ok((await journal(attic)).every(({ push }) => push !== report.push));
      // What made the first of its three tries end, and nothing else.
      assert.deepEqual([canary, attic].map((machine) => machine.count("WATCHDOG")), [1, 0]);
      await canary.output(`test -e ${HUNG}`);
      const { lastUpdate, slots } = JSON.parse(
        await canary.output("gamelan update --status --json"),
      );
      assert.deepEqual([lastUpdate.outcome, slots.other.blessed], ["taken-back", false]);
      assert.match(await canary.output("gamelan update --status"), /tried three times/);
    },
  );

  await t.step(
    "a good one reaches both, though the operator's machine dies meanwhile",
    async () => {
      const sent = link.bytes;
      await using outages = new Outages(canary);
      const began = performance.now();
      const push = anna.spawn("push", "bundle", updates.good, ...PUSH);
      push.stdout.cancel();
      await saidLine(push, "attic: applying");
      await eventually(
        "the box to be at it",
        async () => (await attic.ssh("pgrep -f 'box [a]pply'")).code === 0,
        { withinMs: 2 * MINUTES },
      );
      figures.canarySeconds = Math.round((performance.now() - began) / 1000);
      figures.wireBytes = link.bytes - sent;
      await die(push, folder.path);
      await outages.over(5 * MINUTES);
      figures.updateDownSeconds = outages.longest;

      const { code, stdout, stderr } = await anna.fleet("push", "--resume", "--json");
      assert.equal(code, 0, stdout + stderr);
      const report: PushReport = JSON.parse(stdout);
      assert.equal(report.outcome, "done");
      assert.deepEqual(
        report.hosts.map(({ host, wave, outcome, detail }) => [host, wave, outcome, detail]),
        [
          ["living-room", "canary", "done", `runs ${good} from slot b`],
          ["attic", "upstairs", "done", `runs ${good} from slot b`],
        ],
      );
      assert.deepEqual(await running(), { "living-room": settled(good), attic: settled(good) });
      for (const machine of [canary, attic]) {
        const entries = (await journal(machine)).filter(({ push }) => push === report.push);
        assert.deepEqual(
          entries.map(({ event }) => event).filter((event) => event !== "prepared"),
          ["applied", "confirmed"],
        );
        const { proof, lastUpdate } = JSON.parse(
          await machine.output("gamelan update --status --json"),
        );
        assert.deepEqual([proof.version, proof.failures], [good, []]);
        assert.equal(lastUpdate.outcome, "installed");
      }
      // The operator's side tells the same, over both of its lives.
      const lines = (await Deno.readTextFile(
        join(folder.path, "anna/pushes", `${report.push}.jsonl`),
      )).trim().split("\n").map((line) => JSON.parse(line));
      const steps = (host: string) =>
        lines.filter((line) => line.host === host).map(({ step, event }) => step ?? event);
      assert.deepEqual(steps("living-room"), [
        ...["checking", "before", "sending", "applying", "rebooting", "measuring", "confirming"],
        "result",
      ]);
      assert.deepEqual(steps("attic").slice(0, 5), [
        ...["checking", "before", "sending", "applying", "checking"],
      ]);
      assert.deepEqual(lines.at(-1).outcome, "done");
    },
  );

  await t.step("the same push again changes nothing", async () => {
    const before = await Promise.all([canary, attic].map(journal));
    const { code, stdout } = await anna.fleet("push", "bundle", updates.good, ...PUSH);
    assert.equal(code, 0, stdout);
    const { hosts } = JSON.parse(stdout) as PushReport;
    assert.deepEqual(hosts.map(({ outcome }) => outcome), ["unchanged", "unchanged"]);
    assert.deepEqual(await Promise.all([canary, attic].map(journal)), before);
    assert.deepEqual(await running(), { "living-room": settled(good), attic: settled(good) });
  });
  await keepFigures("image-fleet", figures);
});

function inventoryText(canaryPort: number, atticPort: number): string {
  return `waves = ["canary", "upstairs"]
[defaults]
user = "root"
identity = "key"
[hosts.living-room]
address = "127.0.0.1"
port = ${canaryPort}
tags = ["canary"]
variables = { title = "Living room" }
[hosts.attic]
address = "127.0.0.1"
port = ${atticPort}
tags = ["upstairs"]
variables = { title = "Up in the attic" }
`;
}

/** Update files for boxes that run `image`, with only what differs from it. */
async function makeUpdates(
  image: string,
  folder: string,
  versions: { broken: string; good: string },
): Promise<{ broken: string; good: string; bytes: number; wholeBytes: number }> {
  const key = await imageKey();
  const make = async (version: string, changes: [string, string][]) => {
    const path = join(folder, `${version}.gamelan-update`);
    return { path, made: await makeNextUpdate(image, path, { version, key, changes }) };
  };
  const broken = await make(versions.broken, [NO_ENCODER, await hangsOnce()]);
  const good = await make(versions.good, []);
  return { broken: broken.path, good: good.path, ...good.made };
}

async function pushTo(operator: Operator, host: string, ...args: string[]) {
  const { code, stdout, stderr } = await operator.fleet("push", ...args, "--on", host);
  assert.notEqual(stdout, "", stderr);
  return { code, ...(JSON.parse(stdout) as PushReport).hosts[0] };
}

/** Resolves once a process has said a line that begins so; throws where it ends before. */
async function saidLine(child: Deno.ChildProcess, start: string): Promise<void> {
  let text = "";
  const decoder = new TextDecoder();
  // Its end is left open: who writes to a closed one may die of it.
  for await (const chunk of child.stderr.values({ preventCancel: true })) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split("\n").some((line) => line.startsWith(start))) return;
  }
  throw new Error(`it ended before it said "${start}":\n${text}`);
}

/** What the death of the operator's machine does: the program and its connections are gone at once. */
async function die(program: Deno.ChildProcess, folder: string): Promise<void> {
  program.kill("SIGKILL");
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const words = Deno.readTextFileSync(`/proc/${name}/cmdline`);
      if (/^(ssh|rsync)\b/.test(words) && words.includes(folder)) {
        Deno.kill(Number(name), "SIGKILL");
      }
    } catch {
      // It has ended.
    }
  }
  await program.status;
}

/** Asks a machine's Avahi. */
async function avahi(machine: Machine, method: string, ...words: string[]): Promise<string> {
  const server = "org.freedesktop.Avahi / org.freedesktop.Avahi.Server";
  const answer = await machine.output(
    `busctl --json=short call ${server} ${method} ${words.join(" ")}`,
  );
  const { data } = JSON.parse(answer) as { data: (string | number)[] };
  // A resolved name comes between interface and flags: its address is the fifth.
  return String(data.length === 1 ? data[0] : data[4]);
}

async function temporary() {
  // Short: sockets lie below it.
  const path = await Deno.makeTempDir({ prefix: "gfleet-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
