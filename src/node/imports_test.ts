import assert from "node:assert/strict";
import { OfflineError } from "../games/apt.ts";
import type { GameLibrary, ImportOptions } from "../games/library.ts";
import type { GameInfo, ImportJob } from "../protocol/library.ts";
import { logSettings } from "../system/log.ts";
import { Imports } from "./imports.ts";

// Failures are what some of these tests are about.
logSettings.write = () => {};

/** Test double of the library: an import ends when the test says so. */
class StandInLibrary implements Pick<GameLibrary, "import"> {
  readonly running: {
    source: string;
    options: ImportOptions;
    done: () => void;
    failed: (error: Error) => void;
  }[] = [];

  import(source: string, options: ImportOptions = {}): Promise<GameInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<GameInfo>();
    options.signal?.addEventListener("abort", () => reject(options.signal!.reason));
    const done = () => resolve({ id: source.slice(4) } as GameInfo);
    this.running.push({ source, options, done, failed: reject });
    return promise;
  }
}

function bench(firstPauseMs?: number) {
  const library = new StandInLibrary();
  const updates: ImportJob[] = [];
  let changes = 0;
  const imports = new Imports(library, {
    update: (job) => updates.push(job),
    changed: () => changes++,
  }, firstPauseMs);
  return { library, updates, imports, changes: () => changes };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));
const states = (imports: Imports) => imports.list().map(({ id, state }) => `${id} ${state}`);

Deno.test("imports run one after the other, and each tells how it ended", async () => {
  const { library, updates, imports, changes } = bench();
  imports.add("i-1", "deb:chess");
  imports.add("i-2", "deb:go");
  assert.deepEqual(states(imports), ["i-1 running", "i-2 waiting"]);
  library.running[0].done();
  await settled();
  assert.deepEqual(states(imports), ["i-1 done", "i-2 running"]);
  assert.equal(changes(), 1);
  library.running[1].failed(new Error("no such package"));
  await settled();
  assert.deepEqual(states(imports), ["i-1 done", "i-2 failed"]);
  assert.equal(updates.at(-1)!.error, "no such package");
  assert.equal(updates.find(({ state }) => state === "done")!.gameId, "chess");
  assert.equal(changes(), 1);
});

Deno.test("a source that is being imported is not imported twice, but again after it failed", async () => {
  const { library, updates, imports } = bench();
  imports.add("i-1", "deb:chess");
  imports.add("i-2", "deb:chess");
  assert.deepEqual(states(imports), ["i-1 running"]);
  assert.equal(updates.at(-1)!.id, "i-1");
  library.running[0].done();
  await settled();
  imports.add("i-3", "deb:chess");
  assert.deepEqual(states(imports), ["i-1 done", "i-3 running"]);
  await imports.close();
});

Deno.test("each step is told at once, its progress only now and then", () => {
  const { library, updates, imports } = bench();
  imports.add("i-1", "deb:chess");
  const { onProgress } = library.running[0].options;
  for (let done = 0; done < 1; done += 0.001) onProgress!("Downloading", done);
  onProgress!("Unpacking", 0);
  const told = updates.map(({ step }) => step);
  assert.ok(told.filter((step) => step === "Downloading").length < 20, `${told.length} updates`);
  assert.equal(told.at(-1), "Unpacking");
  assert.equal(imports.list()[0].step, "Unpacking");
  library.running[0].done();
});

Deno.test("closing stops the running import and starts no other", async () => {
  const { library, imports } = bench();
  imports.add("i-1", "deb:chess");
  imports.add("i-2", "deb:go");
  await imports.close();
  assert.equal(library.running.length, 1);
  assert.ok(library.running[0].options.signal!.aborted);
});

Deno.test("few ended imports are remembered", async () => {
  const { library, imports } = bench();
  for (let i = 0; i < 30; i++) {
    imports.add(`i-${i}`, `deb:game-${i}`);
    library.running.at(-1)!.done();
    await settled();
  }
  assert.ok(imports.list().length <= 11);
  assert.equal(imports.list().at(-1)!.id, "i-29");
});

Deno.test("without network an import waits, lets others go first, and goes on by itself", async () => {
  const { library, updates, imports } = bench(20);
  imports.add("i-1", "deb:chess");
  imports.add("i-2", "deb:go");
  library.running[0].failed(new OfflineError("no way"));
  await settled();
  assert.deepEqual(states(imports), ["i-1 waiting", "i-2 running"]);
  assert.match(updates.findLast(({ id }) => id === "i-1")!.step, /goes on when there is a network/);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.deepEqual(states(imports), ["i-1 waiting", "i-2 running"], "one at a time");
  library.running[1].done();
  await settled();
  assert.deepEqual(states(imports), ["i-1 running", "i-2 done"]);
  library.running[2].failed(new OfflineError("still no way"));
  await settled();
  assert.equal(library.running.length, 3);
  while (library.running.length === 3) await new Promise((resolve) => setTimeout(resolve, 5));
  library.running[3].done();
  await settled();
  assert.deepEqual(states(imports), ["i-1 done", "i-2 done"]);
});

Deno.test("asking again for one that waits for the network tries at once; closing forgets it", async () => {
  const { library, imports } = bench(600_000);
  imports.add("i-1", "deb:chess");
  library.running[0].failed(new OfflineError("no way"));
  await settled();
  imports.add("i-2", "deb:chess");
  await settled();
  assert.deepEqual(states(imports), ["i-1 running"]);
  library.running[1].failed(new OfflineError("no way"));
  await settled();
  assert.deepEqual(states(imports), ["i-1 waiting"]);
  await imports.close();
});
