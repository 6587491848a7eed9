/** A change of one box, from the question whether it needs it to its confirmation. */
import { type BoxClient, BoxSaysNo } from "../box_client.ts";
import { WARNING_SECONDS } from "../box/players.ts";
import type { BoxReason, BoxStatus } from "../box/protocol.ts";
import type { Slot } from "../slots.ts";
import { ConnectionFailed } from "../ssh.ts";
import { transfer } from "../transfer.ts";
import { PlayersWait, StillPlayed } from "../wait_for_players.ts";
import type { Content, RequestBase } from "./content.ts";
import { blessingProblem, type GateBounds, healthProblem, isBlessed } from "./gate.ts";

/** What a box is at, in the order of a push. */
export type Step =
  | "checking"
  | "waits for players"
  | "sending"
  | "applying"
  | "rebooting"
  | "measuring"
  | "confirming";

export interface HostResult {
  /** `unchanged`: the box had it already. `played`: somebody plays there, so it was left alone. */
  outcome: "done" | "unchanged" | "failed" | "played";
  /** Why it failed or was left, for programs. */
  reason?: BoxReason | ConnectionFailed["kind"];
  /** A sentence for the report. */
  detail: string;
  /** How long its players were waited for, where they were. */
  waitedSeconds?: number;
  before?: BoxStatus;
  after?: BoxStatus;
}

export interface HostPushOptions {
  base: RequestBase;
  bounds: GateBounds;
  /** A reboot may take so long, in seconds. */
  bootSeconds: number;
  /** A box on which somebody plays is waited for so long, in minutes. */
  waitMinutes: number;
  /** Ends that waiting; what was begun goes on. */
  giveUpWaiting: AbortSignal;
  slot: Slot;
  /** From an interrupted push: how the box was before it. */
  before?: BoxStatus;
  onStep(step: Step, detail?: string): void;
  /** Called before anything is changed. */
  onBefore(before: BoxStatus): void;
}

const TRANSFER_TRIES = 5;
const PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;
/** A start that takes longer is asked for in between. */
const MAX_START_SECONDS = 300;
/** A service that was just restarted needs a moment. */
const SERVICE_SECONDS = 60;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Changes one box. Never throws: what went wrong is the result. */
export async function pushToHost(
  box: BoxClient,
  content: Content,
  options: HostPushOptions,
): Promise<HostResult> {
  const push = new HostPush(box, content, options);
  const result = await push.run().catch((error) => push.failed(error));
  return { ...result, waitedSeconds: push.waitedSeconds };
}

class HostPush {
  #before: BoxStatus | undefined;
  /** The change is on the box and not confirmed. */
  #provisional = false;
  readonly #players: PlayersWait;

