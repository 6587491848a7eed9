import { join } from "node:path";
import { killSessionGroups } from "../games/cgroup.ts";
import { logger } from "../system/log.ts";

const log = logger("node");
const SETTLE_MS = 20;
/** An X server ends by itself when its compositor is gone; after this it is killed. */
const X_SERVER_MS = 1000;

/**
 * Removes what a session that was killed could not clear up itself: processes still in its control
 * groups and the groups, its X server's lock and socket, mounts below its directory, and that.
 *
 * The game's sandbox and the sound server die with the session by themselves; this makes sure of it.
 * Never throws: what cannot be removed is logged.
 */
export async function removeLeftovers(runDir: string, sessionId: string): Promise<void> {
  const step = async (what: string, remove: () => Promise<void>) => {
    try {
      await remove();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      log.warn("something of a dead session was not removed", { session: sessionId, what, error });
    }
  };
  await step("processes", () => killSessionGroups(sessionId));
  await step("X server", () => releaseDisplay(join(runDir, "x11-display")));
  for (const point of mountsBelow(runDir, Deno.readTextFileSync("/proc/self/mountinfo"))) {
    await step(point, () => unmount(point));
  }
  await step(runDir, () => Deno.remove(runDir, { recursive: true }));
}

/**
 * Mount points at or below a directory, innermost first.
 *
 * @param mountinfo  /proc/self/mountinfo (proc_pid_mountinfo(5))
 */
export function mountsBelow(directory: string, mountinfo: string): string[] {
  const points = mountinfo.split("\n").filter((line) => line !== "").map((line) =>
    line.split(" ")[4].replace(
      /\\([0-7]{3})/g,
      (_, octal) => String.fromCharCode(parseInt(octal, 8)),
    )
  );
  return points.filter((point) => point === directory || point.startsWith(directory + "/"))
    .reverse();
}

async function unmount(point: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("umount", {
    args: ["--lazy", point],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
}

/** `file`: display number and process id of the X server, as the session wrote them. */
async function releaseDisplay(file: string): Promise<void> {
  const [, number, pid] = /^(\d+) (\d+)\n$/.exec(await Deno.readTextFile(file)) ?? [];
  if (number === undefined) return;
  const lock = `/tmp/.X${number}-lock`;
  // The number may be another session's by now.
  if (Number(await Deno.readTextFile(lock)) !== Number(pid)) return;
  const deadline = Date.now() + X_SERVER_MS;
  while (await isXServer(pid)) {
    if (Date.now() > deadline) Deno.kill(Number(pid), "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }
  await Deno.remove(`/tmp/.X11-unix/X${number}`).catch(() => {});
  await Deno.remove(lock);
}

async function isXServer(pid: string): Promise<boolean> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return /^Name:\tXwayland$/m.test(status) && !/^State:\tZ/m.test(status);
}
