import { join } from "node:path";
import type { SessionSpec } from "../protocol/session.ts";
import { logSettings } from "../system/log.ts";
import { selfCommand } from "../system/self.ts";

const LOG_OPENED_MS = 5000;
/**
 * V8 lets the young objects of each of a session's four threads grow to 16 MB and more before it
 * looks which are dead; they are few and small, and with 1 MB the process takes 30 MB less. What the
 * start leaves behind is collected once (src/system/freed_memory.ts).
 */
const SMALL_HEAPS = "--max-semi-space-size=1,--expose-gc";
/**
 * The C library keeps what was freed, and an arena for each of twenty threads, against a later need
 * (mallopt(3)): 10 MB after the start. Two arenas suffice: no thread allocates much while a game is
 * played. What is larger than 128 KB is used for long. No program of a session inherits it.
 */
const SMALL_MALLOC = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TRIM_THRESHOLD_: "131072",
};

/** A process that waits to become a session; tests give doubles. */
export interface SessionProcess {
  readonly exited: Promise<{ code: number; signal: Deno.Signal | null }>;
  /** Resolves when it has loaded all it needs; with false where it has ended before. */
  readonly prepared: Promise<boolean>;
  readonly logFile: string;
  assign(spec: SessionSpec, logDir: string): Promise<string>;
  dispose(): Promise<void>;
  removeLog(): void;
}

/**
 * A `gamelan session` process that has loaded its code and waits for its specification on standard
 * input. One is kept ready, so that Play does not wait for a program start.
 *
 * It is started through setsid, because a session outlives the house: neither a Ctrl-C in the
 * house's terminal nor the house's exit may reach it. Its output goes to a file for the same reason.
 */
export class IdleSession implements SessionProcess {
  readonly exited: Promise<Deno.CommandStatus>;
  readonly prepared: Promise<boolean>;
  #used = false;

  private constructor(readonly child: Deno.ChildProcess, readonly logFile: string) {
    this.exited = child.status;
    this.prepared = firstWord(child.stdout);
  }

  /**
   * Starts one; its log goes to `<logDir>/<name>.log` until it gets a session's name.
   *
   * @param program what runs `gamelan session --spec -`; by default as this process runs
   */
  static start(
    logDir: string,
    program: string[] = selfCommand("session", "--spec", "-"),
  ): IdleSession {
    // What a game says and who played it is not for this machine's other users.
    Deno.mkdirSync(logDir, { recursive: true, mode: 0o700 });
    const logFile = join(logDir, `idle-${crypto.randomUUID().slice(0, 8)}.log`);
    const script = 'log=$1; shift; exec "$@" 2>>"$log"';
    const [command, ...args] = ["setsid", "sh", "-c", script, "sh", logFile, ...program];
    const child = new Deno.Command(command, {
      args,
      stdin: "piped",
      stdout: "piped",
      env: {
        GAMELAN_LOG_LEVEL: logSettings.level,
        DENO_V8_FLAGS: SMALL_HEAPS,
        ...SMALL_MALLOC,
      },
    }).spawn();
    child.unref();
    return new IdleSession(child, logFile);
  }

  /** Makes it the session of `spec`. Returns the path of its log, which is kept. */
  async assign(spec: SessionSpec, logDir: string): Promise<string> {
    this.#used = true;
    const kept = join(logDir, `${spec.id}.log`);
    await this.#logOpened();
    Deno.renameSync(this.logFile, kept);
    const writer = this.child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(spec) + "\n"));
    await writer.close();
    return kept;
  }

  /** A process that was started just now may not have opened its log yet. */
  async #logOpened(): Promise<void> {
    const deadline = Date.now() + LOG_OPENED_MS;
    while (Date.now() < deadline) {
      try {
        await Deno.stat(this.logFile);
        return;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new Error(`the session's process did not open its log ${this.logFile}`);
  }

  /** Ends an unused one; the end of its input tells it to go. */
  async dispose(): Promise<void> {
    if (this.#used) return;
    this.#used = true;
    await this.child.stdin.close().catch(() => {});
    await this.exited;
    this.removeLog();
  }

  /** Removes the log of one that never became a session. */
  removeLog(): void {
    try {
      Deno.removeSync(this.logFile);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Whether something comes; resolves when it does, or nothing will. */
async function firstWord(stream: ReadableStream<Uint8Array>): Promise<boolean> {
  const reader = stream.getReader();
  try {
    const { done } = await reader.read();
    await reader.cancel();
    return !done;
  } catch {
    // It broke off.
    return false;
  }
}

/**
 * Removes all but the newest `keep` logs of sessions, and those of idle processes of a house that was
 * killed. Only before a process of this house is prepared.
 */
export function clearLogs(logDir: string, keep: number): void {
  const logs: { path: string; changed: number }[] = [];
  try {
    for (const { name } of Deno.readDirSync(logDir)) {
      const path = join(logDir, name);
      if (name.startsWith("idle-")) Deno.removeSync(path);
      else logs.push({ path, changed: Deno.statSync(path).mtime?.getTime() ?? 0 });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  logs.sort((a, b) => b.changed - a.changed);
  for (const { path } of logs.slice(keep)) Deno.removeSync(path);
}

/** The last lines of a session's log, for the reason of a crash. */
export function logTail(path: string, lines: number): string[] {
  try {
    return Deno.readTextFileSync(path).trimEnd().split("\n").slice(-lines);
  } catch {
    return [];
  }
}
