/** What the kernel says of a process. */

/** Clock ticks a second of /proc times (sysconf(_SC_CLK_TCK), 100 on all Linux systems Debian runs on). */
const TICKS = 100;

/** CPU time of all threads of a process, user and system, ms (proc_pid_stat(5), utime and stime). */
export function cpuMs(pid: number): number {
  return ticksOf(Deno.readTextFileSync(`/proc/${pid}/stat`)) * 1000 / TICKS;
}

/** CPU time of each thread, ms, by thread id and name. */
export function threadCpuMs(pid: number): Map<string, number> {
  const times = new Map<string, number>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    try {
      const stat = Deno.readTextFileSync(`/proc/${pid}/task/${name}/stat`);
      const title = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      times.set(`${name} ${title}`, ticksOf(stat) * 1000 / TICKS);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return times;
}

function ticksOf(stat: string): number {
  // The second field, the program's name, may hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/** Memory of a process, MB (proc_pid_smaps_rollup). */
export interface Memory {
  /** Everything that is resident, shared or not. */
  rss: number;
  /** Pages that several processes have count in parts. */
  pss: number;
  /** Pages of the process's own. */
  anonymous: number;
}

export function memory(pid: number): Memory {
  const text = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  const megabytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)![1]) * 1024 / 1e6;
  return { rss: megabytes("Rss"), pss: megabytes("Pss"), anonymous: megabytes("Anonymous") };
}
