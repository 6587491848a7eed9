/**
 * A Worker is a JavaScript heap of its own. Node's built-in modules take 1.5 to 4 MB of each that
 * loads one, and npm packages no less; a session's Workers do with Deno, the web's interfaces and FFI.
 */
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { packagedWorkers } from "../../src/cli/compile/workers.ts";

const root = resolve(import.meta.dirname!, "../..");

interface Module {
  specifier: string;
  dependencies?: { code?: { specifier: string }; isDynamic?: boolean }[];
}

/** URLs of everything that `entry` loads at its start: no types, no `import()`. */
async function loaded(entry: string): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: root,
    stderr: "inherit",
  }).output();
  const { roots, modules } = JSON.parse(new TextDecoder().decode(stdout));
  const byUrl = new Map((modules as Module[]).map((module) => [module.specifier, module]));
  const found = new Set<string>(roots);
  // A set gives what is added to it while it is walked.
  for (const url of found) {
    for (const { code, isDynamic } of byUrl.get(url)?.dependencies ?? []) {
      if (code && !isDynamic) found.add(code.specifier);
    }
  }
  return found;
}

for (const [name, entry] of Object.entries(packagedWorkers)) {
  Deno.test(`the ${name} Worker loads this project's modules only`, async () => {
    const urls = [...await loaded(join(root, entry))];
    assert.ok(urls.length > 5);
    assert.deepEqual(urls.filter((url) => !url.startsWith("file://")), []);
  });
}
