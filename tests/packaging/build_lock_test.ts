import assert from "node:assert/strict";
import { lockBuild } from "../../image/build_lock.ts";

Deno.test("builds of one folder go one after another", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-lock-" });
  const said: string[] = [];
  const first = await lockBuild(`${folder}/build`, (line) => said.push(line));
  assert.equal(said.length, 0);
  let second: Disposable | undefined;
  const later = lockBuild(`${folder}/build`, (line) => said.push(line)).then((lock) =>
    second = lock
  );
  const deadline = Date.now() + 10_000;
  while (said.length === 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.match(said.join(), /Another build is at work in .*build; this one goes on after it/);
  assert.equal(second, undefined);
  using other = await lockBuild(`${folder}/elsewhere`, (line) => said.push(line));
  assert.ok(other);
  assert.equal(said.length, 1);
  first[Symbol.dispose]();
  await later;
  second![Symbol.dispose]();
  await Deno.remove(folder, { recursive: true });
});