  constructor(
    readonly box: BoxClient,
    readonly content: Content,
    readonly options: HostPushOptions,
  ) {
    this.#before = options.before;
    this.#players = new PlayersWait(box, {
      minutes: options.waitMinutes,
      signal: options.giveUpWaiting,
      aside: (wait) => options.slot.aside(wait),
      onWait: (detail) => options.onStep("waits for players", detail),
    });
  }

  get waitedSeconds(): number | undefined {
    return this.#players.seconds || undefined;
  }

  async run(): Promise<HostResult> {
    // Each time from the start: in the meantime somebody else may have brought the box something.
    return await this.#players.unlessPlayed(() => this.#change());
  }

  async #change(): Promise<HostResult> {
    const { onStep, base } = this.options;
    onStep("checking");
    const request = this.content.request(this.box.host, base);
    // One that an interrupted push had begun with may be restarting.
    const patience = this.#before === undefined ? 0 : this.options.bootSeconds;
    let prepared = await this.#retried(() => this.box.prepare(request), patience);
    if (prepared.outcome === "nothing-to-do") {
      return { outcome: "unchanged", detail: prepared.detail };
    }
    if (prepared.outcome === "provisional") {
      this.#provisional = true;
      return await this.#confirm(prepared.id);
    }
    if (this.#before === undefined) {
      // A game restarts nothing: there will be nothing to compare with.
      this.#before = await this.box.status({ measure: this.content.kind !== "game" });
      this.options.onBefore(this.#before);
    }
    for (let attempt = 1; this.content.files !== undefined; attempt++) {
      try {
        onStep("sending", attempt > 1 ? `try ${attempt}` : undefined);
        await transfer(this.box.ssh, this.box.host, this.content.files, prepared.folder);
        break;
      } catch (error) {
        if (!(error instanceof ConnectionFailed) || attempt === TRANSFER_TRIES) throw error;
        await this.box.ssh.disconnect(this.box.host);
        await pause(PAUSE_MS * attempt);
        prepared = await this.#retried(() => this.box.prepare(request));
        if (prepared.outcome !== "ready") throw error;
      }
    }
    return await this.#apply(prepared.id);
  }

  failed(error: unknown): HostResult {
    const returns = this.#provisional
      ? `; without a confirmation it goes back by itself within ` +
        `${this.options.base.confirmSeconds} s`
      : "";
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof StillPlayed) {
      return { outcome: "played", reason: "busy", detail: message, before: this.#before };
    }
    const reason = error instanceof BoxSaysNo
      ? error.reason
      : error instanceof ConnectionFailed
      ? error.kind
      : "failed";
    const settled = reason === "returned" || reason === "unhealthy";
    return {
      outcome: "failed",
      reason,
      detail: message + (settled ? "" : returns),
      before: this.#before,
    };
  }

  async #apply(id: string): Promise<HostResult> {
    const { base, onStep } = this.options;
    const { kind } = this.content;
    const warned = base.duringPlay && kind === "bundle" && this.#before?.health.sessions !== 0;
    onStep("applying", warned ? "players are warned two minutes before the restart" : undefined);
    // From here on, a lost connection does not tell whether the change was made.
    this.#provisional = kind !== "game";
    try {
      const applied = await this.box.apply(id);
      if (applied.outcome === "done") return await this.#checkGame(applied.detail);
    } catch (error) {
      if (error instanceof BoxSaysNo) this.#provisional = false;
      // A configuration that moves the box's address ends the connection before the answer.
      if (!(error instanceof ConnectionFailed) || kind === "game") throw error;
    }
    return await this.#confirm(id);
  }

  async #checkGame(detail: string): Promise<HostResult> {
    const after = await this.box.status();
    // Nothing was restarted, so there is nothing to measure again.
    const before = this.#before && { ...this.#before, health: withoutLatency(this.#before) };
    const problem = healthProblem("game", before, after, this.options.bounds);
    if (problem !== undefined) {
      throw new BoxSaysNo("unhealthy", `The game is there, but ${problem}`);
    }
    return { outcome: "done", detail, before: this.#before, after };
  }

  async #confirm(id: string): Promise<HostResult> {
    const { onStep, bounds } = this.options;
    const { kind } = this.content;
    await this.#waitUntilItRuns(id);
    onStep("measuring");
    const measured = await this.#retried(() => this.box.status({ measure: true }));
    const problem = healthProblem(kind, this.#before, measured, bounds);
    if (problem !== undefined) return await this.#rollback(id, problem, measured);
    onStep("confirming");
    const { detail } = await this.#retried(() => this.box.confirm(id));
    this.#provisional = false;
    const after = await this.#retried(() => this.box.status());
    const unblessed = blessingProblem(kind, after);
    if (unblessed !== undefined) {
      throw new BoxSaysNo("unhealthy", `It was confirmed, but ${unblessed}`);
    }
    return {
      outcome: "done",
      detail,
      before: this.#before,
      after: { ...after, health: { ...after.health, latencyMs: measured.health.latencyMs } },
    };
  }

  /**
   * Waits until the box answers over a new connection, which is shared by what follows, and runs
   * with the change; a new system also has passed its own test.
   *
   * @throws BoxSaysNo "returned" where it went back; ConnectionFailed where it stays away
   */
  async #waitUntilItRuns(id: string): Promise<void> {
    const { base, bootSeconds, onStep } = this.options;
    const reboots = this.content.kind === "bundle";
    if (reboots) onStep("rebooting");
    // Where the connection was lost while players are warned, the restart is still to come.
    const warning = base.duringPlay ? WARNING_SECONDS : 0;
    const seconds = base.confirmSeconds + (reboots ? warning + bootSeconds : 0);
    const deadline = performance.now() + seconds * 1000;
    const starting = performance.now() + SERVICE_SECONDS * 1000;
    for (;;) {
      let problem: ConnectionFailed | undefined;
      const asked = performance.now();
      // So that the connection that answers was made after the change.
      await this.box.ssh.disconnect(this.box.host);
      try {
        const left = Math.ceil((deadline - asked) / 1000);
        const startSeconds = reboots ? Math.max(1, Math.min(left, MAX_START_SECONDS)) : 0;
        const status = await this.box.status({ startSeconds });
        if (status.pending?.id !== id) {
          // Says how it ended: an answer to a confirmation that was lost, or why the box went back.
          if (status.last?.id === id && status.last.event === "confirmed") return;
          throw new BoxSaysNo(
            "returned",
            status.last?.id === id
              ? `The box went back: ${status.last.detail}`
              : "The box does not know the change any more",
          );
        }
        if (reboots) {
          // A new system is restarted and given up by its own test; until that is over nothing is
          // known of it.
          if (isBlessed(status) && `version ${status.version}` === this.content.title) return;
        } else if (status.health.service !== "starting" || performance.now() > starting) return;
      } catch (error) {
        if (!(error instanceof ConnectionFailed)) throw error;
        problem = error;
      }
      if (performance.now() > deadline) {
        throw problem ??
          new BoxSaysNo(
            "failed",
            `It does not run ${this.content.title}, or has not proved itself`,
          );
      }
      // A slow box has something else to do than to answer.
      await pause(Math.max(PAUSE_MS, Math.min(2 * (performance.now() - asked), MAX_PAUSE_MS)));
    }
  }

  async #rollback(id: string, problem: string, after: BoxStatus): Promise<HostResult> {
    const said = await this.#retried(() => this.box.rollback(id))
      .then(({ detail }) => detail, (error) => `it did not go back: ${error.message}`);
    return {
      outcome: "failed",
      reason: "unhealthy",
      detail: `After the change ${problem}; ${said}`,
      before: this.#before,
      after,
    };
  }

  /** Once more where the connection failed; a box that is gone is waited for as long as is said. */
  async #retried<T>(task: () => Promise<T>, patienceSeconds = 0): Promise<T> {
    const deadline = performance.now() + patienceSeconds * 1000;
    for (let tries = 1;; tries++) {
      try {
        return await task();
      } catch (error) {
        if (!(error instanceof ConnectionFailed)) throw error;
        if (!["unreachable", "broken"].includes(error.kind)) throw error;
        if (tries > 1 && performance.now() > deadline) throw error;
        await this.box.ssh.disconnect(this.box.host);
        await pause(PAUSE_MS);
      }
    }
  }
}

function withoutLatency({ health }: BoxStatus) {
  return { ...health, latencyMs: undefined };
}
