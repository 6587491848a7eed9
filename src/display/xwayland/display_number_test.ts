import assert from "node:assert/strict";
import { claimDisplay } from "./display_number.ts";

Deno.test("claims differ, and a released number is free again", () => {
  const directory = Deno.makeTempDirSync();
  const [first, second] = [claimDisplay(directory), claimDisplay(directory)];
  assert.notEqual(first.number, second.number);
  first.release();
  assert.equal(claimDisplay(directory).number, first.number);
  Deno.removeSync(directory, { recursive: true });
});

Deno.test("a lock names its holder, and any lock is respected", () => {
  const directory = Deno.makeTempDirSync();
  const claimed = claimDisplay(directory);
  const lock = `${directory}/.X${claimed.number}-lock`;
  assert.equal(Deno.readTextFileSync(lock), String(Deno.pid).padStart(10) + "\n");
  claimed.setHolder(1);
  assert.equal(Deno.readTextFileSync(lock), "         1\n");
  Deno.writeTextFileSync(lock, "not a number");
  assert.notEqual(claimDisplay(directory).number, claimed.number);
  Deno.removeSync(directory, { recursive: true });
});

Deno.test("a number whose socket is listened on is passed over", () => {
  const directory = Deno.makeTempDirSync();
  const { number, release } = claimDisplay(directory);
  release();
  Deno.mkdirSync(`${directory}/.X11-unix`);
  const listener = Deno.listen({ transport: "unix", path: `${directory}/.X11-unix/X${number}` });
  assert.notEqual(claimDisplay(directory).number, number);
  listener.close();
  Deno.removeSync(directory, { recursive: true });
});
