/** What of a house or a session is still on the machine. */
import { until } from "./browser.ts";

export interface Leftovers {
  /** `pid command line` */
  processes: string[];
  mounts: string[];
  cgroups: string[];
}

/** A running process as /proc shows it (proc(5)). */
interface Process {
  pid: number;
  command: string;
  environment: string;
  cgroup: string;
}

function processes(): Process[] {
  const found: Process[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const read = (file: string) => Deno.readTextFileSync(`/proc/${name}/${file}`);
      if (/^State:\tZ/m.test(read("status"))) continue;
      found.push({
        pid: Number(name),
        command: read("cmdline").replaceAll("\0", " ").trim(),
        environment: read("environ"),
        cgroup: read("cgroup"),
      });
    } catch {
      // It has just ended.
    }
  }
  return found;
}

/** Processes of the session's game, in its sandbox. */
export function gameProcesses(sessionId: string): { pid: number; command: string }[] {
  return processes().filter(({ cgroup }) => cgroup.includes(`/${sessionId}.`));
}

/** Processes called `gamelan session` that the house with this data directory started. */
export function sessionProcesses(dataDir: string): number[] {
  return processes().filter(({ command, environment }) =>
    environment.includes(`GAMELAN_TEST_HOUSE=${dataDir}\0`) && command.includes("session --spec -")
  ).map(({ pid }) => pid);
}

/** The process of one session: the one that its control groups are named after. */
export function sessionProcess(sessionId: string): number {
  for (const { cgroup } of processes()) {
    const match = new RegExp(`/${sessionId}\\.(\\d+)`).exec(cgroup);
    if (match) return Number(match[1]);
  }
  throw new Error(`session ${sessionId} has no game that runs`);
}

/** Everything that carries `mark`: a session's id, or a house's data directory. */
export async function leftovers(mark: string): Promise<Leftovers> {
  const mounts = Deno.readTextFileSync("/proc/self/mountinfo").split("\n");
  const { stdout } = await new Deno.Command("find", {
    args: ["/sys/fs/cgroup", "-type", "d", "-name", `${mark}.*`],
    stderr: "null",
  }).output();
  return {
    processes: processes().filter(({ command, environment, cgroup }) =>
      [command, environment, cgroup].some((text) => text.includes(mark))
    ).map(({ pid, command }) => `${pid} ${command}`),
    mounts: mounts.filter((line) => line.includes(mark)),
    cgroups: new TextDecoder().decode(stdout).split("\n").filter((line) => line !== ""),
  };
}

/** Waits until nothing with `mark` is left; throws with what is. */
export async function nothingLeft(mark: string, timeoutMs = 10_000): Promise<void> {
  let left: Leftovers | undefined;
  try {
    await until("nothing left", async () => {
      left = await leftovers(mark);
      return Object.values(left).flat().length === 0;
    }, timeoutMs);
  } catch {
    throw new Error(`expected nothing left of ${mark}, got ${JSON.stringify(left, null, 2)}`);
  }
}
