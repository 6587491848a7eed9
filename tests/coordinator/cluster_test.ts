/** Two coordinators of one house over a real Redis. */
import assert from "node:assert/strict";
import { claim, mode, startTestHouse, TestClient, TestNode } from "./house.ts";
import { startRedis } from "./redis_server.ts";

/** Asks until the answer fits: what one coordinator does reaches the other a little later. */
async function until<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 1000; tries++) {
    const answer = await ask();
    if (fits(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the answer never fitted: ${JSON.stringify(await ask())}`);
}

Deno.test("users, sessions, invitations and signalling are one house over two coordinators", async () => {
  await using redis = await startRedis();
  await using first = await startTestHouse({ "store.redis": redis.url });
  await using second = await startTestHouse({ "store.redis": redis.url });
  assert.equal(first.coordinator.claimCode, second.coordinator.claimCode);
  const node = TestNode.attach(first.coordinator, "box");

  const owner = await claim(second);
  const elsewhere = new TestClient(first.url);
  elsewhere.cookies = owner.cookies;
  assert.equal((await elsewhere.get("/api/state")).json.user.name, "Ada");

  // The machine hangs on the first coordinator, its player on the second.
  await until(() => owner.get("/api/library"), ({ json }) => json.games.length === 1);
  const started = await owner.post("/api/sessions", { gameId: "testcard", mode });
  assert.equal(started.status, 201, started.text);
  const session = started.json;
  assert.equal((await node.next("start-session")).sessionId, session.id);
  node.update(session, { state: "playing", step: undefined });
  const page = owner.socket(`/api/sessions/${session.id}/signal`);
  await page.opened;
  page.send({ type: "join" });
  const { viewerId } = await node.next("viewer-join");
  assert.deepEqual((await node.next("signal")).message, { type: "join" });
  const offer = { type: "offer" as const, sdp: "v=0", iceServers: [] };
  node.link.send({ type: "signal", sessionId: session.id, viewerId, message: offer });
  assert.equal((await page.next("offer")).sdp, "v=0");

  const { token } = (await owner.post(`/api/sessions/${session.id}/invites`, { role: "player" }))
    .json;
  const guest = new TestClient(first.url);
  assert.equal((await guest.post("/api/join", { token, name: "Bob" })).status, 200);

  // An invitation that is taken back at one coordinator closes the guest's page at the other.
  const invited = (await owner.post(`/api/sessions/${session.id}/invites`, { role: "player" }))
    .json;
  const other = new TestClient(first.url);
  assert.equal((await other.post("/api/join", { token: invited.token })).status, 200);
  const otherPage = other.socket(`/api/sessions/${session.id}/signal`);
  await otherPage.next("session");
  assert.equal((await owner.delete(`/api/invites/${invited.id}`)).status, 200);
  assert.match((await otherPage.next("bye")).reason, /taken back/);
  assert.equal((await other.get(`/api/sessions/${session.id}`)).status, 401);

  // A third coordinator that starts later knows all of it.
  await using third = await startTestHouse({ "store.redis": redis.url });
  const late = new TestClient(third.url);
  late.cookies = owner.cookies;
  await until(
    () => late.get(`/api/sessions/${session.id}`),
    ({ status }) => status === 200,
  );
  assert.equal((await late.get("/api/nodes")).json[0].name, "box");

  // Interrupted, the bus comes back by itself.
  await redis.cutConnections();
  node.update(session, { state: "unwatched", step: undefined });
  await until(async () => {
    node.link.send({ type: "heartbeat", load: 0.3, freeMemoryMb: 1000 });
    return await owner.get("/api/nodes");
  }, ({ status, json }) => status === 200 && json[0].load === 0.3);

  // The machine moves to the second coordinator.
  const running = { ...session, state: "playing", step: undefined };
  const moved = TestNode.attach(second.coordinator, "box", [running]);
  await until(async () => {
    await elsewhere.delete(`/api/sessions/${session.id}`);
    return moved.received.some(({ type }) => type === "end-session");
  }, Boolean);
  moved.update(session, { state: "ended", reason: "done", step: undefined });
  assert.equal((await page.next("bye")).reason, "done");
  await until(
    () => guest.get(`/api/sessions/${session.id}`),
    ({ json }) => json.state === "ended",
  );

  moved.link.close("gone");
  await until(() => elsewhere.get("/api/nodes"), ({ json }) => json[0].connected === false);
});

Deno.test("without its store a coordinator says that it is not ready", async () => {
  const redis = await startRedis();
  await using house = await startTestHouse({ "store.redis": redis.url });
  const client = new TestClient(house.url);
  assert.equal((await client.get("/readyz")).status, 200);
  const write = (await import("../../src/system/log.ts")).logSettings;
  const before = write.write;
  write.write = () => {};
  try {
    await redis[Symbol.asyncDispose]();
    assert.equal((await client.get("/readyz")).status, 503);
    assert.equal((await client.get("/healthz")).status, 200);
    const answer = await client.get("/api/state");
    assert.equal(answer.status, 503);
    assert.equal(answer.json.error, "unavailable");
  } finally {
    write.write = before;
  }
});
