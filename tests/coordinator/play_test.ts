import assert from "node:assert/strict";
import {
  addPlayer,
  claim,
  mode,
  play,
  startTestHouse,
  TestClient,
  TestNode,
  testUi,
} from "./house.ts";

Deno.test("a newcomer claims the house, plays, invites a friend and ends the game", async () => {
  await using house = await startTestHouse();
  const node = TestNode.attach(house.coordinator);
  assert.match(house.coordinator.claimCode!, /^[A-Z2-9]{4}-[A-Z2-9]{4}$/);

  const visitor = new TestClient(house.url);
  const state = (await visitor.get("/api/state")).json;
  assert.deepEqual(state, {
    appliance: false,
    claimed: false,
    version: "0-test",
    houseName: "Gamelan",
    user: null,
    guestSession: null,
    secure: true,
  });

  const owner = await claim(house);
  assert.equal(house.coordinator.claimCode, undefined);
  const me = (await owner.get("/api/state")).json;
  assert.equal(me.claimed, true);
  assert.equal(me.user.name, "Ada");
  assert.equal(me.user.role, "owner");
  assert.equal((await owner.get("/api/library")).json.games[0].id, "testcard");

  const events = owner.socket("/api/events");
  await events.next("library");
  const started = await owner.post("/api/sessions", { gameId: "testcard", mode });
  assert.equal(started.status, 201, started.text);
  const session = started.json;
  assert.equal(session.state, "starting");
  const told = await node.next("start-session");
  assert.equal(told.sessionId, session.id);
  assert.equal(told.owner, me.user.id);
  assert.deepEqual(told.keyboard, { layout: "us", variant: "" });

  // The page connects while the process still starts: its join waits for it.
  const page = owner.socket(`/api/sessions/${session.id}/signal`);
  assert.equal((await page.next("session")).session.state, "starting");
  page.send({ type: "join", mode });
  node.update(session, { step: "display" });
  const joined = await node.next("viewer-join");
  assert.equal(joined.role, "player");
  assert.equal(joined.name, "Ada");
  assert.deepEqual((await node.next("signal")).message, { type: "join", mode });
  const { viewerId } = joined;
  const offer = { type: "offer" as const, sdp: "v=0", iceServers: [] };
  node.link.send({ type: "signal", sessionId: session.id, viewerId, message: offer });
  assert.equal((await page.next("offer")).sdp, "v=0");
  page.send({ type: "answer", sdp: "v=0 answer" });
  assert.deepEqual((await node.next("signal")).message, { type: "answer", sdp: "v=0 answer" });
  node.update(session, { state: "playing", step: undefined, viewers: 1 });
  await events.next("session", ({ session }) => session.state === "playing");

  const invite = (await owner.post(`/api/sessions/${session.id}/invites`, { role: "player" })).json;
  assert.equal(invite.url, `/join#${invite.token}`);
  const friend = new TestClient(house.url);
  const seen = await friend.post("/api/join", { token: invite.token, name: "Bob" });
  assert.equal(seen.status, 200, seen.text);
  assert.equal(seen.json.id, session.id);
  assert.equal((await friend.get("/api/state")).json.guestSession, session.id);
  const second = friend.socket(`/api/sessions/${session.id}/signal`);
  const friendJoined = await node.next("viewer-join");
  assert.deepEqual([friendJoined.name, friendJoined.role], ["Bob", "player"]);

  await second.next("session");
  await second.close();
  assert.equal((await node.next("viewer-leave")).viewerId, friendJoined.viewerId);

  assert.equal((await owner.delete(`/api/sessions/${session.id}`)).status, 200);
  assert.equal((await node.next("end-session")).sessionId, session.id);
  node.update(session, { state: "ended", reason: "The player ended it", step: undefined });
  assert.equal((await page.next("bye")).reason, "The player ended it");
  assert.equal((await page.end()).code, 1000);
  const late = await friend.post("/api/join", { token: invite.token });
  assert.equal(late.status, 403);
  await events.close();
});

Deno.test("sessions are adopted after a restart of the coordinator, and so are sign-ins", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    let owner: TestClient;
    let session;
    {
      await using house = await startTestHouse({ data_dir: dataDir });
      const node = TestNode.attach(house.coordinator);
      owner = await claim(house);
      session = await play(owner, node);
      const page = owner.socket(`/api/sessions/${session.id}/signal`);
      await node.next("viewer-join");
      await house.coordinator.close();
      assert.equal((await page.end()).code, 1001);
      // The session is not told that its viewer left: the picture goes on without us.
      assert.equal(node.received.some(({ type }) => type === "viewer-leave"), false);
      house.coordinator.close = () => Promise.resolve();
    }
    await using house = await startTestHouse({ data_dir: dataDir });
    const again = new TestClient(house.url);
    again.cookies = owner.cookies;
    assert.equal(house.coordinator.claimCode, undefined);
    assert.equal((await again.get(`/api/sessions/${session.id}`)).status, 404);
    const node = TestNode.attach(house.coordinator);
    node.hello({ sessions: [session] });
    const page = again.socket(`/api/sessions/${session.id}/signal`);
    const opened = await page.opened;
    assert.equal(opened, "open");
    assert.equal((await page.next("session")).session.state, "playing");
    assert.equal((await node.next("viewer-join")).name, "Ada");
    await page.close();
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("a session that its machine no longer knows has ended", async () => {
  await using house = await startTestHouse();
  const node = TestNode.attach(house.coordinator);
  const owner = await claim(house);
  const session = await play(owner, node);
  node.hello();
  const { json } = await owner.get(`/api/sessions/${session.id}`);
  assert.equal(json.state, "ended");
  assert.match(json.reason, /restarted/);
});

Deno.test("play is refused with a plain reason where no machine can", async () => {
  await using house = await startTestHouse({ "session.max_sessions": 1 });
  const owner = await claim(house);
  const refused = async (status: number, words: RegExp, gameId = "testcard") => {
    const answer = await owner.post("/api/sessions", { gameId, mode });
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.json.message, words);
  };
  await refused(404, /not in the library/);
  const node = TestNode.attach(house.coordinator);
  await refused(404, /not in the library/, "other");
  await play(owner, node);
  await refused(503, /box is already running a game/);
  node.link.close("gone");
  await refused(503, /box is not connected/);
});

