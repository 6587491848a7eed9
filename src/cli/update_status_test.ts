import assert from "node:assert/strict";
import type { BoxStatus } from "../fleet/box/protocol.ts";
import { describeStatus, waitsForRestart } from "./update_status.ts";

const id = "bundle-0123456789abcdef";
/** 1.1.0 is in its slot, and its restart waits. */
const status: BoxStatus = {
  name: "box",
  product: "gamelan",
  architecture: "amd64",
  version: "1.0.0",
  slots: {
    current: { name: "a", version: "1.0.0", blessed: true },
    other: { name: "b", version: "1.1.0", blessed: false },
  },
  health: { service: "running", crashes: 0, sessions: 1 },
  freeBytes: 1,
  clock: "2026-01-01T00:00:00.000Z",
  pending: { id, push: "own", phase: "provisional" },
  ownUpdate: { id, version: "1.1.0", when: "idle", phase: "waiting" },
};

Deno.test("an update whose restart waits is told as such, and not as one that failed", () => {
  assert.equal(waitsForRestart(status), true);
  assert.deepEqual(describeStatus(status).split("\n"), [
    "Version 1.0.0 runs from slot a",
    "Slot b holds 1.1.0, not started yet",
    "Version 1.1.0: installed; the box restarts when nobody plays",
  ]);
});

Deno.test("a restart of which players are warned is told", () => {
  const restart = { version: "1.1.0", restartAt: "2026-01-01T00:02:00.000Z" };
  assert.match(
    describeStatus({ ...status, restart }),
    /^The box restarts into 1\.1\.0 at 2026-01-01T00:02:00\.000Z; who plays was told$/m,
  );
});

Deno.test("one that is not installed yet, runs already, or is another's change waits for no restart", () => {
  const runs = { ...status.slots!, current: status.slots!.other, other: status.slots!.current };
  const others: Partial<BoxStatus>[] = [
    { pending: undefined },
    { pending: { ...status.pending!, phase: "applying" } },
    { pending: { ...status.pending!, id: "config-0123456789abcdef" } },
    { ownUpdate: undefined },
    { ownUpdate: { ...status.ownUpdate!, phase: "installing" } },
    { slots: runs },
  ];
  for (const other of others) assert.equal(waitsForRestart({ ...status, ...other }), false);
  // An extension is for the version that runs.
  const extension = { ...status.ownUpdate!, version: "1.0.0", extension: true as const };
  assert.equal(waitsForRestart({ ...status, ownUpdate: extension }), true);
});

Deno.test("what was wrong with an update, and with the system that runs, is told", () => {
  const told = describeStatus({
    ...status,
    pending: undefined,
    ownUpdate: { ...status.ownUpdate!, phase: "failed", detail: "the disk is full" },
    lastUpdate: { version: "1.1.0", outcome: "taken-back", detail: "no picture", at: "yesterday" },
    proof: { version: "1.0.0", at: "today", failures: ["no sound"] },
  });
  assert.deepEqual(told.split("\n").slice(1), [
    "Slot b holds 1.1.0, which did not prove itself",
    "Version 1.1.0: the disk is full",
    "Last update, yesterday: no picture",
    "Self-test: no sound",
  ]);
});
