import { OfflineError } from "../games/apt.ts";
import type { GameLibrary } from "../games/library.ts";
import type { ImportJob } from "../protocol/library.ts";
import { logger } from "../system/log.ts";

const log = logger("imports");
/** Ended jobs that stay in the list, so that a player who looks later sees what became of them. */
const KEEP_ENDED = 10;
/** Without network an import is tried again after the first pause; each is twice the one before. */
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 300_000;
/** Updates of one job go out at most this often. */
const UPDATE_MS = 200;

export interface ImportsHandler {
  update(job: ImportJob): void;
  /** A game was added. */
  changed(): void;
}

/**
 * The imports of a node: one runs, the others wait. One that fails for want of a network waits until
 * there is one; asking for it again tries at once.
 */
export class Imports {
  readonly #jobs: ImportJob[] = [];
  /** Those without network, by id. */
  readonly #paused = new Map<string, { timer?: ReturnType<typeof setTimeout>; ms: number }>();
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;

  constructor(
    readonly library: Pick<GameLibrary, "import">,
    readonly handler: ImportsHandler,
    readonly firstPauseMs = FIRST_PAUSE_MS,
  ) {}

  list(): ImportJob[] {
    return this.#jobs.map((job) => ({ ...job }));
  }

  /** Queues an import; the same source is not queued twice at a time. */
  add(id: string, source: string): void {
    const same = this.#jobs.find((job) =>
      job.source === source && (job.state === "waiting" || job.state === "running")
    );
    if (same) {
      this.handler.update({ ...same });
      return this.#resume(same.id);
    }
    const job: ImportJob = { id, source, state: "waiting", step: "Waiting", progress: 0 };
    this.#jobs.push(job);
    this.handler.update({ ...job });
    this.#running ??= this.#run();
  }

  /** Shows that something could not even begin to be imported. */
  refuse(id: string, source: string, error: string): void {
    log.warn("import refused", { source, error });
    const job: ImportJob = { id, source, state: "failed", step: "Failed", progress: 0, error };
    this.#jobs.push(job);
    this.handler.update({ ...job });
  }

  /** Stops the running import; what it downloaded is kept for the next try. */
  async close(): Promise<void> {
    this.#abort.abort();
    for (const { timer } of this.#paused.values()) clearTimeout(timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      const job = this.#jobs.find(({ id, state }) => state === "waiting" && !this.#isPaused(id));
      if (!job || this.#abort.signal.aborted) break;
      await this.#import(job);
      while (this.#jobs.length > KEEP_ENDED && this.#jobs[0].state !== "waiting") {
        this.#jobs.shift();
      }
    }
    this.#running = undefined;
  }

  #isPaused(id: string): boolean {
    return this.#paused.get(id)?.timer !== undefined;
  }

  #pause(job: ImportJob): void {
    const before = this.#paused.get(job.id)?.ms;
    const ms = before ? Math.min(LONGEST_PAUSE_MS, 2 * before) : this.firstPauseMs;
    const timer = setTimeout(() => this.#resume(job.id), ms);
    this.#paused.set(job.id, { timer, ms });
    const step = "No way to Debian's mirror; goes on when there is a network";
    Object.assign(job, { state: "waiting", step, progress: 0 });
  }

  #resume(id: string): void {
    const paused = this.#paused.get(id);
    if (!paused?.timer) return;
    clearTimeout(paused.timer);
    this.#paused.set(id, { ...paused, timer: undefined });
    this.#running ??= this.#run();
  }

  async #import(job: ImportJob): Promise<void> {
    job.state = "running";
    let sentAt = 0;
    try {
      const game = await this.library.import(job.source, {
        signal: this.#abort.signal,
        onProgress: (step, progress) => {
          const changed = step !== job.step;
          job.step = step;
          job.progress = progress;
          if (!changed && Date.now() - sentAt < UPDATE_MS) return;
          sentAt = Date.now();
          this.handler.update({ ...job });
        },
      });
      Object.assign(job, { state: "done", step: "Ready to play", progress: 1, gameId: game.id });
      this.handler.changed();
    } catch (error) {
      log.warn("import failed", { source: job.source, error });
      if (error instanceof OfflineError && !this.#abort.signal.aborted) {
        this.#pause(job);
        return this.handler.update({ ...job });
      }
      Object.assign(job, { state: "failed", step: "Failed", error: (error as Error).message });
    }
    this.#paused.delete(job.id);
    this.handler.update({ ...job });
  }
}

/** An id for an import that this machine begins by itself. */
export function importId(): string {
  return `import-${crypto.randomUUID().slice(0, 8)}`;
}
