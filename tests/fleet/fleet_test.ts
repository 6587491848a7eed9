/** Forty boxes at once: canaries, waves, and the same push again. */
import assert from "node:assert/strict";
import type { PushReport } from "../../src/fleet/push/push.ts";
import { SimulatedFleet } from "./simulated_fleet.ts";

const BOXES = 40;
const push = ["--parallel", "8", "--confirm-seconds", "60", "--soak-seconds", "1", "--json"];

function outcomes({ hosts }: PushReport): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of hosts) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
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

  await t.step("a good one reaches all, wave by wave", async () => {
    const bundle = await fleet.bundle("1.2.0");
    const { code, stdout, stderr } = await fleet.fleet("push", "bundle", bundle, ...push);
    assert.equal(code, 0, stdout + stderr);
    const report: PushReport = JSON.parse(stdout);
    assert.deepEqual(outcomes(report), { done: BOXES });
    assert.deepEqual(
      [...new Set(report.hosts.map(({ wave }) => wave))],
      ["canary", "early", "rest"],
    );
    for (const box of fleet.boxes) {
      assert.equal(box.version, "1.2.0", box.name);
      assert.equal(box.updater.loader.blessed[box.updater.loader.running], true);
      // Who starts is not kept from it by questions.
      assert.deepEqual(box.askedTooEarly.filter((words) => words.startsWith("box status")), []);
    }
    // No box of a wave was begun before the one before had ended.
    const lines = stderr.split("\n");
    const firstOf = (host: string) =>
      lines.findIndex((line) => line.startsWith(`${host}: checking`));
    const endOf = (host: string) => lines.findIndex((line) => line.startsWith(`${host}: done`));
    assert.ok(endOf("box-01") < firstOf("box-02"));
    const early = report.hosts.filter(({ wave }) => wave === "early").map(({ host }) => host);
    const rest = report.hosts.filter(({ wave }) => wave === "rest").map(({ host }) => host);
    assert.ok(Math.max(...early.map(endOf)) < Math.min(...rest.map(firstOf)));

    const again = await fleet.fleet("push", "bundle", bundle, ...push);
    assert.deepEqual(outcomes(JSON.parse(again.stdout)), { unchanged: BOXES });
    assert.equal(again.code, 0);
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 600, "did not happen within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
