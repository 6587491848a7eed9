import assert from "node:assert/strict";
import { defaultLimits, type LifeEvent, SessionLife } from "./life.ts";

const start = () => new SessionLife(defaultLimits, 0);

Deno.test("a game that shows a picture to a viewer is playing, and unwatched when they go", () => {
  const life = start();
  life.apply({ type: "viewers", count: 1 }, 10);
  life.apply({ type: "step", step: "game" }, 20);
  assert.deepEqual([life.state, life.step], ["starting", "game"]);
  life.apply({ type: "first-frame" }, 30);
  assert.equal(life.state, "playing");
  life.apply({ type: "viewers", count: 0 }, 40);
  assert.equal(life.state, "unwatched");
  life.apply({ type: "viewers", count: 1 }, 50);
  assert.equal(life.state, "playing");
});

Deno.test("grace counts from the last viewer's leaving and ends the session", () => {
  const life = start();
  life.apply({ type: "viewers", count: 1 }, 0);
  life.apply({ type: "first-frame" }, 0);
  life.apply({ type: "viewers", count: 0 }, 1_000_000);
  assert.deepEqual(life.apply({ type: "tick" }, 1_000_000 + defaultLimits.graceMs - 1), []);
  assert.deepEqual(life.apply({ type: "tick" }, 1_000_000 + defaultLimits.graceMs), [
    "request-close",
  ]);
  assert.equal(life.state, "ending");
  assert.match(life.reason!, /Nobody watched for 5 min/);
});

Deno.test("ending asks, then terminates, then kills, each once, and ends with the game", () => {
  const life = start();
  life.apply({ type: "first-frame" }, 0);
  assert.deepEqual(life.apply({ type: "end", reason: "Ada ended it" }, 100), ["request-close"]);
  assert.deepEqual(life.apply({ type: "end", reason: "again" }, 200), []);
  assert.deepEqual(life.apply({ type: "tick" }, 3100), ["terminate"]);
  assert.deepEqual(life.apply({ type: "tick" }, 3200), []);
  assert.deepEqual(life.apply({ type: "tick" }, 7100), ["kill"]);
  assert.deepEqual(life.apply({ type: "game-exited", failure: "signal 9" }, 7200), ["finish"]);
  assert.deepEqual([life.state, life.reason], ["ended", "Ada ended it"]);
});

Deno.test("a session ends although what it kills never goes, or was never there", () => {
  const life = start();
  life.apply({ type: "end", reason: "Ada ended it" }, 0);
  life.apply({ type: "tick" }, 3000);
  assert.deepEqual(life.apply({ type: "tick" }, 7000), ["kill"]);
  assert.deepEqual(life.apply({ type: "tick" }, 16_999), []);
  assert.deepEqual(life.apply({ type: "tick" }, 17_000), ["finish"]);
  assert.deepEqual([life.state, life.reason], ["ended", "Ada ended it"]);
});

Deno.test("a game that exits before its first picture failed", () => {
  const life = start();
  assert.deepEqual(life.apply({ type: "game-exited" }, 5), ["finish"]);
  assert.equal(life.state, "failed");
  assert.match(life.reason!, /before it showed a picture/);
});

Deno.test("a crash while playing is a failure, a normal exit is an end", () => {
  const crashed = start();
  crashed.apply({ type: "first-frame" }, 0);
  assert.deepEqual(crashed.apply({ type: "game-exited", failure: "SIGSEGV" }, 1), ["finish"]);
  assert.equal(crashed.state, "failed");
  const closed = start();
  closed.apply({ type: "first-frame" }, 0);
  closed.apply({ type: "game-exited" }, 1);
  assert.deepEqual([closed.state, closed.reason], ["ended", "The game was closed"]);
});

Deno.test("without an agent the session goes on while somebody watches and ends when orphaned", () => {
  const life = start();
  life.apply({ type: "viewers", count: 1 }, 0);
  life.apply({ type: "first-frame" }, 0);
  life.apply({ type: "agent", present: false }, 10);
  assert.deepEqual(life.apply({ type: "tick" }, 10_000_000), []);
  life.apply({ type: "viewers", count: 0 }, 10_000_000);
  assert.deepEqual(life.apply({ type: "tick" }, 10_000_000 + defaultLimits.orphanMs), [
    "request-close",
  ]);
});

Deno.test("a stage that fails kills the game, and nothing happens after the end", () => {
  const life = start();
  assert.deepEqual(life.apply({ type: "failed", reason: "no encoder" }, 1), ["kill", "finish"]);
  const events: LifeEvent[] = [
    { type: "tick" },
    { type: "end", reason: "" },
    { type: "game-exited" },
    { type: "first-frame" },
  ];
  for (const event of events) assert.deepEqual(life.apply(event, 1e9), []);
  assert.equal(life.state, "failed");
});

Deno.test("no picture in time is a failure", () => {
  const life = start();
  life.apply({ type: "viewers", count: 1 }, 0);
  assert.deepEqual(life.apply({ type: "tick" }, defaultLimits.startMs), ["kill", "finish"]);
  assert.match(life.reason!, /no picture within 120 s/);
});
