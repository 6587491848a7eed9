import assert from "node:assert/strict";
import type { BoxStatus } from "../../fleet/box/protocol.ts";
import type { HostReport, PushReport } from "../../fleet/push/push.ts";
import { describeReport, reportExitCode } from "./push_report.ts";

const PUSH = "20261130-120000-0a1b2c";

function measured(p50: number): BoxStatus {
  return {
    name: "box",
    product: "gamelan",
    architecture: "amd64",
    version: "1.0.0",
    health: { service: "running", crashes: 0, sessions: 0, latencyMs: { p50, p90: p50 } },
    freeBytes: 1,
    clock: "2026-11-30T12:00:00Z",
  };
}

const host = (
  name: string,
  outcome: HostReport["outcome"],
  detail: string,
  rest: Partial<HostReport> = {},
): HostReport => ({ host: name, wave: "rest", outcome, detail, seconds: 0, ...rest });

const report = (
  outcome: PushReport["outcome"],
  hosts: HostReport[],
  problem?: string,
): PushReport => ({ push: PUSH, outcome, problem, hosts });

const done = host("living-room", "done", "runs 1.2.0 from slot b", {
  ...{ wave: "canary", seconds: 61.25, before: measured(10.04), after: measured(11.26) },
});
const unchanged = host("den", "unchanged", "runs 1.2.0");
const failed = host("attic", "failed", "The box went back:\n1.2.0 \x1b[31mdid not start", {
  seconds: 180.04,
});
const played = host("shed", "played", "1 game is being played; the box was left alone");
const untouched = host("cellar", "untouched", "not begun");

Deno.test("the report of a push that went well has a row for each box, and the sums", () => {
  assert.equal(
    describeReport(report("done", [done, unchanged])),
    `
box          wave    outcome    time    latency         what
living-room  canary  done       61.3 s  10.0 → 11.3 ms  runs 1.2.0 from slot b
den          rest    unchanged  0.0 s   –               runs 1.2.0

Push ${PUSH}: 1 done, 1 had it already, 0 failed, 0 left to their players, 0 left as they were`
      .trim(),
  );
});

Deno.test("one that was stopped says by which box, what was left, and how to go on", () => {
  const stopped = report("stopped", [done, failed, untouched], `attic: ${failed.detail}`);
  assert.equal(
    describeReport(stopped),
    `
box          wave    outcome    time     latency         what
living-room  canary  done       61.3 s   10.0 → 11.3 ms  runs 1.2.0 from slot b
attic        rest    failed     180.0 s  –               The box went back: 1.2.0 [31mdid not start
cellar       rest    untouched  0.0 s    –               not begun

Push ${PUSH}: 1 done, 0 had it already, 1 failed, 0 left to their players, 1 left as they were
Stopped: attic: The box went back: 1.2.0 [31mdid not start
Go on with: gamelan fleet push --resume`.trim(),
  );
});

Deno.test("boxes that were left to their players are named, and no failure", () => {
  const lines = describeReport(report("incomplete", [done, played])).split("\n");
  assert.match(
    lines[2],
    /^shed +rest +played +0\.0 s +– +1 game is being played; the box was left/,
  );
  assert.deepEqual(lines.slice(3), [
    "",
    `Push ${PUSH}: 1 done, 0 had it already, 0 failed, 1 left to their players, 0 left as they were`,
    "Go on with: gamelan fleet push --resume",
  ]);
});

Deno.test("the exit code tells what a script must know", () => {
  const code = (outcome: PushReport["outcome"], ...hosts: HostReport[]) =>
    reportExitCode(report(outcome, hosts));
  assert.equal(code("done", done, unchanged), 0);
  assert.equal(code("stopped", done, failed), 1);
  assert.equal(code("stopped", done, failed, played), 1);
  assert.equal(code("stopped", failed, untouched), 5);
  assert.equal(code("stopped", played, untouched), 5);
  assert.equal(code("interrupted", done, untouched), 6);
  assert.equal(code("incomplete", done, played), 7);
});
