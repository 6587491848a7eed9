/** Who may know of a session, watch it and play in it; and what invitations are good for. */
import assert from "node:assert/strict";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { addPlayer, claim, mode, play, startTestHouse, TestClient, TestNode } from "./house.ts";

/** A house with its owner Ada, the housemates Bob and Cleo, and a session of Bob's. */
async function sharedHouse() {
  const house = await startTestHouse();
  const node = TestNode.attach(house.coordinator);
  const owner = await claim(house);
  const bob = await addPlayer(owner, "Bob");
  const cleo = await addPlayer(owner, "Cleo");
  const session = await play(bob, node);
  const path = `/api/sessions/${session.id}`;
  return {
    house,
    node,
    owner,
    bob,
    cleo,
    session,
    path,
    share: (sharing: string, by = bob) => by.send("PATCH", path, { body: { sharing } }),
    async invite(options: Record<string, unknown> = {}) {
      const answer = await bob.post(`${path}/invites`, { role: "player", ...options });
      assert.equal(answer.status, 201, answer.text);
      return answer.json;
    },
    stranger: () => new TestClient(house.url),
    [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
  };
}

const ids = (sessions: SessionInfo[]) => sessions.map(({ id }) => id);

Deno.test("by default a session is its player's: others cannot tell it from one that is not there", async () => {
  await using scene = await sharedHouse();
  const { cleo, path, session, node } = scene;
  assert.equal(session.sharing, "private");
  assert.deepEqual((await cleo.get("/api/sessions")).json, []);
  const events = cleo.socket("/api/events");
  assert.deepEqual((await events.next("sessions")).sessions, []);
  const none = "/api/sessions/s-0000000000";
  const tries: [string, string, unknown?][] = [
    ["GET", ""],
    ["DELETE", ""],
    ["PATCH", "", { sharing: "join" }],
    ["POST", "/invites", { role: "player" }],
    ["GET", "/invites"],
  ];
  for (const [method, tail, body] of tries) {
    const there = await cleo.send(method, path + tail, { body });
    const nowhere = await cleo.send(method, none + tail, { body });
    assert.equal(there.status, 404, `${method} ${tail}`);
    assert.equal(there.text, nowhere.text);
  }
  assert.match(await cleo.socket(`${path}/signal`).opened, /404/);
  assert.match(await cleo.socket(`${none}/signal`).opened, /404/);
  node.update(session, { state: "unwatched" });
  node.update(session, { state: "playing" });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(events.received.some(({ type }) => type === "session"), false);
  await events.close();
});

Deno.test("the house's owner sees that it runs and may end it, but not look in or open it to others", async () => {
  await using scene = await sharedHouse();
  const { owner, session, path, node, share } = scene;
  assert.deepEqual(ids((await owner.get("/api/sessions")).json), [session.id]);
  assert.equal((await owner.get(path)).json.ownerName, "Bob");
  assert.match(await owner.socket(`${path}/signal`).opened, /404/);
  assert.equal((await share("join", owner)).status, 403);
  assert.equal((await owner.post(`${path}/invites`, { role: "player" })).status, 403);
  assert.equal((await owner.delete(path)).status, 200);
  assert.equal((await node.next("end-session")).sessionId, session.id);
});

Deno.test("housemates may watch, then play, then neither, as its player says", async () => {
  await using scene = await sharedHouse();
  const { cleo, session, path, node, share } = scene;
  const events = cleo.socket("/api/events");
  await events.next("sessions");
  assert.equal((await share("watch")).json.sharing, "watch");
  assert.deepEqual(await node.next("share-session"), {
    type: "share-session",
    sessionId: session.id,
    sharing: "watch",
  });
  assert.equal((await events.next("session")).session.id, session.id);
  const watching = cleo.socket(`${path}/signal`);
  const watcher = await node.next("viewer-join");
  assert.deepEqual([watcher.name, watcher.role], ["Cleo", "spectator"]);
  assert.equal((await share("watch", cleo)).status, 403);

  await share("join");
  const playing = cleo.socket(`${path}/signal`);
  const player = await node.next("viewer-join");
  assert.equal(player.role, "player");

  // Back to watching: who played has to go, who watches stays.
  await share("watch");
  assert.match((await playing.next("bye")).reason, /not shared/);
  assert.equal((await node.next("viewer-leave")).viewerId, player.viewerId);
  assert.equal(watching.closed, undefined);

  await share("private");
  assert.match((await watching.next("bye")).reason, /not shared/);
  assert.equal((await node.next("viewer-leave")).viewerId, watcher.viewerId);
  const gone = await events.next("sessions", ({ sessions }) => sessions.length === 0);
  assert.deepEqual(gone.sessions, []);
  assert.equal((await cleo.get(path)).status, 404);
  assert.match(await cleo.socket(`${path}/signal`).opened, /404/);
  await events.close();
});

Deno.test("what a player wants for the next session is taken at its start, and nothing else is", async () => {
  await using scene = await sharedHouse();
  const { bob, node } = scene;
  const body = { gameId: "testcard", mode };
  const shared = await bob.post("/api/sessions", { ...body, sharing: "watch" });
  assert.equal(shared.json.sharing, "watch");
  const told = await node.next("start-session");
  assert.deepEqual([told.sharing, told.ownerName], ["watch", "Bob"]);
  assert.equal((await bob.post("/api/sessions", { ...body, sharing: "all" })).status, 400);
  for (const sharing of ["", "all", null, 1, ["join"]]) {
    const answer = await bob.send("PATCH", scene.path, { body: { sharing } });
    assert.equal(answer.status, 400, String(sharing));
  }
  assert.equal((await bob.send("PATCH", scene.path, { body: {} })).status, 400);
});

Deno.test("a session says of itself how it is shared, so a new coordinator knows", async () => {
  await using scene = await sharedHouse();
  const { cleo, session, node, path } = scene;
  node.hello({ sessions: [{ ...session, sharing: "join" }] });
  for (let tries = 0; (await cleo.get(path)).status !== 200; tries++) assert.ok(tries < 100);
  // Another's session cannot be taken over by naming another owner for it.
  node.update(session, { owner: "u-other", ownerName: "Eve", sharing: "private" });
  for (let tries = 0; (await cleo.get(path)).status !== 404; tries++) assert.ok(tries < 100);
  const { json } = await scene.bob.get(path);
  assert.deepEqual([json.owner, json.ownerName], [session.owner, "Bob"]);
});

Deno.test("an invitation is for one friend unless said otherwise, and for the device that took it", async () => {
  await using scene = await sharedHouse();
  const { stranger, invite } = scene;
  const { token, uses, guests, expiresAt } = await invite();
  assert.deepEqual([uses, guests], [1, []]);
  assert.ok(Math.abs(expiresAt - Date.now() - 24 * 3_600_000) < 60_000);
  const eve = stranger();
  assert.equal((await eve.post("/api/join", { token, name: "Eve" })).status, 200);
  const mallory = stranger();
  assert.equal((await mallory.post("/api/join", { token, name: "Mallory" })).status, 403);
  // The same device again, such as by opening the link once more.
  assert.equal((await eve.post("/api/join", { token, name: "Eve" })).status, 200);

  const party = await invite({ uses: 3 });
  const answers = await Promise.all(
    Array.from(
      { length: 8 },
      (_, i) => stranger().post("/api/join", { token: party.token, name: `G${i}` }),
    ),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 3);
});

Deno.test("lifetimes and uses beyond reason are refused", async () => {
  await using scene = await sharedHouse();
  const { bob, path } = scene;
  const wrong = [
    { uses: 0 },
    { uses: 17 },
    { uses: 1.5 },
    { hours: 0 },
    { hours: -1 },
    { hours: 169 },
    { hours: "1" },
    { role: "owner" },
  ];
  for (const options of wrong) {
    const answer = await bob.post(`${path}/invites`, { role: "player", ...options });
    assert.equal(answer.status, 400, JSON.stringify(options));
  }
  const short = (await bob.post(`${path}/invites`, { role: "player", hours: 0.0001 })).json;
  await new Promise((resolve) => setTimeout(resolve, 400));
  const late = await scene.stranger().post("/api/join", { token: short.token });
  assert.equal(late.status, 403);
  for (let i = 0; i < 32; i++) await bob.post(`${path}/invites`, { role: "player" });
  assert.equal((await bob.post(`${path}/invites`, { role: "player" })).status, 409);
});

Deno.test("invitations are listed without their secrets, to whom they concern", async () => {
  await using scene = await sharedHouse();
  const { owner, bob, cleo, path, invite, stranger } = scene;
  const { id, token } = await invite({ uses: 2, hours: 1 });
  const guest = stranger();
  await guest.post("/api/join", { token, name: "Eve" });
  for (const [client, at] of [[bob, `${path}/invites`], [bob, "/api/invites"]] as const) {
    const [listed, ...more] = (await client.get(at)).json;
    assert.equal(more.length, 0);
    assert.deepEqual([listed.id, listed.guests, listed.uses], [id, ["Eve"], 2]);
    assert.equal(JSON.stringify(listed).includes(token), false);
  }
  assert.equal((await owner.get("/api/invites")).json.length, 1);
  assert.deepEqual((await cleo.get("/api/invites")).json, []);
  assert.equal((await guest.get("/api/invites")).status, 401);
  assert.equal((await guest.get(`${path}/invites`)).status, 403);
});

Deno.test("an invitation that is taken back shows its guests out at once, and lets nobody in", async () => {
  await using scene = await sharedHouse();
  const { bob, cleo, path, node, invite, stranger } = scene;
  const [first, second] = [await invite({ uses: 3 }), await invite()];
  const eve = stranger();
  await eve.post("/api/join", { token: first.token, name: "Eve" });
  const frank = stranger();
  await frank.post("/api/join", { token: second.token, name: "Frank" });
  const evesPage = eve.socket(`${path}/signal`);
  const { viewerId } = await node.next("viewer-join");
  const franksPage = frank.socket(`${path}/signal`);
  await node.next("viewer-join");
  // One whose socket broke still has its picture.
  const broken = eve.socket(`${path}/signal`);
  await broken.next("session");
  const lingering = await node.next("viewer-join");
  broken.socket.terminate();
  await new Promise((resolve) => setTimeout(resolve, 50));

  for (const client of [eve, frank, stranger(), cleo]) {
    const { status } = await client.delete(`/api/invites/${first.id}`);
    assert.ok([401, 404].includes(status), String(status));
  }
  assert.equal((await bob.delete("/api/invites/i-0000000000")).status, 404);
  assert.equal(evesPage.closed, undefined);

  assert.equal((await bob.delete(`/api/invites/${first.id}`)).status, 200);
  const left = [await node.next("viewer-leave"), await node.next("viewer-leave")];
  assert.deepEqual(left.map((one) => one.viewerId).sort(), [viewerId, lingering.viewerId].sort());
  assert.match((await evesPage.next("bye")).reason, /taken back/);
  assert.equal((await eve.get(path)).status, 401);
  assert.equal((await eve.get("/api/state")).json.guestSession, null);
  assert.match(await eve.socket(`${path}/signal`).opened, /401/);
  assert.equal((await eve.post("/api/join", { token: first.token, name: "Eve" })).status, 403);
  assert.equal((await bob.delete(`/api/invites/${first.id}`)).status, 404);
  assert.equal(franksPage.closed, undefined);
  assert.equal((await frank.get(path)).status, 200);
  await franksPage.close();
});

Deno.test("a page that goes on talking after it was shown out is not heard", async () => {
  await using scene = await sharedHouse();
  const { owner, path, node, invite, stranger } = scene;
  const { id, token } = await invite();
  const eve = stranger();
  await eve.post("/api/join", { token, name: "Eve" });
  const page = eve.socket(`${path}/signal`);
  await page.next("session");
  await node.next("viewer-join");
  // As a client that never reads, so never answers the closing.
  page.socket.pause();
  assert.equal((await owner.delete(`/api/invites/${id}`)).status, 200);
  await node.next("viewer-leave");
  for (let i = 0; i < 20; i++) page.send({ type: "join", mode });
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(node.received.some(({ type }) => type === "signal"), false);
  page.socket.terminate();
});

Deno.test("a housemate who was invited to play keeps only what is shared when that is taken back", async () => {
  await using scene = await sharedHouse();
  const { bob, cleo, session, path, node, invite } = scene;
  const { id, token } = await invite();
  await cleo.post("/api/join", { token, name: "ignored" });
  const events = cleo.socket("/api/events");
  assert.deepEqual(ids((await events.next("sessions")).sessions), [session.id]);
  const page = cleo.socket(`${path}/signal`);
  const joined = await node.next("viewer-join");
  assert.deepEqual([joined.name, joined.role], ["Cleo", "player"]);
  await bob.delete(`/api/invites/${id}`);
  assert.match((await page.next("bye")).reason, /taken back/);
  assert.deepEqual((await events.next("sessions")).sessions, []);
  assert.equal((await cleo.get(path)).status, 404);
  await events.close();
});
