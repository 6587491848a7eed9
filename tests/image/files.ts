/**
 * Runs the files of tests/image, several side by side: most of the time a machine waits for a processor
 * of its own that is interpreted, or for a timer.
 */
import { basename, join } from "node:path";
import { countJunit, type TestCounts } from "../../src/cli/bootstrap/tests.ts";

/** What a file needs of this machine. */
export interface ImageTest {
  path: string;
  /** Processors of its virtual machines and its browser that are busy at a time. */
  processors: number;
  /** It is ended after that; a file takes half of it where nothing else runs. */
  limitMinutes: number;
  /** It may run beside one that wants all processors, on what that leaves of them. */
  yields?: boolean;
  /** It does not begin beside what is not of these files. */
  apart?: boolean;
}

/** Files that are not named here have two busy processors. */
const KNOWN: Record<string, Omit<ImageTest, "path">> = {
  "artifacts_test.ts": { processors: 1, limitMinutes: 5 },
  "box_test.ts": { processors: 2, limitMinutes: 15 },
  "controllers_test.ts": { processors: 2, limitMinutes: 15 },
  "damage_test.ts": { processors: 1, limitMinutes: 20 },
  "extension_test.ts": { processors: 1, limitMinutes: 20, yields: true },
  // Of its two machines most of the time one waits for the other. What they measure fails where they get
  // less than a third of a processor, as beside another machine and other tests.
  "fleet_test.ts": { processors: 1, limitMinutes: 65, apart: true },
  "owner_test.ts": { processors: 1, limitMinutes: 30 },
  "wifi_test.ts": { processors: 1, limitMinutes: 20, yields: true },
  "power_cut_test.ts": { processors: 1, limitMinutes: 50 },
  "update_test.ts": { processors: 1, limitMinutes: 40 },
};
const OTHERS = { processors: 2, limitMinutes: 30 };

/** What became of a file. */
export interface ImageTestResult extends TestCounts {
  path: string;
  seconds: number;
  /** Why it failed where no test of it says so. */
  problem?: string;
  /** Why its first run failed; absent where it had one only. */
  firstRun?: string;
  /** It was not run, and why. */
  leftOut?: string;
}

/** The needs of these test files: the widest first, then the longest, so that what is short fills gaps. */
export function imageTests(paths: string[]): ImageTest[] {
  return paths.map((path) => ({ path, ...(KNOWN[basename(path)] ?? OTHERS) }))
    .sort((a, b) =>
      b.processors - a.processors || b.limitMinutes - a.limitMinutes || a.path.localeCompare(b.path)
    );
}

interface Running {
  processors: number;
  /** It is not of the files. */
  foreign: boolean;
  /** Gives it its full share; absent once it has that. */
  hurry?: () => void;
  ended: Promise<void>;
}

/**
 * Runs `tests` such that no more than `processors` are wanted at a time; one that wants more runs alone.
 * Beside one that wants several, one that may runs on what is left.
 *
 * @param run     runs one; `hurry` is there for one that runs on what is left, until it resolves
 * @param beside  until it resolves, something else has one of the processors
 */
export async function sideBySide<T>(
  tests: ImageTest[],
  processors: number,
  run: (test: ImageTest, hurry?: Promise<void>) => Promise<T>,
  beside?: Promise<void>,
): Promise<T[]> {
  const waiting = [...tests];
  const running = new Set<Running>();
  const occupy = (one: Omit<Running, "ended">, until: Promise<unknown>) => {
    // A failure of one is no reason to start the others at once.
    const ended = until.then(() => {}, () => {}).then(() => void running.delete(entry));
    const entry: Running = { ...one, ended };
    running.add(entry);
  };
  if (beside) occupy({ processors: 1, foreign: true }, beside);
  const results: Promise<T>[] = [];
  const begin = (at: number, yielding: boolean) => {
    const [test] = waiting.splice(at, 1);
    const { promise, resolve } = Promise.withResolvers<void>();
    const result = run(test, yielding ? promise : undefined);
    results.push(result);
    const { processors } = test;
    occupy({ processors, foreign: false, hurry: yielding ? resolve : undefined }, result);
  };
  for (;;) {
    const guest = [...running].find(({ hurry }) => hurry);
    if (waiting.length === 0 && !guest) break;
    const full = [...running].filter(({ hurry }) => !hurry);
    const free = full.reduce((free, one) => free - one.processors, processors);
    const isForeign = full.some(({ foreign }) => foreign);
    const next = waiting.findIndex((test) =>
      (test.processors <= free || full.length === 0) && !(test.apart && isForeign)
    );
    const calm = guest ? -1 : waiting.findIndex((test) => test.yields);
    if (guest && free > 0 && !(next >= 0 && waiting[next].processors > 1)) {
      guest.hurry!();
      guest.hurry = undefined;
    } else if (next >= 0) {
      begin(next, false);
    } else if (calm >= 0 && full.some(({ processors }) => processors > 1)) {
      begin(calm, true);
    } else await Promise.race([...running].map(({ ended }) => ended));
  }
  return await Promise.all(results);
}

/** How long a file takes, beside another one and on a machine that others keep busy too. */
const usualMinutes = ({ limitMinutes }: ImageTest) => Math.ceil(limitMinutes * 0.6);

/** Runs test files against one image and ends what they left running. */
export class ImageTestRunner {
  readonly #groups = new Set<number>();

  /**
   * @param image      the disk under test
   * @param artifacts  where reports go
   * @param say        called with each line that a test prints
   * @param endsMs     no run is begun that would not end by then, on performance.now()'s clock
   */
  constructor(
    readonly image: string,
    readonly artifacts: string,
    readonly say: (line: string) => void,
    readonly endsMs = Infinity,
  ) {}

