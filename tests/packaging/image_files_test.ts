/** How `deno task test:image` runs its files side by side, and what it says at the end. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  type ImageTest,
  type ImageTestResult,
  ImageTestRunner,
  imageTests,
  sideBySide,
  summary,
} from "../image/files.ts";
import { filesOfTail } from "../image/followed.ts";

const test = (path: string, processors: number, yields = false): ImageTest => ({
  path,
  processors,
  limitMinutes: 1,
  yields,
});

/** Runs tests that end when they are told to. */
function bench(tests: ImageTest[], processors: number, beside?: Promise<void>) {
  const running = new Map<string, () => void>();
  const order: string[] = [];
  const yielding = new Set<string>();
  const ended = sideBySide(tests, processors, ({ path }, hurry) => {
    order.push(path);
    if (hurry) yielding.add(path);
    hurry?.then(() => yielding.delete(path));
    const { promise, resolve } = Promise.withResolvers<string>();
    running.set(path, () => {
      running.delete(path);
      yielding.delete(path);
      resolve(path);
    });
    return promise;
  }, beside);
  const end = async (path: string) => {
    running.get(path)!();
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { running: () => [...running.keys()], yielding, end, ended, order };
}

Deno.test("files run side by side as far as the processors go", async () => {
  const { running, end, ended } = bench(
    [test("two", 2), test("one", 1), test("other", 1), test("last", 1)],
    2,
  );
  assert.deepEqual(running(), ["two"]);
  await end("two");
  assert.deepEqual(running(), ["one", "other"]);
  await end("other");
  assert.deepEqual(running(), ["one", "last"]);
  await end("one");
  await end("last");
  assert.deepEqual(await ended, ["two", "one", "other", "last"]);
});

Deno.test("what is small fills the gap before what is large, which runs alone at least", async () => {
  const { running, end, ended, order } = bench([test("one", 1), test("huge", 5), test("it", 1)], 2);
  assert.deepEqual(running(), ["one", "it"]);
  await end("it");
  assert.deepEqual(running(), ["one"]);
  await end("one");
  assert.deepEqual(running(), ["huge"]);
  await end("huge");
  await ended;
  assert.deepEqual(order, ["one", "it", "huge"]);
});

Deno.test("beside a wide file one runs on what that leaves, and has its share when no wide one is left", async () => {
  const { running, yielding, end, ended } = bench([
    ...[test("wide", 2), test("wider", 2), test("long", 1), test("other", 1)],
    ...[test("patient", 1, true), test("calm", 1, true)],
  ], 2);
  assert.deepEqual([running(), [...yielding]], [["wide", "patient"], ["patient"]]);
  await end("wide");
  assert.deepEqual([running(), [...yielding]], [["patient", "wider"], ["patient"]]);
  await end("patient");
  assert.deepEqual([running(), [...yielding]], [["wider", "calm"], ["calm"]]);
  await end("wider");
  // It takes one of the processors now.
  assert.deepEqual([running(), [...yielding]], [["calm", "long"], []]);
  await end("calm");
  assert.deepEqual(running(), ["long", "other"]);
  await end("long");
  await end("other");
  await ended;
});

Deno.test("what runs beside them has one of the processors, and a wide one waits for its end", async () => {
  const { promise: beside, resolve } = Promise.withResolvers<void>();
  const { running, yielding, end, ended, order } = bench(
    [test("wide", 2), test("one", 1), test("calm", 1, true), test("last", 1)],
    2,
    beside,
  );
  assert.deepEqual([running(), yielding.size], [["one"], 0]);
  await end("one");
  assert.deepEqual([running(), yielding.size], [["calm"], 0]);
  resolve();
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(running(), ["calm", "last"]);
  await end("last");
  assert.deepEqual(running(), ["calm"]);
  await end("calm");
  assert.deepEqual(running(), ["wide"]);
  await end("wide");
  await ended;
  assert.deepEqual(order, ["one", "calm", "last", "wide"]);
});

Deno.test("the last one that yields has its share as soon as the wide one has ended", async () => {
  const { running, yielding, end, ended } = bench([test("wide", 2), test("calm", 1, true)], 2);
  assert.deepEqual([running(), [...yielding]], [["wide", "calm"], ["calm"]]);
  await end("wide");
  assert.deepEqual([running(), [...yielding]], [["calm"], []]);
  await end("calm");
  assert.deepEqual(await ended, ["wide", "calm"]);
});

Deno.test("the fleet is the first of those that take one processor, and waits for what is beside them", async () => {
  const sorted = imageTests(["owner", "update", "fleet", "box"].map((name) => `${name}_test.ts`));
  assert.deepEqual(sorted.map(({ path }) => path), [
    ...["box_test.ts", "fleet_test.ts", "update_test.ts", "owner_test.ts"],
  ]);
  const { promise: beside, resolve } = Promise.withResolvers<void>();
  const { running, end, ended } = bench(sorted, 2, beside);
  assert.deepEqual(running(), ["update_test.ts"]);
  await end("update_test.ts");
  assert.deepEqual(running(), ["owner_test.ts"]);
  await end("owner_test.ts");
  assert.deepEqual(running(), []);
  resolve();
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(running(), ["box_test.ts"]);
  await end("box_test.ts");
  assert.deepEqual(running(), ["fleet_test.ts"]);
  await end("fleet_test.ts");
  await ended;
});

Deno.test("a file that nobody has described gets two processors", () => {
  const [unknown, update] = imageTests(["a/update_test.ts", "a/new_test.ts"]);
  assert.deepEqual([update.path, update.processors], ["a/update_test.ts", 1]);
  assert.deepEqual([unknown.path, unknown.processors], ["a/new_test.ts", 2]);
});

const good: ImageTestResult = {
  path: "t/a_test.ts",
  seconds: 61,
  passed: 2,
  failed: 0,
  skipped: [],
  failures: [],
};

Deno.test("the end names what was repeated, what failed and what was skipped", () => {
  assert.deepEqual(summary([good, { ...good, path: "t/b_test.ts", firstRun: "1 failed" }]), {
    lines: [
      "   61 s  a_test.ts",
      "   61 s  b_test.ts, second run",
      "passed at the second run only: b_test.ts (1 failed at first)",
      "4 passed, 0 failed",
    ],
    success: true,
  });
  const late = { ...good, passed: 0, problem: "did not end within 1 minutes", firstRun: "late" };
  const failed = { ...good, failed: 1, failures: ["a box: it was\n    off"] };
  assert.deepEqual(summary([late, failed]).lines.slice(2), [
    "a_test.ts did not end within 1 minutes",
    "did not hold in a_test.ts: a box: it was",
    "    off",
    "a_test.ts: 1 failed",
    "2 passed, 2 failed",
  ]);
  assert.equal(summary([late]).success, false);
  assert.equal(summary([{ ...good, skipped: ["one"] }]).success, false);
  assert.equal(summary([]).success, false);
});

Deno.test("a file for which no time is left is not run, and named", async () => {
  const said: string[] = [];
  const ends = performance.now() + 11 * 60_000;
  const runner = new ImageTestRunner("none.raw", "nowhere", (line) => said.push(line), ends);
  const result = await runner.run({ path: "a_test.ts", processors: 1, limitMinutes: 20 });
  assert.deepEqual(said, []);
  const { lines, success } = summary([good, result]);
  assert.deepEqual(lines.slice(2), [
    "not run: a_test.ts, because it takes about 12 minutes, which are not left",
    "2 passed, 0 failed",
  ]);
  assert.equal(success, true);
  assert.equal(summary([result]).success, true);
});

Deno.test("what tail says of several files is told apart", () => {
  const said = "==> a/one <==\nfirst\nsecond\n\n==> two <==\n\n==> a/one <==\nthird\n";
  assert.deepEqual([...filesOfTail(said)], [["a/one", "first\nsecond\nthird\n"], ["two", ""]]);
  // A line that is on its way.
  assert.deepEqual([...filesOfTail("==> one <==\nfirst\nsec")], [["one", "first\nsec"]]);
  assert.deepEqual([...filesOfTail("")], []);
});

for (
  const [option, most] of [["processors", "999"], ["minutes", "999"], ["beside", "999999999"]]
) {
  Deno.test(`what is no number of ${option} is refused before anything is built`, async () => {
    for (const text of ["0", "two", "-1", "1.5", `${most}9`, ""]) {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", fileURLToPath(new URL("../image/main.ts", import.meta.url))]
          .concat(`--${option}=${text}`),
        stdin: "null",
      }).output();
      assert.equal(code, 1);
      assert.match(
        new TextDecoder().decode(stderr),
        new RegExp(`expected --${option} with a number from 1 to ${most}, got "${text}"`),
      );
    }
  });
}
