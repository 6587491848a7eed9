/** The gate between waves: a canary that was good, and is not any more, keeps the others untouched. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { PushReport } from "../../src/fleet/push/push.ts";
import type { ImageTraits } from "./folder_updater.ts";
import { type SimulatedBox, SimulatedFleet } from "./simulated_fleet.ts";
import type { BoxSetup } from "./simulated_host.ts";

const OTHERS = 3;
const SOAK = "4";

/** What the running system of a box does from now on. */
async function becomes(box: SimulatedBox, traits: ImageTraits): Promise<void> {
  const file = join(box.root, "slots", box.updater.loader.running, "image.json");
  await Deno.writeTextFile(`${file}.new`, JSON.stringify(traits));
  await Deno.rename(`${file}.new`, file);
}

Deno.test("a canary that was blessed and is not well after the soak time stops the push", async (t) => {
  await using fleet = await SimulatedFleet.start(1 + OTHERS);
  const [canary, ...others] = fleet.boxes;
  assert.equal((await fleet.fleet("keys", "pin")).code, 0);

  /** Pushes, and lets the canary become so once it was confirmed. */
  const pushAndThen = async (
    version: string,
    traits: ImageTraits,
    setup: Partial<BoxSetup> = {},
  ) => {
    const bundle = await fleet.bundle(version);
    const pushed = fleet.operator.follow(
      ...["push", "bundle", bundle, "--soak-seconds", SOAK, "--json"],
    );
    await pushed.hears("box-01: done");
    assert.equal(canary.updater.loader.blessed[canary.updater.loader.running], true);
    canary.setup = setup;
    await becomes(canary, traits);
    const said = await pushed.end();
    return { ...said, report: JSON.parse(said.stdout) as PushReport };
  };
  const stopsThere = ({ code, report, stderr }: Awaited<ReturnType<typeof pushAndThen>>) => {
    assert.equal(code, 5, stderr);
    assert.equal(report.outcome, "stopped");
    assert.deepEqual(report.hosts.map(({ outcome }) => outcome), [
      "failed",
      ...Array(OTHERS).fill("untouched"),
    ]);
    assert.equal(report.hosts[0].reason, "unhealthy");
    for (const box of others) {
      assert.equal(box.version, "1.0.0");
      assert.throws(() => box.journal(), /No such file/);
    }
    // It was confirmed, so it stays until somebody takes it back.
    assert.equal(canary.journal().at(-1)!.event, "confirmed");
  };

  await t.step("it crashes", async () => {
    const pushed = await pushAndThen("1.1.0", { crashes: 2 });
    stopsThere(pushed);
    assert.equal(
      pushed.report.problem,
      "box-01: 4 s after it was confirmed: its service died 2 times since the change; " +
        "to go back: gamelan fleet rollback bundle --on box-01",
    );
  });

  await t.step("it becomes slow", async () => {
    const pushed = await pushAndThen("1.2.0", { latencyMs: 40 });
    stopsThere(pushed);
    assert.match(
      pushed.report.problem!,
      /^box-01: 4 s after it was confirmed: its latency rose from 5\.0 to 40\.0 ms; allowed are 8\.5;/,
    );
  });

  await t.step("it becomes slow because somebody plays on it: that is no fault", async () => {
    await becomes(canary, {});
    const { code, stdout } = await pushAndThen("1.3.0", { latencyMs: 40 }, { sessions: 1 });
    assert.equal(code, 0, stdout);
    assert.ok(others.every(({ version }) => version === "1.3.0"));
  });
});
