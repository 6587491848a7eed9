import assert from "node:assert/strict";
import type { BoxStatus } from "../box/protocol.ts";
import { Journal } from "../journal.ts";
import { connectionProblem } from "../ssh_failure.ts";
import { blessingProblem, healthProblem } from "./gate.ts";
import { PushJournal } from "./push_journal.ts";
import { planWaves } from "./waves.ts";

const host = (name: string, ...tags: string[]) => ({
  name,
  address: name,
  command: "gamelan",
  tags,
  variables: {},
});
const shape = (waves: ReturnType<typeof planWaves>) =>
  waves.map(({ name, hosts }) => [name, ...hosts.map((host) => host.name)]);

Deno.test("waves: canaries, then tags in order, each host once, then the rest", () => {
  const hosts = [
    host("a"),
    host("b", "late", "early"),
    host("c", "canary", "early"),
    host("d", "early"),
  ];
  assert.deepEqual(shape(planWaves(hosts, ["early", "late"])), [
    ["canary", "c"],
    ["early", "b", "d"],
    ["rest", "a"],
  ]);
  assert.deepEqual(shape(planWaves(hosts, ["late", "canary"])), [
    ["late", "b"],
    ["canary", "c"],
    ["rest", "a", "d"],
  ]);
});

Deno.test("waves: without tags the first host is the canary", () => {
  assert.deepEqual(shape(planWaves([host("a"), host("b"), host("c")], [])), [
    ["canary", "a"],
    ["rest", "b", "c"],
  ]);
  assert.deepEqual(shape(planWaves([host("a")], [])), [["rest", "a"]]);
});

function status(health: Partial<BoxStatus["health"]>, changes: Partial<BoxStatus> = {}): BoxStatus {
  return {
    name: "box",
    product: "gamelan",
    architecture: "amd64",
    version: "1.0.0",
    health: { service: "running", crashes: 0, sessions: 0, ...health },
    freeBytes: 1,
    clock: "1970-01-01T00:00:00Z",
    ...changes,
  };
}
const latency = (p50: number) => ({ latencyMs: { p50, p90: p50 } });
const bounds = { latencyFactor: 1.3, latencySlackMs: 2 };

Deno.test("a box must run, not die, and be no slower by the bounds", () => {
  const problem = (
    before: BoxStatus | undefined,
    after: BoxStatus,
    kind: "bundle" | "game" = "bundle",
  ) => healthProblem(kind, before, after, bounds);
  assert.equal(problem(status(latency(10)), status(latency(15))), undefined);
  assert.match(
    problem(status(latency(10)), status(latency(15.1)))!,
    /10\.0 to 15\.1 ms; allowed are 15\.0/,
  );
  assert.match(problem(status(latency(10)), status({}))!, /could not be measured any more/);
  assert.equal(problem(undefined, status(latency(99))), undefined);
  // Somebody has begun to play since, so the figures are not of the same thing.
  const played = (sessions: number) => status({ ...latency(50), sessions });
  assert.equal(problem(status(latency(10)), played(1)), undefined);
  assert.match(problem(status({ ...latency(10), sessions: 1 }), played(1))!, /10\.0 to 50\.0 ms/);
  assert.match(problem(status({}), status({ service: "failed" }))!, /service is failed/);
  assert.match(problem(status({}), status({ service: "unknown" }))!, /service is unknown/);
  assert.equal(problem(status({ service: "unknown" }), status({ service: "unknown" })), undefined);
  assert.match(problem(status({}), status({ crashes: 1 }))!, /died once/);
  assert.match(problem(status({ crashes: 5 }), status({ crashes: 2 }))!, /died 2 times/);
  assert.equal(problem(status({ crashes: 5 }), status({ crashes: 5 }), "game"), undefined);
});

Deno.test("a confirmed bundle must be blessed", () => {
  const slot = { name: "a", version: "1", blessed: false };
  const slots = { current: slot, other: slot };
  assert.match(blessingProblem("bundle", status({}, { slots }))!, /not blessed/);
  assert.equal(blessingProblem("config", status({}, { slots })), undefined);
  const pending = { id: "config-0123456789abcdef", push: "p", phase: "provisional" as const };
  assert.match(blessingProblem("config", status({}, { pending }))!, /is not confirmed/);
});

Deno.test("a journal survives a torn line, and an interrupted push is read from it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const id = PushJournal.newId(new Date("2026-11-21T12:00:00Z"));
    assert.match(id, /^20261121-120000-[0-9a-f]{6}$/);
    const journal = new PushJournal(folder, id);
    assert.throws(() => journal.history(), /does not begin with a plan/);
    journal.append({
      event: "plan",
      push: id,
      kind: "config",
      path: "/x",
      digest: "d",
      inventory: "/i",
      waves: [{ name: "rest", hosts: ["a", "b", "c"] }],
      parallel: 2,
      confirmSeconds: 1,
      bootSeconds: 1,
      soakSeconds: 0,
      latencyFactor: 1,
      latencySlackMs: 0,
      duringPlay: false,
      waitMinutes: 5,
    });
    journal.append({ event: "before", host: "a", status: status({}) });
    journal.append({ event: "result", host: "b", outcome: "done", detail: "x" });
    const path = `${folder}/${id}.jsonl`;
    await Deno.writeTextFile(path, '{"event":"result","host":"a","outc', { append: true });
    journal.append({ event: "result", host: "c", outcome: "unchanged", detail: "y" });
    const history = new PushJournal(folder, id).history();
    assert.deepEqual([...history.finished.keys()], ["b", "c"]);
    assert.deepEqual([...history.before.keys()], ["a"]);
    journal.append({ event: "result", host: "b", outcome: "failed", detail: "died later" });
    assert.deepEqual([...journal.history().finished.keys()], ["c"]);
    // What was left to its players is begun anew.
    journal.append({ event: "result", host: "a", outcome: "played", detail: "1 game" });
    assert.deepEqual([...journal.history().before.keys()], []);
    assert.deepEqual(PushJournal.ids(folder), [id]);
    assert.equal(new Journal(path).read().length, 6);
    assert.throws(() => new PushJournal(folder, "../../etc/passwd"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what ssh says becomes a plain reason", () => {
  const place = { name: "attic", address: "10.0.0.9" };
  const kind = (stderr: string) => connectionProblem(place, stderr).kind;
  assert.equal(
    kind("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed."),
    "host-key",
  );
  assert.equal(
    kind(
      "No ED25519 host key is known for attic and you have requested strict checking.\nHost key verification failed.",
    ),
    "not-pinned",
  );
  assert.equal(kind("root@attic: Permission denied (publickey)."), "refused-key");
  assert.equal(kind("ssh: connect to host 10.0.0.9 port 22: Connection refused"), "unreachable");
  assert.equal(kind("ssh: Could not resolve hostname x: Name or service not known"), "unreachable");
  assert.equal(kind(""), "broken");
  const { message } = connectionProblem(place, "bad \x1b[2J\x07 thing");
  assert.equal(message, "attic (10.0.0.9 port 22): bad [2J thing");
});
