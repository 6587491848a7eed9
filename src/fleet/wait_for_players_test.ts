import assert from "node:assert/strict";
import { type BoxClient, BoxSaysNo } from "./box_client.ts";
import type { BoxStatus } from "./box/protocol.ts";
import { PlayersWait, StillPlayed, type WaitOptions } from "./wait_for_players.ts";

/** What a box says when it is asked how it is. */
const says = (sessions: number, pendingOf?: string): Pick<BoxStatus, "health" | "pending"> => ({
  health: { service: "running", crashes: 0, sessions },
  pending: pendingOf === undefined
    ? undefined
    : { id: "bundle-0123456789abcdef", push: pendingOf, phase: "provisional" },
});

/** Test double of a box that is busy for so many tries, and says this when it is asked how it is. */
function played(busy: number, statuses: ReturnType<typeof says>[], options: Partial<WaitOptions>) {
  const told: string[] = [];
  const box = { status: () => Promise.resolve(statuses.shift()!) } as unknown as BoxClient;
  const wait = new PlayersWait(box, {
    minutes: 1,
    signal: new AbortController().signal,
    aside: (wait) => wait(),
    onWait: (detail) => told.push(detail),
    ...options,
  });
  const task = () =>
    busy-- > 0 ? Promise.reject(new BoxSaysNo("busy", "not now")) : Promise.resolve("done");
  return { wait, told, run: () => wait.unlessPlayed(task) };
}

Deno.test("what was in the way is asked for, and the task done when it is over", async () => {
  const statuses = [says(2), says(0), says(0)];
  const { wait, told, run } = played(2, statuses, {});
  assert.equal(await run(), "done");
  assert.deepEqual(told, ["2 games are being played; 1 min at most"]);
  assert.deepEqual(statuses, []);
  assert.ok(wait.seconds >= 1.9, `${wait.seconds} s`);
});

Deno.test("an update of the box's own waits for the same players, and is waited for too", async () => {
  const { told, run } = played(1, [says(0, "own"), says(0)], {});
  assert.equal(await run(), "done");
  assert.deepEqual(told, ["An update of its own waits there; 1 min at most"]);
});

Deno.test("another operator's change is not waited for", async () => {
  const { told, run } = played(1, [says(1, "20261130-120000-0a1b2c")], {});
  await assert.rejects(run(), (error) => error instanceof BoxSaysNo && error.message === "not now");
  assert.deepEqual(told, []);
});

Deno.test("who will not wait, or is stopped, leaves the box alone", async () => {
  const none = played(1, [says(1)], { minutes: 0 });
  await assert.rejects(none.run(), {
    name: "StillPlayed",
    message: "1 game is being played; the box was left alone",
  });
  const stop = new AbortController();
  const stopped = played(1, [says(1), says(1)], {
    signal: stop.signal,
    onWait: () => queueMicrotask(() => stop.abort()),
  });
  const began = performance.now();
  await assert.rejects(stopped.run(), (error) => {
    assert.ok(error instanceof StillPlayed);
    assert.match(error.message, /being played, and nothing new is begun; the box was left alone/);
    return true;
  });
  assert.ok(performance.now() - began < 1000);
});
