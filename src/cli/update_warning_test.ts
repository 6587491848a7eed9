import assert from "node:assert/strict";
import type { OwnUpdate } from "../fleet/box/protocol.ts";
import { UpdateWarning } from "./update_warning.ts";

const at = Date.UTC(2026, 0, 1);
const update: OwnUpdate = {
  id: "bundle-0123456789abcdef",
  version: "0.2.0",
  when: "now",
  phase: "warning",
  restartAt: new Date(at).toISOString(),
};

Deno.test("players are told when the countdown begins and once more at its end", () => {
  const warning = new UpdateWarning();
  const said = [120, 115, 60, 35, 30, 25, 5].map((seconds) =>
    warning.next(update, at - seconds * 1000)
  );
  assert.deepEqual(said.map((text) => text !== undefined), [
    ...[true, false, false, false, true, false, false],
  ]);
  assert.match(said[0]!, /restarts in 2 minutes for version 0\.2\.0/);
  assert.match(said[4]!, /in 30 seconds/);
});

Deno.test("a house that starts in the last seconds tells it once", () => {
  const warning = new UpdateWarning();
  assert.match(warning.next(update, at - 10_000)!, /in 10 seconds/);
  assert.equal(warning.next(update, at - 5000), undefined);
});

Deno.test("nobody is told of an update that waits or is being written, and a second countdown is told anew", () => {
  const warning = new UpdateWarning();
  assert.equal(warning.next(undefined, at), undefined);
  for (const phase of ["waiting", "installing", "failed"] as const) {
    assert.equal(warning.next({ ...update, phase }, at - 120_000), undefined);
  }
  assert.ok(warning.next(update, at - 120_000));
  assert.equal(warning.next({ ...update, phase: "installing" }, at), undefined);
  assert.ok(warning.next(update, at - 120_000));
});
