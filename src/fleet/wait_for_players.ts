/** A box on which somebody plays is changed when they have ended. */
import { type BoxClient, BoxSaysNo } from "./box_client.ts";
import type { BoxStatus } from "./box/protocol.ts";
import { ConnectionFailed } from "./ssh.ts";

/** An operator waits so long for the players of a box, if he says nothing else. */
export const DEFAULT_WAIT_MINUTES = 60;

/** Somebody played for as long as is waited for; what the box runs was not changed. */
export class StillPlayed extends Error {
  override name = "StillPlayed";
}

export interface WaitOptions {
  /** A box is waited for so long in all; 0: not at all. */
  minutes: number;
  /** Ends the waiting. */
  signal: AbortSignal;
  /** Runs the waiting, beside which others may work. */
  aside<T>(wait: () => Promise<T>): Promise<T>;
  /** Called when waiting begins, and where what is waited for changes. `detail`: that, in words. */
  onWait(detail: string): void;
}

/** First and longest pause between two looks: each is a program's start on a box that has a game to run. */
const FIRST_LOOK_MS = 2000;
const MAX_LOOK_MS = 30_000;
/** A box that is away for longer, such as one that was switched off, is not waited for. */
const MAX_AWAY_MS = 5 * 60_000;

/** What the journals say of a push that no operator made (box/own_update.ts). */
const OWN_PUSH = "own";

const played = (count: number) =>
  `${count === 1 ? "1 game is" : `${count} games are`} being played`;

/** Waits for the players of one box. It is the operator's side that waits: without it nothing happens. */
export class PlayersWait {
  /** When it was found out that somebody plays, by performance.now(). */
  #since: number | undefined;
  #waitedMs = 0;
  /** What is in the way, in words. */
  #why = "A game was played";

  constructor(readonly box: BoxClient, readonly options: WaitOptions) {}

  /** How long was waited, in seconds. */
  get seconds(): number {
    return this.#waitedMs / 1000;
  }

  /**
   * Runs `task`; where the box says that somebody plays, again when nobody does.
   *
   * @throws StillPlayed where that is not within the time, and what `task` throws else
   */
  async unlessPlayed<T>(task: () => Promise<T>): Promise<T> {
    const { aside, signal } = this.options;
    for (;;) {
      try {
        return await task();
      } catch (error) {
        if (!(error instanceof BoxSaysNo && error.reason === "busy")) throw error;
        const began = performance.now();
        await aside(() => this.#untilIdle(error)).finally(() => {
          this.#waitedMs += performance.now() - began;
        });
        if (signal.aborted) throw this.#stillPlayed();
      }
    }
  }

  /** @param busy  what the box said, which may be another operator's change that waits there */
  async #untilIdle(busy: BoxSaysNo): Promise<void> {
    const { minutes, signal, onWait } = this.options;
    let told = "";
    for (let pause = FIRST_LOOK_MS;; pause = Math.min(pause * 2, MAX_LOOK_MS)) {
      const { pending, health: { sessions } } = await this.#look();
      // An update of the box's own waits for the same players, and settles itself then.
      const own = pending?.push === OWN_PUSH;
      if (pending !== undefined && !own) throw busy;
      this.#since ??= performance.now();
      if (sessions === 0 && !own) return;
      this.#why = own ? "An update of its own waits there" : played(sessions);
      const left = this.#since + minutes * 60_000 - performance.now();
      if (left <= 0 || signal.aborted) throw this.#stillPlayed();
      if (told !== this.#why) onWait(`${this.#why}; ${minutes} min at most`);
      told = this.#why;
      await sleep(Math.min(pause, left), signal);
    }
  }

  /** Who waits for hours has a network that fails now and then. */
  async #look(): Promise<BoxStatus> {
    const { signal } = this.options;
    const deadline = performance.now() + MAX_AWAY_MS;
    for (;;) {
      try {
        return await this.box.status({ nice: true });
      } catch (error) {
        const passes = error instanceof ConnectionFailed &&
          ["unreachable", "broken"].includes(error.kind) && performance.now() < deadline;
        if (!passes || signal.aborted) throw error;
        await this.box.ssh.disconnect(this.box.host);
        await sleep(MAX_LOOK_MS / 3, signal);
      }
    }
  }

  #stillPlayed(): StillPlayed {
    const { minutes, signal } = this.options;
    const after = signal.aborted
      ? ", and nothing new is begun"
      : minutes > 0
      ? `, also after ${minutes} min of waiting`
      : "";
    return new StillPlayed(`${this.#why}${after}; the box was left alone`);
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
