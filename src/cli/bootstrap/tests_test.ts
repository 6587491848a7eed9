import assert from "node:assert/strict";
import { countJunit } from "./tests.ts";

Deno.test("passed, failed and skipped cases of a JUnit report are told apart", () => {
  const xml = `<testsuites><testsuite name="a">
    <testcase name="one" time="0.1" line="3"/>
    <testcase name="two" time="0.1"></testcase>
    <testcase name="three"><failure message="Error: 1 &lt; 2
&apos;more&apos;">trace</failure></testcase>
    <testcase name="four"><skipped/></testcase>
  </testsuite></testsuites>`;
  assert.deepEqual(countJunit(xml), {
    passed: 2,
    failed: 1,
    skipped: ["four"],
    failures: ["three: Error: 1 < 2\n    'more'"],
  });
  assert.deepEqual(countJunit(""), { passed: 0, failed: 0, skipped: [], failures: [] });
});
