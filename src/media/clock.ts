import { CLOCK_MONOTONIC, libc } from "../../ffi/libc.ts";

const timespec = new BigInt64Array(2);
const timespecBytes = new Uint8Array(timespec.buffer);

/**
 * The monotonic clock in milliseconds with sub-microsecond resolution.
 *
 * `performance.now()` starts at a different origin in every Worker; this clock is one for all
 * threads and processes of a machine, so that a frame's timestamps can be compared wherever taken.
 * Source: clock_gettime(2), CLOCK_MONOTONIC.
 */
export function monotonicMs(): number {
  libc.clock_gettime(CLOCK_MONOTONIC, timespecBytes);
  return Number(timespec[0]) * 1e3 + Number(timespec[1]) / 1e6;
}
