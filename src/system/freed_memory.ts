import { libc } from "../../ffi/libc.ts";

/**
 * Gives the kernel back what this process freed and the C library keeps for later (malloc_trim(3)),
 * of all threads: after the start, which takes modules apart, some 10 MB. Takes 1 to 3 ms, during
 * which other threads may wait for memory. A malloc that is not glibc's keeps what it has.
 */
export function releaseFreedMemory(): void {
  libc.malloc_trim(0n);
}
