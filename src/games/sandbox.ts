/**
 * Runs a {@linkcode SandboxPlan} and follows it to the end of its last process.
 */
import { appendFile } from "node:fs/promises";
import { libc } from "../../ffi/libc.ts";
import { logger } from "../system/log.ts";
import type { GameExit, GameProcess } from "../media/stages.ts";
import { type Limits, SessionCgroup } from "./cgroup.ts";
import { lines, requireProgram, SEARCH_PATH } from "./command.ts";
import { GameNetwork } from "./network.ts";
import { seccompFilter } from "./seccomp.ts";
import { type SandboxPlan, stageScript } from "./stage_script.ts";

const log = logger("games");

/** fcntl(2). */
const F_SETFD = 2;
const FD_CLOEXEC = 1;

const TAIL_LINES = 200;
/** A game that talks all the time fills no disk. */
const MAX_LOG_BYTES = 2_000_000;
const POLL_MS = 20;
/** By when the sandbox must have told its first process's id. */
const START_TIMEOUT_MS = 15_000;

/** Names of the signals that end programs, by number (signal(7), x86-64 and arm64). */
const SIGNALS: Record<number, Deno.Signal> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

export interface SandboxOptions {
  /** Names the control groups. */
  id: string;
  /** Private folder for the sandbox's files, removed at its end. */
  folder: string;
  limits: Limits;
  logFile: string;
}

/**
 * Starts `plan`.
 *
 * @throws with the output of what failed, where the sandbox could not be built
 */
