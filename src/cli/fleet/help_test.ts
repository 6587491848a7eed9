import assert from "node:assert/strict";
import { parseInventory } from "../../fleet/inventory.ts";
import { run } from "../fleet.ts";

async function help(...verb: string[]): Promise<string> {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => lines.push(line);
  try {
    assert.equal(await run([...verb, "--help"]), 0);
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}

Deno.test("the inventory that the help shows is one, and reaches an appliance", async () => {
  const shown = /An inventory:\n([^]*?)\n\n/.exec(await help())![1];
  const { hosts } = parseInventory(shown, "/f/fleet.toml");
  assert.deepEqual(hosts.map(({ name, user }) => [name, user]), [
    ["living-room", "root"],
    ["attic", "root"],
  ]);
});

Deno.test("the help of each verb fits a terminal and names its exit codes", async () => {
  for (const verb of ["", "status", "push", "exec", "logs", "rollback", "keys", "inventory"]) {
    const text = await help(...(verb === "" ? [] : [verb]));
    for (const line of text.split("\n")) assert.ok(line.length <= 100, `${verb}: ${line}`);
    assert.match(text, /^Exit codes: 0 /m, verb);
  }
});

Deno.test("a bundle is a file or a folder, wherever the help says what is pushed", async () => {
  assert.match(await help(), /push bundle FILE\|FOLDER/);
  assert.match(await help("push"), /push bundle FOLDER\|FILE\.gamelan-update/);
  assert.match(
    await help("push"),
    /no host carries "canary" nor any of the waves'\ntags, the first host is the canary/,
  );
});
