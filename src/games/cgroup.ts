/**
 * Control groups: limits of a session's game and the list of its processes.
 *
 * Version 2 where this process may make groups with the controllers it needs (as root, or in a
 * delegated service), version 1 hierarchies otherwise; a system with both (`unified/` without
 * controllers) gets the limits from version 1 and the killing from version 2.
 */
import { basename, dirname, join } from "node:path";

export interface Limits {
  /** Most memory of all processes together, with the files they hold in memory. */
  memoryBytes: number;
  /** Most processes and threads. */
  processes: number;
  /** Processors' worth of time; undefined: as much as there is. */
  cpus?: number;
}

const CONTROLLERS = ["memory", "pids", "cpu"];
const SETTLE_MS = 10;
const SETTLE_TRIES = 300;

/** A hierarchy and this process's group in it. */
export interface Hierarchy {
  version: 1 | 2;
  /** Version 1 only. */
  controllers: string[];
  folder: string;
}

/**
 * Reads where this process's groups are.
 *
 * @param mountinfo  /proc/self/mountinfo (proc_pid_mountinfo(5))
 * @param groups  /proc/self/cgroup (cgroups(7))
 */
export function parseHierarchies(mountinfo: string, groups: string): Hierarchy[] {
  const found: Hierarchy[] = [];
  for (const line of mountinfo.split("\n")) {
    const match = /^\d+ \d+ \S+ (\S+) (\S+) .* - (cgroup2?) \S+ (\S+)$/.exec(line);
    if (match === null) continue;
    const [, root, mount, type, options] = match;
    const names = options.split(",");
    const own = groups.split("\n").map((group) => group.split(":")).find(([, controllers]) =>
      type === "cgroup2"
        ? controllers === ""
        : controllers !== "" && controllers?.split(",").every((name) => names.includes(name))
    );
    if (own === undefined) continue;
    const path = own.slice(2).join(":");
    const inner = root === "/" ? path : path.startsWith(root) ? path.slice(root.length) : undefined;
    if (inner === undefined || inner.includes("..")) continue;
    found.push({
      version: type === "cgroup2" ? 2 : 1,
      controllers: type === "cgroup2" ? [] : own[1].split(","),
      folder: join(mount, inner).replace(/(.)\/$/, "$1"),
    });
  }
  return found;
}

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(() => "");
}

/** Writes one value; false where the kernel or its rights refuse it. */
async function set(path: string, value: string | number): Promise<boolean> {
  return await Deno.writeTextFile(path, String(value), { create: false }).then(
    () => true,
    () => false,
  );
}

/** The groups of one session. */
export class SessionCgroup {
  constructor(
    private readonly folders: string[],
    private readonly version2: string | undefined,
    private readonly memory?: { version: 1 | 2; folder: string },
    private readonly applied: string[] = [],
  ) {}

  /** What of the limits holds, such as `memory, pids, cpu (cgroup v1)`; "" where none does. */
  get describe(): string {
    if (this.applied.length === 0) return "";
    const version = this.memory?.version ?? (this.folders.at(-1) === this.version2 ? 2 : 1);
    return `${this.applied.join(", ")} (cgroup v${version})`;
  }

  /** Whether memory and processes are limited, so that nothing else must. */
  get limits(): boolean {
    return this.applied.includes("memory") && this.applied.includes("pids");
  }

  /**
   * Makes groups for a session.
   *
   * @returns undefined where this process may make none
   */
  static async create(id: string, limits: Limits): Promise<SessionCgroup | undefined> {
    const hierarchies = parseHierarchies(
      await read("/proc/self/mountinfo"),
      await read("/proc/self/cgroup"),
    );
    const name = `${id}.${Deno.pid}`;
    const folders: string[] = [];
    const applied: string[] = [];
    const groups = new Map<string, string>();
    for (const hierarchy of hierarchies) {
      if (hierarchy.version !== 1) continue;
      const wanted = hierarchy.controllers.filter((one) => CONTROLLERS.includes(one));
      if (wanted.length === 0) continue;
      const folder = await makeGroup(join(hierarchy.folder, "gamelan"), name);
      if (folder === undefined) continue;
      folders.push(folder);
      for (const controller of wanted) groups.set(controller, folder);
    }
    const limited = groups.size > 0;
    const unified = hierarchies.find((hierarchy) => hierarchy.version === 2);
    const version2 = unified === undefined
      ? undefined
      : await makeVersion2(unified.folder, name, !limited);
    if (version2 !== undefined) folders.push(version2);
    if (folders.length === 0) return undefined;

    let memory: { version: 1 | 2; folder: string } | undefined;
    if (limited) {
      if (await applyVersion1(groups, limits, applied)) {
        memory = { version: 1, folder: groups.get("memory")! };
      }
      return new SessionCgroup(folders, version2, memory, applied);
    }
    if (await applyVersion2(version2!, limits, applied)) {
      memory = { version: 2, folder: version2! };
    }
    return new SessionCgroup(folders, version2, memory, applied);
  }