export async function startSandbox(
  plan: SandboxPlan,
  options: SandboxOptions,
): Promise<GameProcess> {
  for (const program of ["bwrap", "unshare", "setpriv"]) requireProgram(program);
  const warnings: string[] = [];
  const openNetwork = plan.network
    ? GameNetwork.open(plan.privileged ? plan.uid : undefined).catch((error: Error) => {
      log.warn("the game has no network", { session: options.id, error });
      warnings.push(`This game has no network: ${error.message}`);
      return undefined;
    })
    : undefined;
  const cgroup = await SessionCgroup.create(options.id, options.limits).catch(async (error) => {
    await (await openNetwork)?.close();
    throw error;
  });
  const fuseOverlay = !plan.privileged && plan.layers.length > 0 && !await userOverlayWorks();
  if (fuseOverlay) requireProgram("fuse-overlayfs");
  const network = await openNetwork;
  const finished: SandboxPlan = {
    ...plan,
    network: network !== undefined,
    fuseOverlay,
    cgroups: cgroup?.entrances ?? [],
    rlimits: cgroup?.limits !== true
      ? { processes: options.limits.processes, dataBytes: options.limits.memoryBytes }
      : undefined,
  };
  keepDescriptors();
  await Deno.writeFile(plan.seccompFile, seccompFilter());
  await Deno.writeTextFile(plan.infoFile, "");
  const namespaces = plan.privileged || network !== undefined
    ? ["--mount"]
    : ["--user", "--map-root-user", "--mount"];
  const [program, ...args] = [
    ...network?.enter(plan.privileged) ?? [],
    // Ends with this process, until bubblewrap takes that over.
    ...["setpriv", "--pdeathsig", "KILL", "--"],
    ...["unshare", ...namespaces, "--propagation", "private", "--"],
    ...["/bin/sh", "-c", stageScript(finished)],
  ];
  const child = new Deno.Command(requireProgram(program), {
    args,
    env: { PATH: SEARCH_PATH, LC_ALL: "C.UTF-8" },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const sandbox = new Sandbox(child, finished, options, cgroup, network, warnings);
  await sandbox.started();
  log.info("sandbox started", {
    session: options.id,
    limits: cgroup?.limits ? cgroup.describe : "rlimits",
    network: network ? "own" : "none",
    overlay: plan.layers.length === 0 ? "none" : fuseOverlay ? "fuse-overlayfs" : "kernel",
    layers: plan.layers.some((layer) => layer.mounted) ? "erofs" : "unpacked",
  });
  return sandbox;
}

/**
 * Marks every descriptor of this process but its standard ones to be closed in programs it starts.
 * The runtime does so with its own; a library (a graphics driver, say) may not, and whoever started
 * this process may have left some open too.
 */
function keepDescriptors(): void {
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    // The listing's own descriptor is closed by now; to mark a closed one changes nothing.
    if (Number(name) > 2) libc.fcntl(Number(name), F_SETFD, BigInt(FD_CLOEXEC));
  }
}

class Sandbox implements GameProcess {
  readonly exited: Promise<GameExit>;
  #tail: string[] = [];
  #firstProcess: number | undefined;
  #ended = false;
  #killed = false;

  constructor(
    private readonly child: Deno.ChildProcess,
    private readonly plan: SandboxPlan,
    private readonly options: SandboxOptions,
    private readonly cgroup: SessionCgroup | undefined,
    private readonly network: GameNetwork | undefined,
    readonly warnings: string[],
  ) {
    const output = Promise.all([this.#follow(child.stdout), this.#follow(child.stderr)]);
    this.exited = this.#finish(output);
    // Whoever started this learns of a failure by started() or by exited.
    this.exited.catch(() => {});
  }

  /** Resolves when the game's first process has been started. */
  async started(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (this.#firstProcess === undefined) {
      await this.#readInfo();
      if (this.#firstProcess !== undefined) return;
      if (this.#ended) {
        throw new Error(`The sandbox could not be built: ${this.tail().slice(-5).join("; ")}`);
      }
      if (performance.now() > deadline) {
        await this.kill();
        throw new Error(`The sandbox was not ready after ${START_TIMEOUT_MS / 1000} s`);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  tail(): string[] {
    return [...this.#tail];
  }

  terminate(): void {
    if (this.#ended || this.#firstProcess === undefined) return;
    // The sandbox's first process hands it to all others.
    try {
      Deno.kill(this.#firstProcess, "SIGTERM");
    } catch {
      // It has just ended.
    }
  }

  async kill(): Promise<void> {
    if (!this.#ended) {
      this.#killed = true;
      try {
        // The kernel ends all processes of the sandbox with its first one.
        if (this.#firstProcess !== undefined) Deno.kill(this.#firstProcess, "SIGKILL");
        else this.child.kill("SIGKILL");
      } catch {
        // It has just ended.
      }
    }
    await this.exited;
  }

  async #readInfo(): Promise<void> {
    const text = await Deno.readTextFile(this.plan.infoFile).catch(() => "");
    const pid = /"child-pid":\s*(\d+)/.exec(text)?.[1];
    // bubblewrap writes the object in one piece, its end last.
    if (pid !== undefined && text.trimEnd().endsWith("}")) this.#firstProcess = Number(pid);
  }

  async #follow(stream: ReadableStream<Uint8Array>): Promise<void> {
    let written = 0;
    for await (const line of lines(stream)) {
      this.#tail.push(line);
      if (this.#tail.length > TAIL_LINES) this.#tail.shift();
      if (written > MAX_LOG_BYTES) continue;
      written += line.length + 1;
      await appendFile(this.options.logFile, line + "\n").catch(() => {});
    }
  }

  async #finish(output: Promise<unknown>): Promise<GameExit> {
    const status = await this.child.status;
    await this.#readInfo();
    await this.#waitForLast();
    await output;
    await this.network?.close();
    this.#ended = true;
    const outOfMemory = await this.cgroup?.outOfMemory() ?? false;
    await this.cgroup?.remove();
    await Deno.remove(this.options.folder, { recursive: true }).catch(() => {});
    const exit: GameExit = { outOfMemory };
    if (this.#killed) exit.signal = "SIGKILL";
    else if (status.signal !== null) exit.signal = status.signal;
    else if (status.code > 128) exit.signal = SIGNALS[status.code - 128] ?? `${status.code - 128}`;
    else exit.code = status.code;
    return exit;
  }

  /** The sandbox's own end is not enough where bubblewrap was killed before its first process. */
  async #waitForLast(): Promise<void> {
    if (this.cgroup !== undefined) return await this.cgroup.kill();
    const pid = this.#firstProcess;
    if (pid === undefined) return;
    while (await inSandbox(pid)) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** Whether `pid` is still the first process of a process namespace below ours. */
async function inSandbox(pid: number): Promise<boolean> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return /^NSpid:(\t\d+)+\t1$/m.test(status) && !/^State:\tZ/m.test(status);
}

let overlayForUsers: Promise<boolean> | undefined;

/** Whether the kernel lets a plain user mount an overlay in a namespace of their own (Linux 5.11). */
export function userOverlayWorks(): Promise<boolean> {
  overlayForUsers ??= (async () => {
    const folder = await Deno.makeTempDir();
    try {
      const script = `mount -t tmpfs none "$1" && cd "$1" && mkdir l u w m && ` +
        "mount -t overlay -o userxattr,lowerdir=l,upperdir=u,workdir=w none m";
      const { success } = await new Deno.Command(requireProgram("unshare"), {
        args: ["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", folder],
        env: { PATH: SEARCH_PATH },
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).output();
      return success;
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  })();
  return overlayForUsers;
}
