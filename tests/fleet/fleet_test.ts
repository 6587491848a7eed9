/** Forty boxes at once: canaries, waves, faults of all kinds, and the same push again. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { PushReport } from "../../src/fleet/push/push.ts";
import { Faults } from "./faults.ts";
import { SimulatedFleet } from "./simulated_fleet.ts";

const BOXES = 40;
const push = ["--parallel", "8", "--confirm-seconds", "60", "--soak-seconds", "1", "--json"];

function outcomes({ hosts }: PushReport): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of hosts) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** How many boxes were changed at the same time, by the operator's journal. */
async function mostAtOnce(fleet: SimulatedFleet, { push }: PushReport): Promise<number> {
  const text = await Deno.readTextFile(join(fleet.state, "pushes", `${push}.jsonl`));
  const working = new Set<string>();
  let most = 0;
  for (const { event, host } of text.trim().split("\n").map((line) => JSON.parse(line))) {
    if (event === "step") working.add(host);
    if (event === "result") working.delete(host);
    most = Math.max(most, working.size);
  }
  return most;
}

Deno.test("forty boxes are pinned, updated in waves, and left alone where nothing is to do", async (t) => {
  await using fleet = await SimulatedFleet.start(BOXES);

  await t.step("no box is talked to before its host key is pinned", async () => {
    const { code, stdout } = await fleet.fleet("status", "--json", "--on", "box-01");
    assert.equal(code, 1);
    assert.equal(JSON.parse(stdout)[0].reason, "not-pinned");
  });

  await t.step("pinning and status reach all of them", async () => {
    const pinned = await fleet.fleet("keys", "pin");
    assert.equal(pinned.code, 0, pinned.stdout + pinned.stderr);
    assert.equal(pinned.stdout.match(/ssh-ed25519 SHA256:/g)?.length, BOXES);
    const { code, stdout } = await fleet.fleet("status", "--json");
    assert.equal(code, 0, stdout);
    const results = JSON.parse(stdout);
    assert.equal(results.length, BOXES);
    assert.ok(
      results.every(({ result }: { result: { version: string } }) => result.version === "1.0.0"),
    );
  });

  await t.step("a canary that becomes slow goes back, and the rest is not touched", async () => {
    const bundle = await fleet.bundle("1.1.0", { latencyMs: 40 });
    const { code, stdout } = await fleet.fleet("push", "bundle", bundle, ...push);
    assert.equal(code, 5, stdout);
    const report: PushReport = JSON.parse(stdout);
    assert.equal(report.outcome, "stopped");
    assert.match(
      report.problem!,
      /^box-01: .*latency rose from 5\.0 to 40\.0 ms; allowed are 8\.5/,
    );
    assert.deepEqual(outcomes(report), { failed: 1, untouched: BOXES - 1 });
    await until(() => fleet.box(1).version === "1.0.0");
    assert.deepEqual(fleet.box(1).journal().map(({ event }) => event), [
      "prepared",
      "applied",
      "rolled-back",
    ]);
    for (const box of fleet.boxes.slice(1)) assert.throws(() => box.journal(), /No such file/);
  });

  const bundle = await fleet.bundle("1.2.0", {}, { bytes: Faults.bundleBytes });
  const good = ["push", "bundle", bundle, ...push, "--soak-seconds", "0"];

  await t.step("faults on eight of them keep no sound one from a good update", async () => {
    await using faults = await Faults.inject(fleet);
    // Those with faults are the last wave, so that all of it is begun when the first of them fails.
    const { code, stdout, stderr } = await fleet.fleet(
      ...[...good, "--waves", `canary,early,${Faults.soundTag}`],
    );
    assert.equal(code, 1, stdout + stderr);
    const report: PushReport = JSON.parse(stdout);
    assert.equal(report.outcome, "stopped");
    assert.deepEqual(outcomes(report), { done: BOXES - 6, failed: 6 });
    for (const { host, outcome, detail } of report.hosts.slice(0, -8)) {
      assert.equal(outcome, "done", `${host}: ${detail}`);
    }
    faults.assertOutcomes(report.hosts.slice(-8));
    for (const [index, { outcome, host }] of report.hosts.entries()) {
      const box = fleet.boxes[index];
      assert.equal(box.name, host);
      assert.equal(box.version, outcome === "done" ? "1.2.0" : "1.0.0", host);
      assert.equal(box.updater.loader.blessed[box.updater.loader.running], true);
      // Who starts is not kept from it by questions.
      assert.deepEqual(box.askedTooEarly.filter((words) => words.startsWith("box status")), []);
    }
    assert.equal(await mostAtOnce(fleet, report), 8, "as many at a time as was said");
    // No box of a wave was begun before the one before had ended.
    const lines = stderr.split("\n");
    const firstOf = (host: string) =>
      lines.findIndex((line) => line.startsWith(`${host}: checking`));
    const endOf = (host: string) => lines.findIndex((line) => line.startsWith(`${host}: done`));
    const waves = ["canary", "early", Faults.soundTag, "rest"].map((name) =>
      report.hosts.filter(({ wave }) => wave === name).map(({ host }) => host)
    );
    assert.deepEqual(waves.map(({ length }) => length), [1, 10, 21, 8]);
    for (const [index, wave] of waves.slice(1).entries()) {
      const before = Math.max(...waves[index].map(endOf));
      assert.ok(before > 0 && before < Math.min(...wave.map(firstOf)), `wave ${index + 1}`);
    }
    await faults.mend();
  });

  await t.step("once they are mended, the push goes on and reaches all", async () => {
    const { code, stdout, stderr } = await fleet.fleet("push", "--resume", "--json");
    assert.equal(code, 0, stdout + stderr);
    const report: PushReport = JSON.parse(stdout);
    assert.equal(report.outcome, "done");
    assert.deepEqual(outcomes(report), { done: BOXES });
    for (const box of fleet.boxes) assert.equal(box.version, "1.2.0", box.name);
  });

  await t.step("the same push again changes nothing", async () => {
    const { code, stdout } = await fleet.fleet(...good);
    assert.equal(code, 0, stdout);
    assert.deepEqual(outcomes(JSON.parse(stdout)), { unchanged: BOXES });
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 600, "did not happen within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
