import type { GameLibrary } from "../games/library.ts";
import type { ImportJob } from "../protocol/library.ts";
import { logger } from "../system/log.ts";

const log = logger("imports");
/** Ended jobs that stay in the list, so that a player who looks later sees what became of them. */
const KEEP_ENDED = 10;
/** Updates of one job go out at most this often. */
const UPDATE_MS = 200;

export interface ImportsHandler {
  update(job: ImportJob): void;
  /** A game was added. */
  changed(): void;
}

/** The imports of a node: one runs, the others wait. */
export class Imports {
  readonly #jobs: ImportJob[] = [];
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;

  constructor(readonly library: Pick<GameLibrary, "import">, readonly handler: ImportsHandler) {}

  list(): ImportJob[] {
    return this.#jobs.map((job) => ({ ...job }));
  }

  /** Queues an import; the same source is not queued twice at a time. */
  add(id: string, source: string): void {
    const same = this.#jobs.find((job) =>
      job.source === source && (job.state === "waiting" || job.state === "running")
    );
    if (same) return this.handler.update({ ...same });
    const job: ImportJob = { id, source, state: "waiting", step: "Waiting", progress: 0 };
    this.#jobs.push(job);
    this.handler.update({ ...job });
    this.#running ??= this.#run();
  }

  /** Stops the running import; what it downloaded is kept for the next try. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      const job = this.#jobs.find((candidate) => candidate.state === "waiting");
      if (!job || this.#abort.signal.aborted) break;
      await this.#import(job);
      while (this.#jobs.length > KEEP_ENDED && this.#jobs[0].state !== "waiting") {
        this.#jobs.shift();
      }
    }
    this.#running = undefined;
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
      Object.assign(job, { state: "failed", step: "Failed", error: (error as Error).message });
    }
    this.handler.update({ ...job });
  }
}