  /**
   * Runs a file; once more where it fails: emulated machines that share two processors are late now and
   * then. What needed its second run says so, so that nobody takes it for sound; so does what was left
   * out for want of time.
   *
   * @param hurry  until it resolves, only processor time that nobody else wants is used
   */
  async run(test: ImageTest, hurry?: Promise<void>): Promise<ImageTestResult> {
    let yields = hurry !== undefined;
    hurry?.then(() => yields = false);
    const once = () => this.#runOnce(test, yields ? hurry : undefined);
    if (!this.#fits(test)) {
      const leftOut = `it takes about ${usualMinutes(test)} minutes, which are not left`;
      return { path: test.path, seconds: 0, ...countJunit(""), leftOut };
    }
    const first = await once();
    if (first.failed === 0 && first.problem === undefined || !this.#fits(test)) return first;
    const firstRun = first.problem ?? `${first.failed} failed`;
    this.say(`== ${basename(test.path)}, once more: ${firstRun}`);
    const second = await once();
    return { ...second, failures: [...first.failures, ...second.failures], firstRun };
  }

  #fits(test: ImageTest): boolean {
    return performance.now() + usualMinutes(test) * 60_000 <= this.endsMs;
  }

  /** Ends all that runs. */
  async stop(): Promise<void> {
    for (const group of this.#groups) await killGroup(group);
  }

  async #runOnce(
    { path, limitMinutes }: ImageTest,
    hurry?: Promise<void>,
  ): Promise<ImageTestResult> {
    const name = basename(path).replace(/_test\.tsx?$/, "");
    const report = join(this.artifacts, `image-${name}-junit.xml`);
    await Deno.remove(report).catch(() => {});
    this.say(`== ${basename(path)}${hurry ? ", which yields to others" : ""}`);
    const began = performance.now();
    // A group of its own, with which its virtual machines can be ended.
    const child = new Deno.Command("setsid", {
      args: [
        ...(hurry ? LEAST : []),
        Deno.execPath(),
        ...["test", "-A", "--no-check", `--junit-path=${report}`, path],
      ],
      env: { GAMELAN_IMAGE: this.image },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#groups.add(child.pid);
    hurry?.then(() => this.#groups.has(child.pid) && takeFullShare(child.pid));
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      killGroup(child.pid);
    }, limitMinutes * 60_000);
    const told = [child.stdout, child.stderr].map(async (stream) => {
      for await (const line of lines(stream)) this.say(`[${name}] ${line}`);
    });
    const { code } = await child.status;
    clearTimeout(limit);
    // What it left would keep its output open, too.
    await killGroup(child.pid);
    this.#groups.delete(child.pid);
    await Promise.all(told);
    const counts = countJunit(await Deno.readTextFile(report).catch(() => ""));
    const seconds = Math.round((performance.now() - began) / 1000);
    const result = { path, seconds, ...counts };
    if (late) return { ...result, problem: `did not end within ${limitMinutes} minutes` };
    if (code !== 0 && counts.failed === 0) return { ...result, problem: `ended with code ${code}` };
    return result;
  }
}

/**
 * Runs a command with the least weight that a session of processes can have (sched(7), autogroup: with
 * it a process's own nice value counts in its session only).
 */
const LEAST = ["sh", "-c", 'echo 19 >/proc/self/autogroup; exec "$0" "$@"'];

/** Whether the kernel lets a session of processes yield to others. */
export async function canYield(): Promise<boolean> {
  const path = "/proc/sys/kernel/sched_autogroup_enabled";
  return (await Deno.readTextFile(path).catch(() => "0")).trim() === "1";
}

function takeFullShare(session: number): void {
  try {
    Deno.writeTextFileSync(`/proc/${session}/autogroup`, "0");
  } catch {
    // It has ended.
  }
}

/** The end of the run, for people and scripts: the last line is `N passed, N failed`. */
export function summary(results: ImageTestResult[]): { lines: string[]; success: boolean } {
  const lines = results.map(({ path, seconds, firstRun }) =>
    `${`${seconds} s`.padStart(7)}  ${basename(path)}${firstRun ? `, second run` : ""}`
  );
  let [passed, failed, skipped] = [0, 0, 0];
  for (const { path, problem, firstRun, leftOut, ...counts } of results) {
    const name = basename(path);
    if (leftOut) lines.push(`not run: ${name}, because ${leftOut}`);
    passed += counts.passed;
    failed += counts.failed + (problem ? 1 : 0);
    skipped += counts.skipped.length;
    for (const one of counts.skipped) lines.push(`skipped: ${one}`);
    // Of both runs: the output of a run is longer than what people, and CI, look through.
    for (const one of counts.failures) {
      lines.push(...`did not hold in ${name}: ${one}`.split("\n"));
    }
    const good = counts.failed === 0 && !problem;
    if (firstRun && good) {
      lines.push(`passed at the second run only: ${name} (${firstRun} at first)`);
    }
    if (problem) lines.push(`${name} ${problem}`);
    else if (counts.failed > 0) lines.push(`${name}: ${counts.failed} failed`);
  }
  lines.push(`${passed} passed, ${failed} failed`);
  const idle = results.length > 0 && results.every(({ leftOut }) => leftOut);
  return { lines, success: (passed > 0 || idle) && failed === 0 && skipped === 0 };
}

async function* lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
  if (rest !== "") yield rest;
}

/** Ends a process and those that it started; there may be none any more. */
async function killGroup(id: number): Promise<void> {
  await new Deno.Command("kill", {
    args: ["-KILL", "--", `-${id}`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
}