  /** Files to which a process writes `0` to enter. */
  get entrances(): string[] {
    return this.folders.map((folder) => join(folder, "cgroup.procs"));
  }

  /** Process ids in the groups, as this process sees them. */
  async processes(): Promise<number[]> {
    const found = new Set<number>();
    for (const entrance of this.entrances) {
      for (const pid of (await read(entrance)).split("\n")) if (pid !== "") found.add(Number(pid));
    }
    return [...found];
  }

  /** Whether the memory limit has ended a process. */
  async outOfMemory(): Promise<boolean> {
    if (this.memory === undefined) return false;
    const file = this.memory.version === 2 ? "memory.events" : "memory.oom_control";
    const kills = /^oom_kill (\d+)$/m.exec(await read(join(this.memory.folder, file)))?.[1];
    return Number(kills ?? 0) > 0;
  }

  /** Kills every process in the groups and resolves when none is left. */
  async kill(): Promise<void> {
    for (let tries = 0; tries < SETTLE_TRIES; tries++) {
      const pids = await this.processes();
      if (pids.length === 0) return;
      if (this.version2 !== undefined) await set(join(this.version2, "cgroup.kill"), 1);
      for (const pid of pids) {
        try {
          Deno.kill(pid, "SIGKILL");
        } catch {
          // It has ended meanwhile.
        }
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    }
    throw new Error(`Processes ${(await this.processes()).join(", ")} do not end when killed`);
  }

  /** Removes the empty groups. */
  async remove(): Promise<void> {
    for (const folder of this.folders) {
      for (let tries = 0; tries < SETTLE_TRIES; tries++) {
        // A group is busy for a moment after its last process ended.
        if (await Deno.remove(folder).then(() => true, () => false)) break;
        if (!await Deno.stat(folder).then(() => true, () => false)) break;
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      }
    }
  }
}

/**
 * Kills what is left in the groups of a session whose process has died, and removes them.
 *
 * @param id  as given to {@linkcode SessionCgroup.create}
 */
export async function killSessionGroups(id: string): Promise<void> {
  const hierarchies = parseHierarchies(
    await read("/proc/self/mountinfo"),
    await read("/proc/self/cgroup"),
  );
  for (const { version, folder } of hierarchies) {
    const base = folder.endsWith("/gamelan-supervisor") ? dirname(folder) : folder;
    const parent = join(base, "gamelan");
    const names = await namesIn(parent);
    const folders = names.filter((name) => name.startsWith(`${id}.`))
      .map((name) => join(parent, name));
    if (folders.length === 0) continue;
    const groups = new SessionCgroup(folders, version === 2 ? folders[0] : undefined);
    await groups.kill();
    await groups.remove();
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Makes `parent/name`; removes what dead sessions left beside it. */
async function makeGroup(parent: string, name: string): Promise<string | undefined> {
  const folder = join(parent, name);
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch {
    return undefined;
  }
  for await (const entry of Deno.readDir(parent)) {
    const pid = /\.(\d+)$/.exec(entry.name)?.[1];
    if (!entry.isDirectory || pid === undefined) continue;
    const alive = await Deno.stat(`/proc/${pid}`).then(() => true, () => false);
    if (!alive) await Deno.remove(join(parent, entry.name)).catch(() => {});
  }
  return folder;
}

/**
 * Makes a version 2 group. With `controllers` it can limit where that is allowed: its parents hand the
 * controllers down, for which a group may hold no processes of its own, so ours move aside.
 */
async function makeVersion2(
  own: string,
  name: string,
  controllers: boolean,
): Promise<string | undefined> {
  if (!controllers || !await isDelegated(own)) return await makeGroup(join(own, "gamelan"), name);
  const base = own.endsWith("/gamelan-supervisor") ? dirname(own) : own;
  if (!await handDown(base)) {
    const aside = join(base, "gamelan-supervisor");
    if (!await Deno.mkdir(aside, { recursive: true }).then(() => true, () => false)) return;
    for (const pid of (await read(join(base, "cgroup.procs"))).split("\n")) {
      if (pid !== "") await set(join(aside, "cgroup.procs"), pid);
    }
    await handDown(base);
  }
  const folder = await makeGroup(join(base, "gamelan"), name);
  if (folder !== undefined) await handDown(join(base, "gamelan"));
  return folder;
}

/** The unit of systemd that a version 2 group is, with the options that name its manager. */
export function unitOf(folder: string): { name: string; manager: string[] } | undefined {
  const name = basename(folder);
  if (!/.\.(?:service|scope)$/.test(name)) return undefined;
  return { name, manager: /\/user@\d+\.service\//.test(folder) ? ["--user"] : [] };
}

/**
 * Whether a group may get others with limits below it. A unit that systemd keeps for itself, such as the
 * login that Gamelan was started from, may not: what else runs there would have to move, and systemd
 * could not start the unit again (systemd's CGROUP_DELEGATION, "Two Key Design Rules").
 */
async function isDelegated(folder: string): Promise<boolean> {
  const unit = unitOf(folder);
  if (unit === undefined) return true;
  const args = [...unit.manager, "show", "--value", "--property=Delegate", unit.name];
  const said = await new Deno.Command("systemctl", { args, stdin: "null", stderr: "null" }).output()
    .then(({ stdout }) => new TextDecoder().decode(stdout).trim(), () => "");
  // In a container that only bears such a name nobody answers.
  return said !== "no";
}

/**
 * Hands the controllers down to the groups below, all at once: the kernel would hand some of them down
 * beside processes too, and make it a threaded group, below which none takes a process (cgroups(7),
 * "Cgroups v2 thread mode").
 *
 * @returns whether it was done
 */
async function handDown(folder: string): Promise<boolean> {
  const there = (await read(join(folder, "cgroup.controllers"))).trim().split(" ");
  const wanted = CONTROLLERS.filter((controller) => there.includes(controller));
  if (wanted.length === 0) return false;
  // With memory the kernel itself refuses that. The root, which has no type, may have both.
  const isRoot = await read(join(folder, "cgroup.type")) === "";
  if (!isRoot && !wanted.includes("memory") && await read(join(folder, "cgroup.procs")) !== "") {
    return false;
  }
  return await set(
    join(folder, "cgroup.subtree_control"),
    wanted.map((controller) => `+${controller}`).join(" "),
  );
}

async function applyVersion1(
  groups: Map<string, string>,
  limits: Limits,
  applied: string[],
): Promise<boolean> {
  const at = (controller: string, file: string) => join(groups.get(controller) ?? "/none", file);
  const memory = await set(at("memory", "memory.limit_in_bytes"), limits.memoryBytes);
  if (memory) {
    applied.push("memory");
    await set(at("memory", "memory.memsw.limit_in_bytes"), limits.memoryBytes);
  }
  if (await set(at("pids", "pids.max"), limits.processes)) applied.push("pids");
  if (limits.cpus !== undefined) {
    const quota = Math.round(limits.cpus * 100_000);
    if (await set(at("cpu", "cpu.cfs_quota_us"), quota)) applied.push("cpu");
  }
  return memory;
}

async function applyVersion2(
  folder: string,
  limits: Limits,
  applied: string[],
): Promise<boolean> {
  const memory = await set(join(folder, "memory.max"), limits.memoryBytes);
  if (memory) {
    applied.push("memory");
    await set(join(folder, "memory.swap.max"), 0);
    // Half a game is no game: the whole group ends together.
    await set(join(folder, "memory.oom.group"), 1);
  }
  if (await set(join(folder, "pids.max"), limits.processes)) applied.push("pids");
  if (limits.cpus !== undefined) {
    const quota = `${Math.round(limits.cpus * 100_000)} 100000`;
    if (await set(join(folder, "cpu.max"), quota)) applied.push("cpu");
  }
  return memory;
}
