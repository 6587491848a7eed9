import assert from "node:assert/strict";
import { UpdateWarning } from "./update_warning.ts";

const at = Date.UTC(2026, 0, 1);
const restart = { version: "0.2.0", restartAt: new Date(at).toISOString() };

Deno.test("players are told when the countdown begins and once more at its end", () => {
  const warning = new UpdateWarning();
  const said = [120, 115, 60, 35, 30, 25, 5].map((seconds) =>
    warning.next(restart, at - seconds * 1000)
  );
  assert.deepEqual(said.map((text) => text !== undefined), [
    ...[true, false, false, false, true, false, false],
  ]);
  assert.match(said[0]!, /restarts in 2 minutes for version 0\.2\.0/);
  assert.match(said[4]!, /in 30 seconds/);
});

Deno.test("a house that starts in the last seconds tells it once", () => {
  const warning = new UpdateWarning();
  assert.match(warning.next(restart, at - 10_000)!, /in 10 seconds/);
  assert.equal(warning.next(restart, at - 5000), undefined);
});

Deno.test("that a restart is called off is told once, and a second countdown anew", () => {
  const warning = new UpdateWarning();
  assert.equal(warning.next(undefined, at - 130_000), undefined);
  assert.ok(warning.next(restart, at - 120_000));
  assert.match(
    warning.next(undefined, at - 60_000)!,
    /does not restart now: .*0\.2\.0 was called off/,
  );
  assert.equal(warning.next(undefined, at - 55_000), undefined);
  assert.match(warning.next(restart, at - 50_000)!, /in 50 seconds/);
});

Deno.test("a restart that comes is not told as called off", () => {
  const warning = new UpdateWarning();
  assert.ok(warning.next(restart, at - 120_000));
  assert.equal(warning.next(undefined, at), undefined);
});
