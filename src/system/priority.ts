import { libc, SCHED_FIFO, SCHED_RESET_ON_FORK } from "../../ffi/libc.ts";

/**
 * Real-time priorities of a session's threads; a higher one interrupts a lower one. What works
 * longest is the lowest: an encoder at work must not delay input and the sound of it.
 */
export const Priority = { encoder: 1, session: 2, display: 3, sound: 5 } as const;

/**
 * Gives the calling thread a real-time priority, so that a busy game or machine does not delay
 * pictures, sound and input. Without the right to it (CAP_SYS_NICE or RLIMIT_RTPRIO) everything
 * works, less evenly. The kernel leaves the rest a share of the time in any case
 * (sched_rt_runtime_us of sched(7)).
 *
 * `inherited`: threads that this one starts get it too, as an encoder's do. Otherwise no thread and
 * no process does: a game must never.
 *
 * True where the priority is set.
 */
export function setRealtime(
  priority: number,
  { inherited = false }: { inherited?: boolean } = {},
): boolean {
  const policy = inherited ? SCHED_FIFO : SCHED_FIFO | SCHED_RESET_ON_FORK;
  const parameters = new Uint8Array(Int32Array.of(priority).buffer);
  return libc.sched_setscheduler(0, policy, parameters) === 0;
}
