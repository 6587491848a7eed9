import { join } from "node:path";
import { BoxClient } from "../box_client.ts";
import type { Host } from "../inventory.ts";
import { inParallel } from "../../system/parallel.ts";
import { inSlots, type Slot } from "../slots.ts";
import type { Ssh } from "../ssh.ts";
import type { Content } from "./content.ts";
import { blessingProblem, type GateBounds, healthProblem } from "./gate.ts";
import { type HostResult, pushToHost, type Step } from "./host_push.ts";
import { type PushHistory, PushJournal, type PushPlan } from "./push_journal.ts";
import type { Wave } from "./waves.ts";

/** What became of one box. */
export interface HostReport extends Omit<HostResult, "outcome"> {
  host: string;
  wave: string;
  outcome: HostResult["outcome"] | "untouched";
  /** How long it took, in seconds; 0 where an earlier part of this push did it. */
  seconds: number;
}

export interface PushReport {
  push: string;
  /** `incomplete`: all is well, but boxes on which somebody plays were left. */
  outcome: "done" | "stopped" | "interrupted" | "incomplete";
  /** Why it was stopped. */
  problem?: string;
  hosts: HostReport[];
}

/** What a person sees of a push. */
export interface PushWatcher {
  wave(wave: string): void;
  step(host: string, step: Step, detail?: string): void;
  result(report: HostReport): void;
}

export interface PushOptions {
  ssh: Ssh;
  content: Content;
  plan: PushPlan;
  waves: Wave[];
  journal: PushJournal;
  /** Of an interrupted push. */
  history?: PushHistory;
  operator: string;
  watcher: PushWatcher;
  /** Begins nothing new once it is aborted. */
  signal: AbortSignal;
}

export const pushFolder = (state: string) => join(state, "pushes");

/**
 * Pushes wave by wave. A wave begins when all boxes of the one before have the change, confirmed it,
 * and were still well after the soak time. The first box that fails stops the push: boxes that are at
 * it end what they do, the rest is not touched.
 *
 * A box on which somebody plays is waited for while the others of its wave go on, and left alone after
 * the time that the plan gives. It stops nothing, unless no box at all has the change by then: the
 * next wave would be the first to try it.
 */
export async function runPush(options: PushOptions): Promise<PushReport> {
  const { waves, plan, journal, history, signal, watcher } = options;
  const reports = new Map<string, HostReport>();
  let problem: string | undefined;
  const stopped = new AbortController();
  const giveUpWaiting = AbortSignal.any([signal, stopped.signal]);
  const report = (entry: HostReport) => {
    reports.set(entry.host, entry);
    watcher.result(entry);
  };
  for (const [index, { name: wave, hosts }] of waves.entries()) {
    watcher.wave(wave);
    const open: Host[] = [];
    for (const host of hosts) {
      const before = history?.finished.get(host.name);
      if (before === undefined) open.push(host);
      else report({ host: host.name, wave, seconds: 0, ...before });
    }
    await inSlots(open, plan.parallel, async (host, slot) => {
      const entry = await pushOne(options, wave, host, slot, giveUpWaiting);
      const { outcome, detail } = entry;
      journal.append({ event: "result", host: host.name, outcome, detail });
      report(entry);
      if (outcome !== "failed") return;
      problem ??= `${host.name}: ${detail}`;
      stopped.abort();
    }, () => problem !== undefined || signal.aborted);
    if (problem !== undefined || signal.aborted) break;
    if (index === waves.length - 1) break;
    problem = noneHasIt(reports, wave);
    if (problem === undefined && open.length > 0) problem = await soak(options, open, reports);
    if (problem !== undefined) break;
  }
  const hosts = waves.flatMap(({ name: wave, hosts }) =>
    hosts.map(({ name: host }) =>
      reports.get(host) ??
        { host, wave, outcome: "untouched" as const, detail: "not begun", seconds: 0 }
    )
  );
  const outcome = overallOutcome(hosts, problem, signal.aborted);
  journal.append({ event: "end", outcome });
  return { push: journal.id, outcome, problem, hosts };
}

