/** Backup and restore by the house's API, and what hostile pages and broken networks do to it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createBackup } from "../../src/backup/create.ts";
import { HouseBackups } from "../../src/backup/house_backups.ts";
import { UPLOAD_PIECE } from "../../src/protocol/machine.ts";
import { addPlayer, claim, startTestHouse, TestClient } from "../coordinator/house.ts";

const PASSWORD = "correct horse";

/** A house with a configuration, saves, and backups over them. */
async function withBackups(
  test: (parts: {
    owner: TestClient;
    house: Awaited<ReturnType<typeof startTestHouse>>;
    folder: string;
    restarts: { file: string; parts: string[] }[];
  }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-backups-" });
  const dataDir = join(folder, "data");
  await Deno.mkdir(join(dataDir, "saves/u-1/chess/current"), { recursive: true });
  await Deno.writeTextFile(join(dataDir, "saves/u-1/chess/current/board"), "e4");
  const configFile = join(folder, "gamelan.toml");
  await Deno.writeTextFile(configFile, '[house]\nname = "Ours"\n');
  const restarts: { file: string; parts: string[] }[] = [];
  const backups = new HouseBackups({
    dataDir,
    configFile,
    version: "1.2.3",
    checkConfig: (file) => {
      if (Deno.readTextFileSync(file).includes("wrong")) throw new Error("wrong: not a key");
    },
    restart: (file, parts) => {
      restarts.push({ file, parts });
      return 1;
    },
  });
  try {
    await using house = await startTestHouse({ data_dir: dataDir }, { backups });
    await test({ owner: await claim(house), house, folder, restarts });
  } finally {
    await backups.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function pack(owner: TestClient, parts: string[]): Promise<string> {
  const started = await owner.post("/api/backups", { password: PASSWORD, parts });
  assert.equal(started.status, 202, started.text);
  for (;;) {
    const { json } = await owner.get(`/api/backups/${started.json.id}`);
    if (json.state !== "packing") {
      assert.equal(json.state, "ready", json.reason);
      return started.json.id;
    }
    await new Promise((done) => setTimeout(done, 20));
  }
}

async function download(owner: TestClient, id: string) {
  const response = await fetch(`${owner.url}/api/backups/${id}/file`, {
    headers: { cookie: owner.cookieHeader() },
  });
  return { response, bytes: new Uint8Array(await response.arrayBuffer()) };
}

/** Sends `bytes` in pieces and gives the upload's id. */
async function upload(owner: TestClient, bytes: Uint8Array): Promise<string> {
  const begun = await owner.post("/api/restores", { password: PASSWORD, bytes: bytes.length });
  assert.equal(begun.status, 201, begun.text);
  for (let at = 0; at < bytes.length; at += UPLOAD_PIECE) {
    const sent = await piece(owner, begun.json.id, at, bytes.subarray(at, at + UPLOAD_PIECE));
    assert.equal(sent.status, 200, JSON.stringify(sent.json));
  }
  return begun.json.id;
}

async function piece(owner: TestClient, id: string, offset: unknown, bytes: Uint8Array) {
  const response = await fetch(`${owner.url}/api/restores/${id}?offset=${offset}`, {
    method: "PUT",
    headers: { cookie: owner.cookieHeader(), origin: new URL(owner.url).origin },
    body: bytes as Uint8Array<ArrayBuffer>,
  });
  return { status: response.status, json: await response.json() };
}

Deno.test("a backup is packed, fetched, sent back, looked at and restarted into", () =>
  withBackups(async ({ owner, restarts }) => {
    const id = await pack(owner, ["config", "users", "identity", "saves"]);
    const { response, bytes } = await download(owner, id);
    assert.equal(response.status, 200);
    assert.equal(Number(response.headers.get("content-length")), bytes.length);
    assert.match(
      response.headers.get("content-disposition")!,
      /^attachment; filename="[A-Za-z0-9-]+-\d{4}-\d\d-\d\d\.gamelan"$/,
    );
    assert.equal(response.headers.get("cache-control"), "no-store");

    const sent = await upload(owner, bytes);
    const { json } = await owner.get(`/api/restores/${sent}`);
    assert.equal(json.gamelan, "1.2.3");
    assert.deepEqual(json.parts.map(({ name }: { name: string }) => name), [
      "config",
      "users",
      "identity",
      "saves",
    ]);
    const started = await owner.post(`/api/restores/${sent}/start`, { parts: ["users", "saves"] });
    assert.deepEqual([started.status, started.json], [202, { seconds: 1 }]);
    assert.deepEqual(restarts.map(({ parts }) => parts), [["users", "saves"]]);
    assert.deepEqual(await Deno.readFile(restarts[0].file), bytes);
    // From now on nothing may change what is restored.
    assert.equal((await owner.post("/api/restores", { password: PASSWORD, bytes: 5 })).status, 409);
    assert.equal(
      (await owner.post(`/api/restores/${sent}/start`, { parts: ["saves"] })).status,
      409,
    );
    assert.equal((await piece(owner, sent, bytes.length, new Uint8Array(1))).status, 409);
  }));

Deno.test("players and strangers get nothing, and an owner only with the password", () =>
  withBackups(async ({ owner, house }) => {
    const id = await pack(owner, ["saves"]);
    const player = await addPlayer(owner, "Ben");
    const requests: [string, string, unknown?][] = [
      ["POST", "/api/backups", { password: PASSWORD, parts: ["saves"] }],
      ["GET", `/api/backups/${id}`],
      ["GET", `/api/backups/${id}/file`],
      ["GET", "/api/restores"],
      ["POST", "/api/restores", { password: PASSWORD, bytes: 10 }],
      ["PUT", "/api/restores/r-1?offset=0"],
      ["GET", "/api/restores/r-1"],
      ["POST", "/api/restores/r-1/start", { parts: ["saves"] }],
    ];
    for (const [method, path, body] of requests) {
      assert.equal((await player.send(method, path, { body })).status, 403, path);
      const stranger = await new TestClient(house.url).send(method, path, { body });
      assert.equal(stranger.status, 401, path);
    }
    for (
      const [path, rest] of [["/api/backups", { parts: ["saves"] }], ["/api/restores", {
        bytes: 1,
      }]]
    ) {
      const wrong = await owner.post(path as string, { ...rest as object, password: "wrong" });
      assert.equal(wrong.status, 403, wrong.text);
      assert.match(wrong.json.message, /password is wrong/);
    }
    // Pages elsewhere make no backup.
    const elsewhere = { origin: "https://evil.example" };
    const forged = await owner.send("POST", "/api/backups", { body: {}, headers: elsewhere });
    assert.equal(forged.status, 403);
  }));

Deno.test("guessing the password by backups is limited like signing in", () =>
  withBackups(async ({ owner }) => {
    let last = 0;
    for (let i = 0; i < 15 && last !== 429; i++) {
      const answer = await owner.post("/api/backups", { password: `guess ${i}`, parts: ["saves"] });
      last = answer.status;
    }
    assert.equal(last, 429);
  }));

Deno.test("pieces that are late, doubled, too large or too many change nothing", () =>
  withBackups(async ({ owner }) => {
    const begun = await owner.post("/api/restores", { password: PASSWORD, bytes: 100 });
    const { id } = begun.json;
    const send = (offset: unknown, length: number, to = id) =>
      piece(owner, to, offset, new Uint8Array(length).fill(7));
    assert.equal((await send(50, 10)).status, 409);
    assert.equal((await send(0, 60)).json.received, 60);
    assert.match((await send(0, 60)).json.message, /Expected the piece at 60/);
    assert.equal((await send(60, 41)).status, 409);
    assert.equal((await send(60, UPLOAD_PIECE + 1)).status, 400);
    for (const wrong of ["-1", "NaN", "1.5", "", "1e99"]) {
      assert.ok([400, 409].includes((await send(wrong, 1)).status), wrong);
    }
    assert.equal((await send(0, 1, "r-other")).status, 404);
    assert.equal((await owner.get(`/api/restores/${id}`)).status, 409);
    assert.equal((await owner.post(`/api/restores/${id}/start`, { parts: ["saves"] })).status, 409);
    assert.equal((await send(60, 40)).json.received, 100);
    assert.match((await owner.get(`/api/restores/${id}`)).json.message, /no backup of Gamelan/);
  }));

Deno.test("a backup larger than the disk, or of no size, is refused before it is sent", () =>
  withBackups(async ({ owner }) => {
    const huge = await owner.post("/api/restores", { password: PASSWORD, bytes: 2 ** 43 });
    assert.equal(huge.status, 409);
    assert.match(huge.json.message, /only \d+ MB are free/);
    for (const bytes of [0, -1, 1.5, 2 ** 60, "5"]) {
      assert.equal((await owner.post("/api/restores", { password: PASSWORD, bytes })).status, 400);
    }
  }));

Deno.test("parts that are not in it, or a configuration that is wrong, are refused", () =>
  withBackups(async ({ owner, folder, restarts }) => {
    const bad = join(folder, "bad");
    await Deno.mkdir(bad);
    await Deno.writeTextFile(join(bad, "gamelan.toml"), "wrong = true\n");
    const file = join(folder, "bad.gamelan");
    const configFile = join(bad, "gamelan.toml");
    await createBackup(file, { dataDir: bad, configFile, version: "1", parts: ["config"] });
    const id = await upload(owner, await Deno.readFile(file));
    const start = (parts: string[]) => owner.post(`/api/restores/${id}/start`, { parts });
    assert.match((await start(["saves"])).json.message, /does not hold saves/);
    assert.match((await start(["config"])).json.message, /cannot be used; leave it out\. wrong/);
    assert.equal((await start([])).status, 400);
    assert.equal((await start(["everything"])).status, 400);
    assert.deepEqual(restarts, []);
  }));

Deno.test("a second backup waits for the first, and nothing is left when the house stops", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-backups-" });
  try {
    await Deno.mkdir(join(folder, "saves/u-1"), { recursive: true });
    const configFile = join(folder, "gamelan.toml");
    const nothing = () => {
      throw new Error("expected no restore");
    };
    const options = { dataDir: folder, configFile, version: "1" };
    const backups = new HouseBackups({ ...options, checkConfig: nothing, restart: nothing });
    const first = backups.start(["saves"]);
    assert.throws(() => backups.start(["saves"]), /packed already/);
    while (backups.job(first.id)?.state === "packing") {
      await new Promise((done) => setTimeout(done, 10));
    }
    const second = backups.start(["saves"]);
    assert.equal(backups.job(first.id), undefined);
    assert.equal(await backups.open(first.id), undefined);
    await backups.begin(10);
    assert.equal(backups.job(second.id)?.id, second.id);
    await backups.close();
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["saves"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a configuration that is a link is backed up and restored where it leads", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-link-" });
  try {
    await Deno.mkdir(join(folder, "etc"));
    await Deno.mkdir(join(folder, "data"));
    const link = join(folder, "etc/gamelan.toml");
    await Deno.symlink("../data/box.toml", link);
    const { restoreBackup } = await import("../../src/backup/restore.ts");
    const places = { dataDir: join(folder, "data"), configFile: link };
    await Deno.writeTextFile(join(folder, "data/box.toml"), "# one\n");
    const file = join(folder, "one.gamelan");
    await createBackup(file, { ...places, version: "1", parts: ["config"] });
    await Deno.remove(join(folder, "data/box.toml"));
    await restoreBackup(file, places);
    assert.equal(await Deno.readTextFile(join(folder, "data/box.toml")), "# one\n");
    assert.equal((await Deno.lstat(link)).isSymlink, true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
