/**
 * `deno task start`, `deno task test` and `deno task bench`: set up what is missing on this machine, then go.
 *
 * This file and its neighbours import nothing from npm, so that they run, and can say what they do,
 * before anything is downloaded. They speak on standard error: with `--json` the one line on standard
 * output is the ready line.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NeedsInstall } from "./apt.ts";
import { withPinnedDeno } from "./pinned_deno.ts";
import { setUpPackages } from "./set_up.ts";
import { runTests } from "./tests.ts";
import { ensureUi } from "./ui.ts";

const NEEDS_INSTALL = 3;
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** In a process of its own: the measuring one has loaded nothing but what it measures. */
async function runBenchmark(args: string[]): Promise<number> {
  const program = join(root, "tests/bench/main.ts");
  const child = new Deno.Command(Deno.execPath(), { args: ["run", "-A", program, ...args] });
  return (await child.spawn().status).code;
}

async function bootstrap(task: string, args: string[]): Promise<number> {
  const code = await withPinnedDeno(task, args);
  if (code !== undefined) return code;
  const asksForHelp = task !== "test" && (args.includes("--help") || args.includes("-h"));
  if (!asksForHelp) {
    await setUpPackages(task);
    await ensureUi();
  }
  if (task === "test") return await runTests(args);
  if (task === "bench") return await runBenchmark(args);
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
