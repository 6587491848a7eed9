/** `gamelan session --spec -` as the node agent starts it, with what no agent sends. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));

async function session(input: string, ...args: string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-prompt", main, "session", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // A process that refuses the first part may be gone before the last one.
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("a prepared session goes in peace when its input ends", async () => {
  const { stdout, ...ended } = await session("", "--spec", "-");
  assert.deepEqual(ended, { code: 0, stderr: "" });
  // Its word that it is prepared, where it came to that.
  assert.match(stdout, /^(prepared\n)?$/);
});

Deno.test("a wrong specification is refused with what is wrong, and starts nothing", async () => {
  const cases: [string, RegExp][] = [
    ["nonsense\n", /expected the specification of a session as one line of JSON/],
    [JSON.stringify({ id: "../../etc", runDir: "/" }) + "\n", /id: expected a-z/],
    ["x".repeat(100_000), /at most 65536 characters/],
  ];
  const answers = await Promise.all(cases.map(([input]) => session(input, "--spec", "-")));
  for (const [index, { code, stderr }] of answers.entries()) {
    assert.equal(code, 1);
    assert.match(stderr, cases[index][1]);
    assert.equal(stderr.trim().split("\n").length, 1, `one line was expected: ${stderr}`);
  }
});

Deno.test("another use of --spec is a wrong command line", async () => {
  const { code, stderr } = await session("", "--spec", "/etc/passwd");
  assert.equal(code, 2);
  assert.match(stderr, /--spec -/);
});
