/** Nobody's game is ended by a fleet's operator, unless he says so; then they are warned. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { HostReport, PushReport } from "../../src/fleet/push/push.ts";
import { type SimulatedBox, SimulatedFleet } from "./simulated_fleet.ts";

const QUICK = ["--soak-seconds", "0", "--parallel", "1"];

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 600, `${what}: not within 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What a file of the box's state holds, or undefined where it is not there. */
function stateFile(box: SimulatedBox, name: string): string | undefined {
  try {
    return Deno.readTextFileSync(join(box.root, "data/box", name));
  } catch {
    return undefined;
  }
}

const reportOf = (stdout: string, host: SimulatedBox): HostReport =>
  (JSON.parse(stdout) as PushReport).hosts.find(({ host: name }) => name === host.name)!;

const outcomes = (stdout: string) =>
  (JSON.parse(stdout) as PushReport).hosts.map(({ outcome }) => outcome);

Deno.test("boxes on which somebody plays", async (t) => {
  // In waves: the canary, one, and two.
  await using fleet = await SimulatedFleet.start(4);
  const [canary, second, third, fourth] = fleet.boxes;
  const { operator } = fleet;
  assert.equal((await fleet.fleet("keys", "pin")).code, 0);
  const journal = async (push: string) =>
    (await Deno.readTextFile(join(fleet.state, "pushes", `${push}.jsonl`))).trim().split("\n")
      .map((line) => JSON.parse(line));
  let push = "";

  await t.step("one is waited for while the others go on, and nothing is done to it", async () => {
    third.setup = { sessions: 2 };
    const pushed = operator.follow(
      ...["push", "bundle", await fleet.bundle("1.1.0"), ...QUICK, "--wait", "10"],
    );
    // One at a time: a box that waits must not keep the next one from its turn.
    await pushed.hears("box-04: done");
    const waits = "box-03: waits for players (2 games are being played; 10 min at most)";
    assert.ok(pushed.said.includes(waits), pushed.said);
    assert.deepEqual(fleet.boxes.map(({ version }) => version), [
      ...["1.1.0", "1.1.0", "1.0.0", "1.1.0"],
    ]);
    push = /Push (\d{8}-\d{6}-[0-9a-f]{6}):/.exec(pushed.said)![1];
    await pushed.die();

    assert.deepEqual(third.journal().map(({ event }) => event), ["refused"]);
    assert.throws(() => Deno.readDirSync(join(third.root, "data/box/staging")));
    const steps = (await journal(push)).filter(({ host, event }) =>
      host === third.name && event === "step"
    );
    assert.deepEqual(steps.map(({ step, detail }) => [step, detail]), [
      ["checking", undefined],
      ["waits for players", "2 games are being played; 10 min at most"],
    ]);
  });

  await t.step("who goes on after the operator's death waits again, then changes it", async () => {
    const resumed = operator.follow("push", "--resume", "--json");
    await resumed.hears("box-03: waits for players");
    third.setup = { sessions: 1 };
    await resumed.hears("box-03: waits for players (1 game is being played; 10 min at most)");
    assert.equal(third.version, "1.0.0");
    third.setup = { sessions: 0 };
    const { code, stdout } = await resumed.end();
    assert.equal(code, 0, stdout);
    assert.equal(JSON.parse(stdout).outcome, "done");
    const { outcome, waitedSeconds } = reportOf(stdout, third);
    assert.equal(outcome, "done");
    assert.ok(waitedSeconds! > 2, `${waitedSeconds} s`);
    assert.equal(third.version, "1.1.0");
    assert.deepEqual(third.journal().map(({ event }) => event), [
      ...["refused", "refused", "prepared", "applied", "confirmed"],
    ]);
  });

  await t.step("one that is played for longer is left, and the push says so", async () => {
    third.setup = { sessions: 1 };
    const bundle = await fleet.bundle("1.2.0");
    const words = ["push", "bundle", bundle, ...QUICK, "--wait", "0.05"];
    const { code, stdout } = await fleet.fleet(...words);
    assert.equal(code, 7, stdout);
    assert.match(
      stdout,
      /^box-03 +rest +played .*1 game is being played, also after 0\.05 min of/m,
    );
    assert.match(stdout, /3 done, 0 had it already, 0 failed, 1 left to their players, 0 left as/);
    assert.match(stdout, /Go on with: gamelan fleet push --resume/);
    assert.equal(third.version, "1.1.0");

    const again = await fleet.fleet("push", "--resume", "--json", "--wait", "0");
    assert.equal(again.code, 7);
    assert.equal(JSON.parse(again.stdout).outcome, "incomplete");
    assert.deepEqual(outcomes(again.stdout), ["done", "done", "played", "done"]);
    const { reason, detail } = reportOf(again.stdout, third);
    assert.deepEqual([reason, detail], [
      "busy",
      "1 game is being played; the box was left alone",
    ]);
  });

  await t.step("told not to wait, the box warns its players, though the link is lost", async () => {
    // Two minutes last six seconds.
    third.setup = { secondMs: 50 };
    const resumed = operator.follow("push", "--resume", "--during-play");
    await until("the warning", () => stateFile(third, "restart.json") !== undefined);
    const { version, restartAt } = JSON.parse(stateFile(third, "restart.json")!);
    assert.equal(version, "1.2.0");
    const left = (Date.parse(restartAt) - Date.now()) / 1000;
    assert.ok(left > 110 && left <= 120, `${left} s`);
    const began = performance.now();
    await resumed.die();
    assert.match(resumed.said, /box-03: applying \(players are warned two minutes before/);
    let asked = 0;
    await until("the restart", () => {
      try {
        Deno.statSync(join(third.root, "reboot"));
        asked = performance.now();
      } catch {
        // Not yet.
      }
      return asked > 0;
    });
    assert.ok(asked - began > 3000, `restarted after ${asked - began} ms`);
    assert.equal(stateFile(third, "restart.json"), undefined);
    third.setup = { sessions: 0, secondMs: undefined };
    await until("the new version", () => third.version === "1.2.0");
    const { code, stdout } = await fleet.fleet("push", "--resume", "--json");
    assert.equal(code, 0, stdout);
    assert.equal(reportOf(stdout, third).outcome, "done");
  });

  await t.step("who begins to play while it is written keeps the box from restarting", async () => {
    const bundle = await fleet.bundle("1.3.0", { installMs: 1500 });
    const pushed = operator.follow("push", "bundle", bundle, ...QUICK, "--on", "box-02", "--json");
    await until("it is written", () => stateFile(second, "pending.json") !== undefined);
    second.setup = { sessions: 1 };
    await pushed.hears("box-02: waits for players (1 game is being played; 60 min at most)");
    assert.equal(stateFile(second, "pending.json"), undefined);
    assert.deepEqual([second.version, second.updater.loader.next], ["1.2.0", "a"]);
    second.setup = { sessions: 0 };
    const { code, stdout } = await pushed.end();
    assert.equal(code, 0, stdout);
    assert.equal(second.version, "1.3.0");
    assert.deepEqual(second.journal().slice(-5).map(({ event }) => event), [
      ...["prepared", "refused", "prepared", "applied", "confirmed"],
    ]);
  });

  await t.step(
    "while somebody plays on all canaries, no other box is the first to try",
    async () => {
      canary.setup = { sessions: 1 };
      const bundle = await fleet.bundle("1.4.0");
      const { code, stdout } = await fleet.fleet(
        ...["push", "bundle", bundle, ...QUICK, "--wait", "0", "--json"],
      );
      assert.equal(code, 5, stdout);
      assert.match(JSON.parse(stdout).problem, /^canary: somebody plays on all of its boxes/);
      assert.deepEqual(outcomes(stdout), ["played", ...Array(3).fill("untouched")]);
      assert.ok(fleet.boxes.every(({ version }) => version !== "1.4.0"));
    },
  );

  await t.step("Ctrl-C ends the waiting", async () => {
    const pushed = operator.follow("push", "--resume", "--wait", "10", "--json");
    await pushed.hears("box-01: waits for players");
    Deno.kill(-pushed.child.pid, "SIGINT");
    const { code, stdout } = await pushed.end();
    assert.equal(code, 6, stdout);
    assert.equal(JSON.parse(stdout).outcome, "interrupted");
    const { detail } = reportOf(stdout, canary);
    assert.equal(
      detail,
      "1 game is being played, and nothing new is begun; the box was left alone",
    );
    canary.setup = { sessions: 0 };
  });

  await t.step("a rollback waits for players too", async () => {
    third.setup = { sessions: 1 };
    const on = ["--on", "box-03,box-04", "--parallel", "1"];
    const back = operator.follow("rollback", "bundle", ...on);
    await back.hears("box-03: waits for players (1 game is being played; 60 min at most)");
    await until("the other box goes back", () => fourth.version === "1.1.0");
    assert.equal(third.version, "1.2.0");
    third.setup = { sessions: 0 };
    const { code, stdout } = await back.end();
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^box-03: goes back from 1\.2\.0 to 1\.1\.0$/m);
    await until("the system before", () => third.version === "1.1.0");
  });

  await t.step("and leaves who still plays alone, or warns them", async () => {
    second.setup = { sessions: 1, secondMs: 10 };
    const on = ["--on", "box-02"];
    const left = await fleet.fleet("rollback", "bundle", ...on, "--wait", "0", "--json");
    assert.equal(left.code, 7);
    const [{ ok, reason }] = JSON.parse(left.stdout);
    assert.deepEqual([ok, reason, second.version], [false, "played", "1.3.0"]);

    const back = operator.follow("rollback", "bundle", ...on, "--during-play");
    await until("the warning", () => stateFile(second, "restart.json") !== undefined);
    assert.equal(JSON.parse(stateFile(second, "restart.json")!).version, "1.2.0");
    assert.equal(second.version, "1.3.0");
    assert.equal((await back.end()).code, 0);
    await until("the system before", () => second.version === "1.2.0");
  });
});
