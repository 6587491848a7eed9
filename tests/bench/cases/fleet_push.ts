import assert from "node:assert/strict";
import { join } from "node:path";
import { SimulatedFleet } from "../../fleet/simulated_fleet.ts";
import type { Case } from "../result.ts";
import { summarize } from "../result.ts";

const BUNDLE_BYTES = 5_000_000;

/** Seconds of a line of bash's `times`: `0m1.250s 0m0.310s`, user and system. */
function cpuSeconds(line: string): number {
  const parts = [...line.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}

/** Pushes a bundle and returns wall and processor time of the operator's process and its children. */
async function push(fleet: SimulatedFleet, version: string) {
  const bundle = await fleet.bundle(version, {}, { bytes: BUNDLE_BYTES });
  const { program, args, env } = fleet.operator.command(
    ...["push", "bundle", bundle, "--parallel", "8", "--soak-seconds", "0"],
  );
  const times = join(fleet.folder, "times");
  const started = performance.now();
  const { code, stderr } = await new Deno.Command("bash", {
    args: ["-c", `"$@"; code=$?; times > ${times}; exit $code`, "bash", program, ...args],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const [, children] = (await Deno.readTextFile(times)).split("\n");
  return { wall: (performance.now() - started) / 1000, cpu: cpuSeconds(children) };
}

/**
 * The boxes run on the same machine, so the wall time holds all of their work too. The processor time is
 * the operator's alone: Deno, ssh and rsync, without the shared connections' background processes.
 */
export const fleetPush: Case = {
  name: "fleet-push",
  summary: "a 5 MB bundle to forty simulated boxes, eight at a time",
  async run({ quick, log }) {
    const boxes = quick ? 4 : 40;
    const rounds = quick ? 1 : 3;
    await using fleet = await SimulatedFleet.start(boxes);
    assert.equal((await fleet.fleet("keys", "pin")).code, 0);
    const walls: number[] = [];
    const cpus: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const { wall, cpu } = await push(fleet, `1.${round}.0`);
      log(`${boxes} boxes: ${wall.toFixed(1)} s, operator's processor ${cpu.toFixed(1)} s`);
      walls.push(wall);
      cpus.push(cpu);
    }
    return [
      summarize(`fleet push, ${boxes} boxes, parallel 8: wall time`, "s", walls),
      summarize(`fleet push, ${boxes} boxes, parallel 8: operator's CPU`, "s", cpus),
    ];
  },
};
