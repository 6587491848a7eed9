import type { SessionState, StartStep } from "../protocol/session.ts";

/** What happens to a session. */
export type LifeEvent =
  | { type: "step"; step: StartStep }
  /** The game showed its first picture. */
  | { type: "first-frame" }
  /** How many viewers are connected now. */
  | { type: "viewers"; count: number }
  /** Whether a node agent is on the control socket. */
  | { type: "agent"; present: boolean }
  /** Somebody asked for the end. */
  | { type: "end"; reason: string }
  /** All processes of the game are gone. `failure`: why, where it did not end by itself in good order. */
  | { type: "game-exited"; failure?: string }
  /** A stage of the session cannot go on. */
  | { type: "failed"; reason: string }
  /** Time passed. */
  | { type: "tick" };

/** What the session is to do about it. */
export type LifeAction = "request-close" | "terminate" | "kill" | "finish";

export interface LifeLimits {
  /** The game runs on for this long with nobody watching. */
  graceMs: number;
  /** The session lives this long with neither an agent nor a viewer. */
  orphanMs: number;
  /** From Play to the first picture. */
  startMs: number;
  /** From the close request to SIGTERM, from SIGTERM to SIGKILL, and from there to the end anyhow. */
  closeMs: number;
  terminateMs: number;
  killMs: number;
}

export const defaultLimits: LifeLimits = {
  graceMs: 300_000,
  orphanMs: 120_000,
  startMs: 120_000,
  closeMs: 3_000,
  terminateMs: 4_000,
  killMs: 10_000,
};

/**
 * The life of a session as a state machine without clock, timers or processes.
 *
 * ```
 * starting ──first frame──▶ playing ◀──viewers──▶ unwatched
 *     │                        │                      │ grace over
 *     └────────────end─────────┴──────▶ ending ◀──────┘
 *                                         │ the game is gone
 *                failed ◀── any        ended
 * ```
 * Every call takes the time in ms and returns the actions that are due, each of them once.
 */
export class SessionLife {
  state: SessionState = "starting";
  step: StartStep = "process";
  reason: string | undefined;
  #viewers = 0;
  #agent = true;
  #gameGone = false;
  #stateSince: number;
  #unwatchedSince: number;
  #orphanSince = Infinity;
  #endingStage: "close" | "terminate" | "kill" = "close";

  constructor(readonly limits: LifeLimits, nowMs: number) {
    this.#stateSince = nowMs;
    this.#unwatchedSince = nowMs;
  }

  get over(): boolean {
    return this.state === "ended" || this.state === "failed";
  }

  /** Applies an event at time `nowMs` and returns what to do, in order. */
  apply(event: LifeEvent, nowMs: number): LifeAction[] {
    if (this.over) return [];
    switch (event.type) {
      case "step":
        if (this.state === "starting") this.step = event.step;
        return [];
      case "first-frame":
        if (this.state === "starting") {
          this.step = "first-frame";
          this.#enter(this.#viewers > 0 ? "playing" : "unwatched", nowMs);
        }
        return [];
      case "viewers":
        if (this.#viewers > 0 && event.count === 0) this.#unwatchedSince = nowMs;
        this.#viewers = event.count;
        this.#trackOrphan(nowMs);
        if (this.state === "playing" && event.count === 0) this.#enter("unwatched", nowMs);
        else if (this.state === "unwatched" && event.count > 0) this.#enter("playing", nowMs);
        return [];
      case "agent":
        this.#agent = event.present;
        this.#trackOrphan(nowMs);
        return [];
      case "end":
        return this.#beginEnding(event.reason, nowMs);
      case "game-exited":
        this.#gameGone = true;
        if (this.state === "starting") {
          return this.#fail(
            event.failure ?? "The game ended before it showed a picture",
            nowMs,
          );
        }
        if (event.failure && this.state !== "ending") return this.#fail(event.failure, nowMs);
        this.reason ??= "The game was closed";
        this.#enter("ended", nowMs);
        return ["finish"];
      case "failed":
        return this.#fail(event.reason, nowMs);
      case "tick":
        return this.#tick(nowMs);
    }
  }

  #enter(state: SessionState, nowMs: number): void {
    this.state = state;
    this.#stateSince = nowMs;
  }

  #trackOrphan(nowMs: number): void {
    const orphan = !this.#agent && this.#viewers === 0;
    if (!orphan) this.#orphanSince = Infinity;
    else if (this.#orphanSince === Infinity) this.#orphanSince = nowMs;
  }

  #beginEnding(reason: string, nowMs: number): LifeAction[] {
    if (this.state === "ending") return [];
    this.reason = reason;
    if (this.#gameGone) {
      this.#enter("ended", nowMs);
      return ["finish"];
    }
    this.#enter("ending", nowMs);
    return ["request-close"];
  }

  #fail(reason: string, nowMs: number): LifeAction[] {
    this.reason = reason;
    this.#enter("failed", nowMs);
    return this.#gameGone ? ["finish"] : ["kill", "finish"];
  }

  #tick(nowMs: number): LifeAction[] {
    const { limits } = this;
    if (this.state === "ending") {
      const waited = nowMs - this.#stateSince;
      if (this.#endingStage === "close" && waited >= limits.closeMs) {
        this.#endingStage = "terminate";
        return ["terminate"];
      }
      const untilKill = limits.closeMs + limits.terminateMs;
      if (this.#endingStage === "terminate" && waited >= untilKill) {
        this.#endingStage = "kill";
        return ["kill"];
      }
      // There may be no game yet to end: its start hangs.
      if (this.#endingStage === "kill" && waited >= untilKill + limits.killMs) {
        this.#enter("ended", nowMs);
        return ["finish"];
      }
      return [];
    }
    if (this.state === "starting" && nowMs - this.#stateSince >= limits.startMs) {
      const seconds = Math.round(limits.startMs / 1000);
      return this.#fail(`The game showed no picture within ${seconds} s`, nowMs);
    }
    if (nowMs - this.#orphanSince >= limits.orphanMs) {
      return this.#beginEnding("The house that started this session did not come back", nowMs);
    }
    if (this.#viewers === 0 && nowMs - this.#unwatchedSince >= limits.graceMs) {
      const minutes = Math.round(limits.graceMs / 6000) / 10;
      return this.#beginEnding(`Nobody watched for ${minutes} min`, nowMs);
    }
    return [];
  }
}