Deno.test("a picture larger than the house allows keeps its shape", async () => {
  await using house = await startTestHouse({ "session.max_mode": "1280x720@60" });
  const owner = await claim(house);
  const node = TestNode.attach(house.coordinator);
  const ask = async (wanted: typeof mode) => {
    const answer = await owner.post("/api/sessions", { gameId: "testcard", mode: wanted });
    assert.equal(answer.status, 201, answer.text);
    await node.next("start-session");
    return answer.json.mode;
  };
  assert.deepEqual(await ask({ width: 3440, height: 1440, fps: 120 }), {
    width: 1280,
    height: 534,
    fps: 60,
  });
  assert.deepEqual(await ask({ width: 640, height: 480, fps: 30 }), {
    width: 640,
    height: 480,
    fps: 30,
  });
});

Deno.test("the least busy machine is chosen", async () => {
  await using house = await startTestHouse();
  const owner = await claim(house);
  const first = TestNode.attach(house.coordinator, "first");
  const second = TestNode.attach(house.coordinator, "second");
  first.link.send({ type: "heartbeat", load: 0.9, freeMemoryMb: 4000 });
  second.link.send({ type: "heartbeat", load: 0.1, freeMemoryMb: 4000 });
  assert.equal((await play(owner, second)).node, "second");
  assert.equal((await play(owner, first)).node, "first");
});

Deno.test("a machine may speak of its own sessions only", async () => {
  await using house = await startTestHouse();
  const owner = await claim(house);
  const node = TestNode.attach(house.coordinator, "honest");
  const session = await play(owner, node);
  const page = owner.socket(`/api/sessions/${session.id}/signal`);
  const { viewerId } = await node.next("viewer-join");
  const liar = TestNode.attach(house.coordinator, "liar");
  liar.update(session, { state: "failed", reason: "lies" });
  const bye = { type: "bye" as const, reason: "lies" };
  liar.link.send({ type: "signal", sessionId: session.id, viewerId, message: bye });
  node.update(session, { state: "unwatched", step: undefined });
  await page.next("session", (message) => message.session.state === "unwatched");
  assert.equal(page.received.some(({ type }) => type === "bye"), false);
  await page.close();
});

Deno.test("imports are asked of a machine and reported to every page", async () => {
  await using house = await startTestHouse();
  const owner = await claim(house);
  const node = TestNode.attach(house.coordinator);
  const player = await addPlayer(owner, "Bob");
  const events = player.socket("/api/events");
  await events.next("library");
  assert.equal((await player.post("/api/imports", { source: "deb:supertux" })).status, 403);
  const started = await owner.post("/api/imports", { source: "deb:supertux" });
  assert.equal(started.status, 202);
  assert.equal(
    (await owner.post("/api/imports", { source: "deb:supertux" })).json.id,
    started.json.id,
  );
  const asked = await node.next("import-game");
  assert.equal(asked.source, "deb:supertux");
  node.link.send({
    type: "import-update",
    job: { ...started.json, state: "running", step: "Downloading", progress: 0.5 },
  });
  assert.equal(
    (await events.next("import", ({ job }) => job.progress > 0)).job.step,
    "Downloading",
  );
  assert.equal((await owner.get("/api/library")).json.imports[0].progress, 0.5);
  // The machine was at it already, under an id of its own.
  const again = (await owner.post("/api/imports", { source: "deb:neverball" })).json;
  const own = { ...again, id: "i-own", state: "running" as const };
  node.link.send({ type: "import-update", job: own });
  await events.next("import", ({ job }) => job.id === "i-own");
  const { imports } = (await owner.get("/api/library")).json;
  assert.equal(imports.filter((job: { source: string }) => job.source === own.source).length, 1);
  await events.close();
});

Deno.test("pictures of games come from the library", async () => {
  const picture = new Uint8Array([1, 2, 3]);
  await using house = await startTestHouse({}, {
    ui: testUi,
    artwork: (id) =>
      Promise.resolve(id === "testcard" ? { body: picture, type: "image/png" } : undefined),
  });
  const owner = await claim(house);
  const answer = await owner.get("/api/games/testcard/artwork");
  assert.equal(answer.headers["content-type"], "image/png");
  assert.equal(answer.text, "\x01\x02\x03");
  assert.equal((await owner.get("/api/games/other/artwork")).status, 404);
  assert.equal((await new TestClient(house.url).get("/api/games/testcard/artwork")).status, 401);
});
