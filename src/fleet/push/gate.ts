import type { BoxStatus, ChangeKind } from "../box/protocol.ts";

/** How much worse a box may become by a change. */
export interface GateBounds {
  /** The latency's median may be so many times what it was. */
  latencyFactor: number;
  /** And so much more besides: small figures jitter. ms */
  latencySlackMs: number;
}

/**
 * Whether a box is as well as before a change: its service runs and did not die, and a picture takes
 * no longer.
 *
 * @param before  absent: nothing was measured, as on a box that was unreachable
 * @returns what is wrong with it, or undefined
 */
export function healthProblem(
  kind: ChangeKind,
  before: BoxStatus | undefined,
  after: BoxStatus,
  bounds: GateBounds,
): string | undefined {
  const { service, crashes, latencyMs } = after.health;
  if (service !== "running" && (service !== "unknown" || before?.health.service !== "unknown")) {
    return `its service is ${service}`;
  }
  // Games come without a restart, so earlier crashes are still counted.
  const earlier = kind === "game" ? before?.health.crashes ?? 0 : 0;
  if (crashes > earlier) return `its service died ${times(crashes - earlier)} since the change`;
  const was = before?.health.latencyMs?.p50;
  if (before === undefined || was === undefined) return undefined;
  // A game that was begun since takes its share of the machine.
  if (after.health.sessions > before.health.sessions) return undefined;
  if (latencyMs === undefined) return "its latency could not be measured any more";
  const bound = was * bounds.latencyFactor + bounds.latencySlackMs;
  if (latencyMs.p50 > bound) {
    return `its latency rose from ${was.toFixed(1)} to ${latencyMs.p50.toFixed(1)} ms; ` +
      `allowed are ${bound.toFixed(1)}`;
  }
  return undefined;
}

/** Whether a confirmed change holds. */
export function blessingProblem(kind: ChangeKind, status: BoxStatus): string | undefined {
  if (status.pending !== undefined) return `${status.pending.id} is not confirmed`;
  return kind !== "bundle" || isBlessed(status) ? undefined : "its new system is not blessed";
}

/** Whether the running system has proved itself. */
export const isBlessed = ({ slots }: BoxStatus) => slots === undefined || slots.current.blessed;

const times = (count: number) => count === 1 ? "once" : `${count} times`;