function noneHasIt(reports: Map<string, HostReport>, wave: string): string | undefined {
  const tried = [...reports.values()].some(({ outcome }) => outcome !== "played");
  return tried ? undefined : `${wave}: somebody plays on all of its boxes, so none of them has ` +
    "shown that the change is good; the next wave was not begun";
}

function overallOutcome(
  hosts: HostReport[],
  problem: string | undefined,
  aborted: boolean,
): PushReport["outcome"] {
  if (problem !== undefined) return "stopped";
  const has = (wanted: HostReport["outcome"]) => hosts.some(({ outcome }) => outcome === wanted);
  if (has("untouched") || aborted && has("played")) return "interrupted";
  return has("played") ? "incomplete" : "done";
}

async function pushOne(
  options: PushOptions,
  wave: string,
  host: Host,
  slot: Slot,
  giveUpWaiting: AbortSignal,
): Promise<HostReport & HostResult> {
  const { ssh, content, plan, journal, history, operator, watcher } = options;
  const started = performance.now();
  const box = new BoxClient(ssh, host);
  const result = await pushToHost(box, content, {
    base: {
      push: plan.push,
      operator,
      confirmSeconds: plan.confirmSeconds,
      duringPlay: plan.duringPlay,
    },
    bounds: plan,
    bootSeconds: plan.bootSeconds,
    waitMinutes: plan.waitMinutes,
    giveUpWaiting,
    slot,
    before: history?.before.get(host.name),
    onBefore: (status) => journal.append({ event: "before", host: host.name, status }),
    onStep: (step, detail) => {
      journal.append({ event: "step", host: host.name, step, detail });
      watcher.step(host.name, step, detail);
    },
  });
  await ssh.disconnect(host);
  return { host: host.name, wave, seconds: (performance.now() - started) / 1000, ...result };
}

/** Waits, and asks the boxes of a wave once more. @returns what is wrong with one */
async function soak(
  { ssh, plan, content, journal, signal, watcher }: PushOptions,
  hosts: Host[],
  reports: Map<string, HostReport>,
): Promise<string | undefined> {
  const changed = hosts.filter(({ name }) => reports.get(name)?.outcome === "done");
  if (plan.soakSeconds === 0 || changed.length === 0) return undefined;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, plan.soakSeconds * 1000);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
  let found: string | undefined;
  await inParallel(changed, plan.parallel, async (host) => {
    const entry = reports.get(host.name)!;
    const problem = await soakProblem(new BoxClient(ssh, host), content, entry, plan)
      .catch((error: Error) => error.message);
    if (problem === undefined) return;
    const detail = `${plan.soakSeconds} s after it was confirmed: ${problem}; ` +
      `to go back: gamelan fleet rollback ${content.kind} --on ${host.name}`;
    const failed: HostReport = { ...entry, outcome: "failed", reason: "unhealthy", detail };
    reports.set(host.name, failed);
    journal.append({ event: "result", host: host.name, outcome: "failed", detail });
    watcher.result(failed);
    found ??= `${host.name}: ${detail}`;
  });
  return found;
}

/** What is wrong with a box some time after its change was confirmed. */
async function soakProblem(
  box: BoxClient,
  { kind }: Content,
  { before }: HostReport,
  bounds: GateBounds,
): Promise<string | undefined> {
  const status = await box.status({ fresh: true });
  const unblessed = blessingProblem(kind, status);
  if (unblessed !== undefined) return unblessed;
  // A game restarts nothing that could have become slower, and whoever plays is not disturbed.
  const measures = kind !== "game" && status.health.sessions === 0;
  const { health } = measures ? await box.status({ measure: true }) : status;
  const latencyMs = measures ? health.latencyMs : before?.health.latencyMs;
  return healthProblem(kind, before, { ...status, health: { ...health, latencyMs } }, bounds);
}
