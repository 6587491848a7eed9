import { statfs } from "node:fs/promises";
import type { BundleHead } from "../../update/verify.ts";
import type { BoxHost } from "./host.ts";
import {
  applyBundle,
  confirmBundle,
  examineBundle,
  isNotRunning,
  offerBundle,
  rollbackBundle,
  undoBundle,
  whyNotRunning,
  withdrawBundle,
} from "./changes/bundle.ts";
import type { BoxContext, Offer, Outcome, Provisional } from "./changes/change.ts";
import {
  applyConfig,
  confirmConfig,
  offerConfig,
  rollbackConfig,
  undoConfig,
} from "./changes/config.ts";
import { applyGame, offerGame } from "./changes/game.ts";
import { comingRestart, refuseDuringPlay, WARNING_SECONDS, warnPlayers } from "./players.ts";
import type { Applied, BoxStatus, Prepared, PrepareRequest, Settled } from "./protocol.ts";
import { BoxRefused, refusalOf } from "./refused.ts";
import { BoxState, type Pending } from "./state.ts";

/** Left free on the disk beside what a change needs: the box must still be able to write its state. */
const SPARE_BYTES = 8 * 2 ** 20;
/** A reboot may take so long until `return --at-boot` counts anew, in seconds. */
const REBOOT_SECONDS = 600;

/**
 * The box's side of a fleet: makes changes that undo themselves.
 *
 * A bundle or a configuration is provisional until `confirm`. The operator sends it over a connection
 * made after the change, so a change that cuts the box off, or that the operator does not live to see,
 * ends with the box as it was.
 *
 * Every method leaves the state on the disk such that after a power cut `return --at-boot` goes back.
 */
export class Box {
  readonly #context: BoxContext;
  readonly #host: BoxHost;
  readonly #state: BoxState;

  constructor(host: BoxHost) {
    this.#host = host;
    this.#state = new BoxState(host.dataDir);
    this.#context = { host, state: this.#state };
  }

  /** @param measure  measure the latency too, which takes seconds */
  async status(measure: boolean): Promise<BoxStatus> {
    const slots = await this.#host.updater?.slots();
    const pending = this.#state.pending;
    return {
      name: this.#host.name,
      product: this.#host.product,
      architecture: this.#host.architecture,
      version: slots?.current.version ?? this.#host.version,
      slots,
      health: await this.#host.health(measure),
      freeBytes: await this.#freeBytes(),
      clock: this.#host.now().toISOString(),
      pending: pending && { id: pending.id, push: pending.push, phase: pending.phase },
      last: this.#state.journal().at(-1),
      proof: this.#state.proof,
      lastUpdate: this.#state.lastUpdate,
      ownUpdate: this.#state.ownUpdate,
      restart: comingRestart(this.#state, this.#host.now().getTime()),
    };
  }

  /** Checks the head of a bundle without taking it in. @throws BoxRefused, BundleRefused */
  async examine(head: BundleHead): Promise<{ version: string; runs: boolean }> {
    return await examineBundle(this.#context, head);
  }

  /** Says whether a change can be made, and makes room for its files. @throws BoxRefused, BundleRefused */
  prepare(request: PrepareRequest): Promise<Prepared> {
    return this.#state.exclusively(async () => {
      const { push, operator } = request;
      try {
        await this.#settleBrokenOff();
        const offer = await this.#offer(request);
        const { pending } = this.#state;
        if (pending?.id === offer.id) return { outcome: "provisional", id: offer.id };
        if (pending !== undefined) throw waitsFor(pending);
        if (offer.has !== undefined) return { outcome: "nothing-to-do", detail: offer.has };
        await this.#refuseDuringPlay(request);
        const folder = this.#state.stage(offer.id, request);
        await this.#refuseFullDisk(offer.bytes, folder);
        this.#record({ event: "prepared", id: offer.id, push, operator });
        return { outcome: "ready", id: offer.id, folder };
      } catch (error) {
        this.#record({ event: "refused", push, operator, detail: refusalOf(error).message });
        throw error;
      }
    });
  }

