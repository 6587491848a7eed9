/** A house, run as people run it, that restarts into a backup because its page asked for it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lines } from "../../src/games/command.ts";
import { TestClient } from "../coordinator/house.ts";

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
const PASSWORD = "correct horse";

Deno.test("the house comes back with the backup's saves and people, in the same process", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-restart-" });
  const config = join(folder, "gamelan.toml");
  await Deno.writeTextFile(config, '[library]\nfirst_import = ""\n');
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", main, "serve", "--json", "--config", config],
      ...["--port", "0", "--https-enabled", "false", "--http-host", "127.0.0.1"],
      ...["--data-dir", join(folder, "data"), "--ice-udp-port", "0"],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    const said = lines(child.stdout);
    /** Each start of the house says one line. */
    const ready = async () => JSON.parse((await said.next()).value!);
    const first = await ready();
    const owner = new TestClient(first.url);
    const claim = { code: first.claimCode, name: "Ada", password: PASSWORD };
    assert.equal((await owner.post("/api/claim", claim)).status, 200);
    const board = join(folder, "data/saves/u-1/chess/current/board");
    await Deno.mkdir(join(board, ".."), { recursive: true });
    await Deno.writeTextFile(board, "e4");

    const job = await owner.post("/api/backups", { password: PASSWORD, parts: ["users", "saves"] });
    const { id } = job.json;
    while ((await owner.get(`/api/backups/${id}`)).json.state === "packing") {
      await new Promise((done) => setTimeout(done, 50));
    }
    const file = await fetch(`${first.url}/api/backups/${id}/file`, {
      headers: { cookie: owner.cookieHeader() },
    });
    const bytes = new Uint8Array(await file.arrayBuffer());

    // What happens after the backup is gone again with it.
    await Deno.writeTextFile(board, "checkmate");
    await owner.post("/api/users", { name: "Ben", password: PASSWORD, role: "player" });
    const begun = await owner.post("/api/restores", { password: PASSWORD, bytes: bytes.length });
    const sent = await fetch(`${first.url}/api/restores/${begun.json.id}?offset=0`, {
      method: "PUT",
      headers: { cookie: owner.cookieHeader(), origin: first.url },
      body: bytes,
    });
    assert.equal(sent.status, 200, await sent.text());
    const before = (await owner.get("/api/restores")).json.run;
    const path = `/api/restores/${begun.json.id}/start`;
    const started = await owner.post(path, { parts: ["users", "saves"] });
    assert.deepEqual([started.status, started.json], [202, { seconds: 1 }]);

    const second = await ready();
    assert.equal(second.pid, first.pid);
    assert.equal(second.claimCode, undefined);
    assert.equal(await Deno.readTextFile(board), "e4");
    const back = new TestClient(second.url);
    back.cookies = owner.cookies;
    assert.equal((await back.get("/api/restores")).status, 401);
    const login = { name: "Ada", password: PASSWORD };
    assert.equal((await back.post("/api/login", login)).status, 200);
    const { json: outcome } = await back.get("/api/restores");
    assert.notEqual(outcome.run, before);
    assert.equal(outcome.failure, null);
    const { json: users } = await back.get("/api/users");
    assert.deepEqual(users.map(({ name }: { name: string }) => name), ["Ada"]);
    // What was there before is kept beside it.
    assert.equal([...Deno.readDirSync(join(folder, "data/replaced"))].length, 1);
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 0);
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await child.status;
    await child.stdout.cancel().catch(() => {});
    await Deno.remove(folder, { recursive: true });
  }
});
