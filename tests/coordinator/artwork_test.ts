/** Pictures of games that lie on another machine. */
import assert from "node:assert/strict";
import { claim, startTestHouse, TestClient, testGame, TestNode } from "./house.ts";
import { startRedis } from "./redis_server.ts";

const pictured = { ...testGame, id: "chess", artwork: "/api/games/chess/artwork" };
const path = "/api/games/chess/artwork";

Deno.test("a picture is asked of the machine that has it, once, until its library changes", async () => {
  await using house = await startTestHouse();
  const owner = await claim(house);
  const node = TestNode.attach(house.coordinator);
  node.link.send({ type: "library", games: [testGame, pictured] });
  const answers = Promise.all([owner.get(path), owner.get(path)]);
  const { requestId, gameId } = await node.next("get-artwork");
  assert.equal(gameId, "chess");
  node.link.send({
    type: "artwork",
    requestId,
    picture: { type: "image/webp", base64: btoa("picture") },
  });
  for (const answer of [...await answers, await owner.get(path)]) {
    assert.equal(answer.headers["content-type"], "image/webp");
    assert.equal(answer.text, "picture");
  }
  assert.ok(!node.received.some(({ type }) => type === "get-artwork"));

  node.link.send({ type: "library", games: [testGame, pictured] });
  const later = owner.get(path);
  node.link.send({ type: "artwork", requestId: (await node.next("get-artwork")).requestId });
  assert.equal((await later).status, 404);
  // A game without a picture is not asked for.
  assert.equal((await owner.get("/api/games/testcard/artwork")).status, 404);
  assert.ok(!node.received.some(({ type }) => type === "get-artwork"));
});

Deno.test("what is no picture is none, and an answer nobody asked for is nothing", async () => {
  await using house = await startTestHouse();
  const owner = await claim(house);
  const node = TestNode.attach(house.coordinator);
  node.link.send({ type: "library", games: [pictured] });
  node.link.send({ type: "artwork", requestId: "a-unknown" });
  const asked = owner.get(path);
  const { requestId } = await node.next("get-artwork");
  node.link.send({ type: "artwork", requestId, picture: { type: "image/png", base64: "no!" } });
  assert.equal((await asked).status, 404);
});

Deno.test("a picture reaches a page of another coordinator", async () => {
  await using redis = await startRedis();
  await using first = await startTestHouse({ "store.redis": redis.url });
  await using second = await startTestHouse({ "store.redis": redis.url });
  const node = TestNode.attach(first.coordinator);
  node.hello({ games: [pictured] });
  const owner = await claim(second);
  for (;;) {
    const { games } = (await owner.get("/api/library")).json;
    if (games.length === 1 && games[0].id === "chess") break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const asked = owner.get(path);
  const { requestId } = await node.next("get-artwork");
  node.link.send({
    type: "artwork",
    requestId,
    picture: { type: "image/png", base64: btoa("far") },
  });
  assert.equal((await asked).text, "far");
  assert.equal((await new TestClient(second.url).get(path)).status, 401);
});
