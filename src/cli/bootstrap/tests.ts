import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inParallel } from "../../system/parallel.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const artifacts = join(root, "tests/artifacts");

/** Counts of a JUnit report. */
export interface TestCounts {
  passed: number;
  failed: number;
  /** Names of tests that were skipped. */
  skipped: string[];
  /** What failed, each with the beginning of its reason. */
  failures: string[];
}

/** A reason's beginning, such that a summary stays one that people read. */
const REASON = { lines: 12, characters: 900 };

/** Counts the test cases of Deno's JUnit report. */
export function countJunit(xml: string): TestCounts {
  const counts: TestCounts = { passed: 0, failed: 0, skipped: [], failures: [] };
  // A case is either empty (passed) or holds what happened to it.
  for (const match of xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const [, attributes, body = ""] = match;
    const name = plain(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? "");
    const failure = /<(?:failure|error)\b(?:[^>]*\bmessage="([^"]*)")?/.exec(body);
    if (failure) {
      counts.failed++;
      const reason = plain(failure[1] ?? "").slice(0, REASON.characters).split("\n");
      counts.failures.push(`${name}: ${reason.slice(0, REASON.lines).join("\n    ")}`);
    } else if (/<skipped\b/.test(body)) counts.skipped.push(name);
    else counts.passed++;
  }
  return counts;
}

/** XML's text without its escapes. */
function plain(text: string): string {
  const escapes: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => escapes[name]);
}

/** No group of tests takes so long; one that hangs is ended and counts as a failure. */
const GROUP_LIMIT_MS = 12 * 60_000;

/**
 * The groups of all tests, each run in a process of its own: a crash of native code or a hang in one
 * of them costs the results of that one only. End-to-end and fleet tests are a group a file.
 */
function groups(): string[] {
  const found = ["src", "ffi", "ui"];
  const tests = [...Deno.readDirSync(join(root, "tests"))].filter((entry) => entry.isDirectory);
  for (const { name } of tests.sort((a, b) => a.name.localeCompare(b.name))) {
    // The appliance's own tests: `deno task test:image`.
    if (name === "image") continue;
    const files = [...Deno.readDirSync(join(root, "tests", name))]
      .map((entry) => entry.name).filter((file) => /_test\.tsx?$/.test(file)).sort();
    if (name === "e2e" || name === "fleet") {
      found.push(...files.map((file) => `tests/${name}/${file}`));
    } else if (files.length > 0) found.push(`tests/${name}`);
  }
  return found;
}

/** Where pictures come at a pace, a second group would take some from the first one. */
const wantsMachine = ([path]: string[]) =>
  path.startsWith("tests/e2e/") || path === "tests/display";
/** Most groups wait for timers and sockets; two of them keep two processors half busy. */
const LANES = Math.min(2, navigator.hardwareConcurrency);
/** What a group left running holds its output open; nobody waits longer for its end. */
const LAST_WORDS_MS = 3000;

type GroupResult = TestCounts & { problem?: string };

/**
 * Runs a group's tests.
 *
 * @param beside   others run meanwhile, so what it says is told in one piece at its end
 * @param heading  what is said above that
 */
async function runGroup(
  paths: string[],
  beside: boolean,
  heading = paths.join(" "),
): Promise<GroupResult> {
  if (!beside) console.log(`\n== ${heading}`);
  const report = await Deno.makeTempFile({ prefix: "gamelan-junit-" });
  const output = beside ? "piped" : "inherit";
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", "--permit-no-files", `--junit-path=${report}`, ...paths],
    cwd: root,
    stdout: output,
    stderr: output,
  }).spawn();
  let hung = false;
  const limit = setTimeout(() => {
    hung = true;
    child.kill("SIGKILL");
  }, GROUP_LIMIT_MS);
  const said: string[] = [];
  const heard = beside ? collect(child, said) : undefined;
  const { code } = await child.status;
  clearTimeout(limit);
  if (heard) {
    await Promise.race([heard, new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS))]);
    console.log(`\n== ${heading}\n${said.join("")}`);
  }
  const counts = countJunit(await Deno.readTextFile(report).catch(() => ""));
  await Deno.remove(report);
  // A process that crashes or hangs leaves no failed case behind, but must not count as a success.
  if (hung) return { ...counts, problem: `did not end within ${GROUP_LIMIT_MS / 60_000} minutes` };
  if (code !== 0 && counts.failed === 0) return { ...counts, problem: `ended with code ${code}` };
  return counts;
}

/** Adds what a process says on both streams to `said`, as it comes. */
async function collect(child: Deno.ChildProcess, said: string[]): Promise<void> {
  await Promise.all([child.stdout, child.stderr].map(async (stream) => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) said.push(part);
  }));
}

/** Runs groups: by themselves those that want the machine, the others beside each other. */
async function runAll(all: string[][]): Promise<Map<string[], GroupResult>> {
  const results = new Map<string[], GroupResult>();
  for (const group of all.filter(wantsMachine)) results.set(group, await runGroup(group, false));
  const others = all.filter((group) => !wantsMachine(group));
  const lanes = Math.min(LANES, others.length);
  await inParallel(others, lanes, async (group) => {
    results.set(group, await runGroup(group, lanes > 1));
  });
  return results;
}

const isGood = ({ failed, problem }: GroupResult) => failed === 0 && problem === undefined;

/**
 * Runs all tests, or those whose paths are given, and ends with a line `N passed, N failed`.
 * Skipped tests fail the run: a test that cannot run on a machine says so by failing.
 *
 * A group that fails is run once more, by itself: browsers, sound servers and emulated machines that
 * share two cores with others are late now and then. What needed its second run is named at the end, so
 * that nobody takes it for sound.
 */
export async function runTests(args: string[]): Promise<number> {
  await Deno.mkdir(artifacts, { recursive: true });
  const total: TestCounts = { passed: 0, failed: 0, skipped: [], failures: [] };
  const problems: string[] = [];
  const repeated: string[] = [];
  const all = args.length > 0 ? [args] : groups().map((path) => [path]);
  const results = await runAll(all);
  for (const group of all) {
    const name = group.join(" ");
    let result = results.get(group)!;
    if (!isGood(result)) {
      total.failures.push(...result.failures);
      const why = result.problem ?? `${result.failed} failed`;
      result = await runGroup(group, false, `${name}, once more: ${why}`);
      if (isGood(result)) repeated.push(`${name} (${why} at first)`);
    }
    const { passed, failed, skipped, failures, problem } = result;
    total.passed += passed;
    total.failed += failed + (problem ? 1 : 0);
    total.skipped.push(...skipped);
    total.failures.push(...failures);
    if (problem) problems.push(`${name} ${problem}`);
    else if (failed > 0) problems.push(`${name}: ${failed} failed`);
  }
  for (const name of total.skipped) console.log(`skipped: ${name}`);
  // Both runs of a group: at the end they are found where its output is a thousand lines long.
  for (const failure of total.failures) console.log(`did not hold: ${failure}`);
  for (const group of repeated) console.log(`passed at the second run only: ${group}`);
  for (const problem of problems) console.log(problem);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.passed > 0 && total.failed === 0 && total.skipped.length === 0 ? 0 : 1;
}
