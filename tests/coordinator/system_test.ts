/** Who may update the system of an appliance through the house, and what it takes. */
import assert from "node:assert/strict";
import type { SystemControl } from "../../src/coordinator/http/update_routes.ts";
import { UPLOAD_PIECE } from "../../src/protocol/machine.ts";
import type { SystemState } from "../../src/protocol/update.ts";
import { Refusal } from "../../src/system/refusal.ts";
import { addPlayer, claim, startTestHouse, TestClient } from "./house.ts";

const state: SystemState = {
  version: "0.2.0",
  trial: false,
  other: null,
  update: null,
  restart: null,
  last: null,
  failure: null,
};

/** Test double of the machine: remembers what it was asked. */
class RecordingSystem implements SystemControl {
  asked: string[] = [];
  state = () => Promise.resolve(state);
  begin(bytes: number) {
    this.asked.push(`begin ${bytes}`);
    return Promise.resolve({ id: "update", bytes, received: 0 });
  }
  piece(id: string, offset: number, piece: Uint8Array) {
    this.asked.push(`piece ${offset} ${piece.length}`);
    return Promise.resolve({ id, bytes: 10, received: offset + piece.length });
  }
  install(_id: string, now: boolean): Promise<void> {
    this.asked.push(`install ${now}`);
    throw new Refusal("The bundle is for toaster on amd64; this is gamelan on amd64");
  }
  cancel = () => Promise.resolve(void this.asked.push("cancel"));
  rollback = () => Promise.resolve(void this.asked.push("rollback"));
}

const requests: [string, string, unknown?][] = [
  ["GET", "/api/system"],
  ["POST", "/api/system/updates", { bytes: 10 }],
  ["PUT", "/api/system/updates/update?offset=0"],
  ["POST", "/api/system/updates/update/install", { now: true }],
  ["POST", "/api/system/cancel"],
  ["POST", "/api/system/rollback"],
];

Deno.test("only an owner sees or updates the system", async () => {
  const system = new RecordingSystem();
  await using house = await startTestHouse({}, { system });
  const owner = await claim(house);
  const player = await addPlayer(owner, "Bob");
  const stranger = new TestClient(house.url);
  for (const [method, path, body] of requests) {
    assert.equal((await player.send(method, path, { body })).status, 403, path);
    assert.equal((await stranger.send(method, path, { body })).status, 401, path);
  }
  assert.deepEqual(system.asked, []);
  assert.deepEqual((await owner.get("/api/system")).json, state);
});

Deno.test("an update comes in pieces, and why it is refused is said", async () => {
  const system = new RecordingSystem();
  await using house = await startTestHouse({}, { system });
  const owner = await claim(house);
  assert.equal((await owner.post("/api/system/updates", { bytes: 10 })).status, 201);
  const refused = await owner.post("/api/system/updates/update/install", { now: false });
  assert.equal(refused.status, 409);
  assert.match(refused.text, /for toaster on amd64/);
  assert.equal((await owner.post("/api/system/cancel", {})).status, 200);
  assert.equal((await owner.post("/api/system/rollback", {})).status, 202);
  assert.deepEqual(system.asked, ["begin 10", "install false", "cancel", "rollback"]);
});

Deno.test("sizes, offsets and words that make no sense are refused before the machine is asked", async () => {
  const system = new RecordingSystem();
  await using house = await startTestHouse({}, { system });
  const owner = await claim(house);
  for (const body of [{}, { bytes: -1 }, { bytes: 1.5 }, { bytes: 2 ** 50 }, { bytes: "10" }]) {
    assert.equal((await owner.post("/api/system/updates", body)).status, 400);
  }
  for (const offset of ["", "?offset=-1", "?offset=x", "?offset=1.5", "?offset=9007199254740993"]) {
    const answer = await owner.send("PUT", `/api/system/updates/update${offset}`, { body: {} });
    assert.equal(answer.status, 400, offset);
  }
  const body = { bytes: "x".repeat(UPLOAD_PIECE) };
  const large = await owner.send("PUT", "/api/system/updates/update?offset=0", { body });
  assert.equal(large.status, 400);
  assert.equal((await owner.post("/api/system/updates/update/install", { now: "1" })).status, 400);
  assert.deepEqual(system.asked, []);
});

Deno.test("a machine that is no appliance says so", async () => {
  await using house = await startTestHouse();
  const owner = await claim(house);
  const answer = await owner.get("/api/system");
  assert.equal(answer.status, 404);
  assert.match(answer.text, /no appliance: Gamelan is updated with its packages/);
});
