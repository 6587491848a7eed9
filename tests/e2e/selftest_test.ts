/** `gamelan selftest` as an update's gate uses it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Capability } from "../../src/protocol/library.ts";
import { startHouse } from "./house.ts";
import { nothingLeft } from "./leftovers.ts";

async function selftest(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "main.ts", "selftest", "--json", ...args],
  }).output();
  const text = new TextDecoder();
  const out = text.decode(stdout);
  return {
    code,
    rows: (out ? JSON.parse(out) : []) as Capability[],
    err: text.decode(stderr),
  };
}

const status = (rows: Capability[]) => Object.fromEntries(rows.map((row) => [row.id, row.status]));

Deno.test("the self-test sees a game, its key, an encoded picture and the house, and leaves nothing", async () => {
  await using house = await startHouse();
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-selftest-" });
  try {
    const secure = (await (await fetch(`${house.url}/api/trust`)).json()).httpsUrl;
    for (const url of [house.url, secure]) {
      const { code, rows, err } = await selftest("--data-dir", dataDir, "--house", url);
      assert.equal(code, 0, err + JSON.stringify(rows));
      const { house: answers, game, key, encoder } = status(rows);
      assert.deepEqual({ answers, game, key, encoder }, {
        answers: "ok",
        game: "ok",
        key: "ok",
        encoder: "ok",
      });
      assert.match(rows.find(({ id }) => id === "encoder")!.evidence, /320×180 in .* bytes/);
    }
    await nothingLeft(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("a house that does not answer and a sandbox that does not start fail the self-test", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-selftest-" });
  try {
    const silent = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const { port } = silent.addr as Deno.NetAddr;
    silent.close();
    const url = `http://127.0.0.1:${port}`;
    const lost = await selftest("--data-dir", dataDir, "--house", url, "--patience", "1");
    assert.equal(lost.code, 1);
    assert.equal(status(lost.rows).house, "missing");
    assert.match(lost.rows[0].evidence, /does not answer/);

    // A data directory that is a file: the game's files cannot be laid out.
    const file = join(dataDir, "file");
    await Deno.writeTextFile(file, "");
    const broken = await selftest("--data-dir", join(file, "data"), "--patience", "5");
    assert.equal(broken.code, 1);
    assert.deepEqual(status(broken.rows), { game: "missing" });
    assert.match(broken.rows[0].evidence, /Not a directory/);

    assert.equal((await selftest("--patience", "soon")).code, 2);
    assert.equal((await selftest("--house", "gopher://x")).code, 2);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