  /**
   * Makes a prepared change whose files are there. One that reboots does so after `answered` has
   * sent the answer.
   *
   * @throws BoxRefused, BundleRefused; the box is then as it was
   */
  apply(id: string, answered: (applied: Applied) => Promise<void>): Promise<void> {
    return this.#state.exclusively(async () => {
      const request = this.#state.request(id);
      const { pending } = this.#state;
      if (pending?.id === id && pending.phase === "provisional") {
        const detail = "waits for its confirmation";
        return await answered({ outcome: "provisional", detail, reboots: false });
      }
      await this.#settleBrokenOff();
      if (request === undefined) {
        throw new BoxRefused("nothing", `${id} is not prepared here; prepare it first`);
      }
      const about = { id, push: request.push, operator: request.operator };
      try {
        await this.#apply(request, id, answered);
      } catch (error) {
        const { reason, message } = refusalOf(error);
        this.#record({ event: "refused", ...about, detail: message });
        // Files that are wrong are of no use to a later try; the rest saves it the transfer.
        if (reason === "tampered" || reason === "malformed") this.#state.unstage(id);
        throw error;
      }
    });
  }

  /** Makes a change final. @throws BoxRefused where it is not there any more, or does not run */
  confirm(id: string): Promise<Settled> {
    return this.#state.exclusively(async () => {
      const pending = await this.#pendingNow();
      if (pending?.id !== id) return this.#settledBefore(id);
      if (pending.phase === "applying") {
        throw new BoxRefused("nothing", `${id} is not applied: it was interrupted`);
      }
      const outcome = pending.bundle !== undefined
        ? await confirmBundle(this.#context, pending)
        : await confirmConfig(this.#context, pending);
      this.#state.pending = undefined;
      await this.#host.disarmReturn();
      this.#state.unstage(id);
      const { push, operator } = pending;
      this.#record({ event: "confirmed", id, push, operator, detail: outcome.detail });
      return outcome;
    });
  }

  /** What the timer does: undoes a change that nobody confirmed. Nothing where it is settled. */
  return(id: string): Promise<void> {
    return this.#state.exclusively(async () => {
      const { pending } = this.#state;
      if (pending?.id !== id) return;
      const reason = `nobody confirmed it within ${pending.confirmSeconds} s`;
      await this.#restart(await this.#undo(pending, "returned", reason), pending);
    });
  }

  /** What every boot does: goes on waiting for the confirmation that a change needs. */
  async returnAtBoot(): Promise<void> {
    const waiting = await this.#state.exclusively(async () => {
      // The power went while players were warned.
      this.#state.restart = undefined;
      await this.#settleBrokenOff();
      const { pending } = this.#state;
      if (pending?.bundle !== undefined && await isNotRunning(this.#context, pending)) {
        const reason = whyNotRunning(pending, this.#state.proof);
        await this.#restart(await this.#undo(pending, "returned", reason), pending);
        return undefined;
      }
      return pending;
    });
    if (waiting === undefined) return;
    if (waiting.confirmedBy === "self-test") return await this.#confirmBlessed(waiting);
    await this.#host.sleep(waiting.confirmSeconds);
    await this.return(waiting.id);
  }

  /**
   * Goes back: from the change `what` if it waits for its confirmation, or from the confirmed
   * "bundle" or "config" to the one before.
   *
   * Who plays is warned before the restart. A change that nobody has confirmed does not wait for them
   * longer than that: it may be what is wrong with their game, and the timer would end it anyway.
   *
   * @param options  duringPlay: go back from a confirmed bundle also while somebody plays. Default: true
   * @throws BoxRefused "busy" where somebody plays
   */
  rollback(
    what: string,
    answered: (settled: Settled) => Promise<void>,
    { duringPlay = true }: { duringPlay?: boolean } = {},
  ): Promise<void> {
    return this.#state.exclusively(async () => {
      const { pending } = this.#state;
      if (pending !== undefined && (pending.id === what || pending.id.startsWith(`${what}-`))) {
        const outcome = await this.#undo(pending, "rolled-back", "the operator asked for it");
        await this.#host.disarmReturn();
        await answered(outcome);
        return await this.#restart(outcome, pending);
      }
      if (pending !== undefined) {
        throw waitsFor(pending);
      }
      if (what !== "bundle" && what !== "config") {
        throw new BoxRefused("nothing", `${what} does not wait for a confirmation here`);
      }
      if (what === "config") {
        const outcome = await rollbackConfig(this.#context);
        this.#record({ event: "rolled-back", detail: outcome.detail });
        return await answered(outcome);
      }
      if (!duringPlay) await refuseDuringPlay(this.#host);
      const { version, ...outcome } = await rollbackBundle(this.#context);
      this.#record({ event: "rolled-back", detail: outcome.detail });
      await answered(outcome);
      await this.#warn(version);
      await this.#reboot(outcome);
    });
  }

  journal() {
    return this.#state.journal();
  }

  #offer(request: PrepareRequest): Promise<Offer> {
    switch (request.kind) {
      case "bundle":
        return offerBundle(this.#context, request);
      case "config":
        return offerConfig(this.#context, request);
      case "game":
        return offerGame(this.#context, request);
    }
  }

  async #apply(
    request: PrepareRequest,
    id: string,
    answered: (applied: Applied) => Promise<void>,
  ): Promise<void> {
    const { push, operator } = request;
    const folder = this.#state.staging(id);
    if (request.kind === "game") {
      const detail = await applyGame(this.#context, request, folder);
      this.#state.unstage(id);
      this.#record({ event: "done", id, push, operator, detail });
      return await answered({ outcome: "done", detail, reboots: false });
    }
    await this.#refuseDuringPlay(request);
    // An own update is restarted into after this, when players let it (own_install.ts).
    const own = request.kind === "bundle" && request.confirmedBy === "self-test";
    const change: Provisional = request.kind === "bundle"
      ? await applyBundle(this.#context, id, folder)
      : await applyConfig(this.#context, request);
    const { confirmSeconds } = request;
    const pending: Pending = {
      id,
      push,
      operator,
      confirmSeconds,
      phase: "applying",
      confirmedBy: request.kind === "bundle" ? request.confirmedBy : undefined,
      ...change.pending,
    };
    this.#state.pending = pending;
    try {
      // Armed before the change is made: it may be what ends this process.
      const away = REBOOT_SECONDS + (request.duringPlay && !own ? WARNING_SECONDS : 0);
      await this.#host.armReturn(id, confirmSeconds + (change.reboots ? away : 0));
      await change.make();
      this.#state.pending = { ...pending, phase: "provisional" };
    } catch (error) {
      await this.#undo(pending, "returned", refusalOf(error).message);
      await this.#host.disarmReturn();
      throw error;
    }
    if (change.reboots) await this.#withdrawDuringPlay(request, this.#state.pending!);
    const { detail, reboots } = change;
    this.#record({ event: "applied", id, push, operator, detail });
    await answered({ outcome: "provisional", detail, reboots });
    if (own) return;
    if (pending.bundle !== undefined) await this.#warn(pending.bundle.version);
    await this.#reboot(change);
  }

  /**
   * Somebody may have begun to play while a bundle was written, which takes minutes. It is taken out
   * again rather than left to wait: a power cut would start it, and nobody may be there to confirm it.
   */
  async #withdrawDuringPlay(request: PrepareRequest, pending: Pending): Promise<void> {
    try {
      await this.#refuseDuringPlay(request);
    } catch (error) {
      await withdrawBundle(this.#context, pending);
      this.#state.pending = undefined;
      await this.#host.disarmReturn();
      throw error;
    }
  }

  async #undo(pending: Pending, event: "returned" | "rolled-back", reason: string) {
    const outcome = pending.bundle !== undefined
      ? await undoBundle(this.#context, pending, reason)
      : await undoConfig(this.#context, pending);
    this.#state.pending = undefined;
    const { id, push, operator } = pending;
    this.#record({ event, id, push, operator, detail: `${reason}; ${outcome.detail}` });
    return outcome;
  }

  /** Undoes a change whose making was interrupted by a power cut or a full disk. */
  async #settleBrokenOff(): Promise<void> {
    const pending = await this.#pendingNow();
    if (pending?.phase !== "applying") return;
    const undone = await this.#undo(pending, "returned", "applying it was interrupted");
    await this.#restart(undone, pending);
    await this.#host.disarmReturn();
  }

  /** A system that runs was installed whole, even if the power went before that was noted. */
  async #pendingNow(): Promise<Pending | undefined> {
    const { pending } = this.#state;
    if (pending?.phase !== "applying" || pending.bundle === undefined) return pending;
    if (await isNotRunning(this.#context, pending)) return pending;
    return this.#state.pending = { ...pending, phase: "provisional" };
  }

  /** Restarts into the system before a change that was undone, where that is not the running one. */
  async #restart(outcome: Outcome, { bundle }: Pending): Promise<void> {
    if (outcome.reboots && bundle !== undefined) await this.#warn(bundle.previous);
    await this.#reboot(outcome);
  }

  async #warn(version: string): Promise<void> {
    await warnPlayers(this.#host, this.#state, version);
  }

  async #reboot({ reboots }: Pick<Outcome, "reboots">): Promise<void> {
    if (reboots) await this.#host.updater!.requestReboot();
  }

  /** Its test decides; a power cut right after that may have left it undecided here. */
  async #confirmBlessed({ id, bundle }: Pending): Promise<void> {
    const { current } = await this.#host.updater!.slots();
    if (!current.blessed) return;
    // Only new systems are tested by the boot loader's health gate.
    const failure = bundle?.extensions && await this.#host.selfTest();
    if (failure === undefined) {
      await this.confirm(id);
      return;
    }
    await this.#state.exclusively(async () => {
      const { pending } = this.#state;
      if (pending?.id !== id) return;
      await this.#restart(await this.#undo(pending, "returned", failure), pending);
    });
  }

  #settledBefore(id: string): Settled {
    const last = this.#state.journal().findLast((entry) => entry.id === id);
    if (last?.event === "confirmed") return { detail: last.detail ?? "", reboots: false };
    if (last?.event === "returned" || last?.event === "rolled-back") {
      throw new BoxRefused("returned", `The box went back: ${last.detail}`);
    }
    throw new BoxRefused("nothing", `${id} does not wait for a confirmation here`);
  }

  async #refuseDuringPlay(request: PrepareRequest): Promise<void> {
    if (request.kind !== "game" && !request.duringPlay) await refuseDuringPlay(this.#host);
  }

  async #refuseFullDisk(bytes: number, folder: string): Promise<void> {
    let there = 0;
    for await (const { name } of Deno.readDir(folder)) {
      there += (await Deno.lstat(`${folder}/${name}`)).size;
    }
    const [needed, free] = [Math.max(0, bytes - there) + SPARE_BYTES, await this.#freeBytes()];
    if (free >= needed) return;
    const mb = (value: number) => `${Math.ceil(value / 1e6)} MB`;
    throw new BoxRefused(
      "disk-full",
      `The box's disk has ${mb(free)} free; ${mb(needed)} are needed: remove games or snapshots`,
    );
  }

  async #freeBytes(): Promise<number> {
    await Deno.mkdir(this.#host.dataDir, { recursive: true });
    const { bavail, bsize } = await statfs(this.#host.dataDir);
    return bavail * bsize;
  }

  #record(entry: Parameters<BoxState["record"]>[0]): void {
    this.#state.record(entry, this.#host.now());
  }
}

function waitsFor({ id, operator, confirmSeconds }: Pending): BoxRefused {
  return new BoxRefused(
    "busy",
    `${id}, pushed by ${operator}, waits for its confirmation; without one the box goes back ` +
      `${confirmSeconds} s after the change`,
  );
}
