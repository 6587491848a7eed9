/**
 * `deno task start` and `deno task test`: set up what is missing on this machine, then go.
 *
 * This file and its neighbours import nothing from npm, so that they run, and can say what they do,
 * before anything is downloaded.
 */
import { install, missingPackages, NeedsInstall } from "./apt.ts";
import { runtimePackages, testPackages } from "./packages.ts";
import { withPinnedDeno } from "./pinned_deno.ts";
import { runTests } from "./tests.ts";
import { buildUi } from "./ui.ts";

const NEEDS_INSTALL = 3;

async function bootstrap(task: string, args: string[]): Promise<number> {
  const code = await withPinnedDeno(task, args);
  if (code !== undefined) return code;
  const needed = task === "test" ? [...runtimePackages, ...testPackages] : runtimePackages;
  const missing = await missingPackages(needed);
  if (missing.length > 0) await install(missing);
  await buildUi();
  if (task === "test") return await runTests(args);
  const { main } = await import("../main.ts");
  return await main(["serve", ...args]);
}

const [task, ...args] = Deno.args;
try {
  Deno.exit(await bootstrap(task, args));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(error instanceof NeedsInstall ? NEEDS_INSTALL : 1);
}
