import assert from "node:assert/strict";
import { releaseFreedMemory } from "./freed_memory.ts";

/** What of this process lies in memory, MB (proc_pid_status(5)). */
function resident(): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync("/proc/self/status"))![1]) / 1024;
}

Deno.test("memory that was freed below memory in use is given back", () => {
  const library = Deno.dlopen("libc.so.6", {
    malloc: { parameters: ["usize"], result: "pointer" },
    memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
    free: { parameters: ["pointer"], result: "void" },
  });
  const { symbols } = library;
  // Small enough for the heap; each is written to, so that it has pages.
  const blocks = Array.from({ length: 1024 }, () => symbols.malloc(65536n));
  for (const block of blocks) symbols.memset(block, 1, 65536n);
  // Holds the top of the heap, as something always does in a process at work.
  const top = symbols.malloc(65536n);
  for (const block of blocks) symbols.free(block);
  const before = resident();
  releaseFreedMemory();
  const after = resident();
  symbols.free(top);
  library.close();
  assert.ok(before - after > 50, `${before} MB before, ${after} MB after`);
});
