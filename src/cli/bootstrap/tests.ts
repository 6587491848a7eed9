import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const artifacts = join(root, "tests/artifacts");

/** Counts of a JUnit report. */
export interface TestCounts {
  passed: number;
  failed: number;
  /** Names of tests that were skipped. */
  skipped: string[];
}

/** Counts the test cases of Deno's JUnit report. */
export function countJunit(xml: string): TestCounts {
  const counts: TestCounts = { passed: 0, failed: 0, skipped: [] };
  // A case is either empty (passed) or holds what happened to it.
  for (const match of xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const [, attributes, body = ""] = match;
    if (/<(failure|error)\b/.test(body)) counts.failed++;
    else if (/<skipped\b/.test(body)) counts.skipped.push(/\bname="([^"]*)"/.exec(attributes)![1]);
    else counts.passed++;
  }
  return counts;
}

/**
 * Runs all tests, or those whose paths are given, and ends with a line `N passed, N failed`.
 * Skipped tests fail the run: a test that cannot run on a machine says so by failing.
 */
export async function runTests(args: string[]): Promise<number> {
  await Deno.mkdir(artifacts, { recursive: true });
  const report = join(artifacts, "junit.xml");
  await Deno.remove(report).catch(() => {});
  const paths = args.length > 0 ? args : ["src", "ffi", "ui", "tests"];
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", `--junit-path=${report}`, ...paths],
    cwd: root,
  }).spawn().status;
  const xml = await Deno.readTextFile(report).catch(() => "");
  const { passed, failed, skipped } = countJunit(xml);
  for (const name of skipped) console.log(`skipped: ${name}`);
  // A test process that crashes leaves no failed case behind, but must not count as a success.
  const broken = code !== 0 && failed === 0 ? 1 : 0;
  if (broken) console.log(`the test run itself failed with code ${code}`);
  console.log(`${passed} passed, ${failed + broken} failed`);
  return passed > 0 && failed + broken === 0 && skipped.length === 0 ? 0 : 1;
}
