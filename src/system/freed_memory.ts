import { libc } from "../../ffi/libc.ts";

/**
 * Gives the kernel back what this process freed and the C library keeps for later (malloc_trim(3)),
 * of all threads: after the start, which takes modules apart, some 10 MB. Takes 1 to 3 ms, during
 * which other threads may wait for memory. A malloc that is not glibc's keeps what it has.
 */
export function releaseFreedMemory(): void {
  libc.malloc_trim(0n);
}

/**
 * Collects this thread's garbage, all of it and at once, where V8 was started with `--expose-gc`: what
 * loading the modules left behind stays for minutes otherwise, because little is allocated later.
 * Takes some 10 ms in a thread of a session.
 */
export function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}
