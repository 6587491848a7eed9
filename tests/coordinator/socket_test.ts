/** What broken and hostile pages do over the signalling WebSocket. */
import assert from "node:assert/strict";
import { MAX_SIGNAL_BYTES, SignalFromViewer } from "../../src/protocol/signal.ts";
import { addPlayer, claim, mode, play, startTestHouse, TestClient, TestNode } from "./house.ts";

async function watchedHouse() {
  const house = await startTestHouse();
  const node = TestNode.attach(house.coordinator);
  const owner = await claim(house);
  const session = await play(owner, node);
  const path = `/api/sessions/${session.id}/signal`;
  return {
    house,
    node,
    owner,
    session,
    path,
    [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
  };
}

Deno.test("messages that are malformed or too big end the socket, not the session", async () => {
  await using scene = await watchedHouse();
  const { node, owner, path, session } = scene;
  const bad: [string | Uint8Array, number][] = [
    ["{", 1008],
    ["null", 1008],
    ['{"type":"offer","sdp":"x","iceServers":[]}', 1008],
    ['{"type":"join","mode":{"width":1}}', 1008],
    [`{"type":"answer","sdp":"${"a".repeat(MAX_SIGNAL_BYTES + 1)}"}`, 1008],
    [`"${"a".repeat(3 * MAX_SIGNAL_BYTES)}"`, 1009],
    [new Uint8Array([1, 2, 3]), 1008],
  ];
  for (const [message, code] of bad) {
    const page = owner.socket(path);
    await page.next("session");
    const { viewerId } = await node.next("viewer-join");
    page.socket.send(message);
    assert.equal((await page.end()).code, code, String(message).slice(0, 60));
    assert.equal((await node.next("viewer-leave")).viewerId, viewerId);
  }
  assert.equal(node.received.some(({ type }) => type === "signal"), false);
  assert.equal((await owner.get(`/api/sessions/${session.id}`)).json.state, "playing");
});

Deno.test("random messages never reach the session unless they are of its protocol", async () => {
  await using scene = await watchedHouse();
  const { node, owner, path } = scene;
  let seed = 99;
  const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const examples = [
    { type: "join", mode },
    { type: "answer", sdp: "v=0" },
    { type: "candidate", candidate: { candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host" } },
  ];
  let passed = 0;
  for (let i = 0; i < 60; i++) {
    const page = owner.socket(path);
    await page.next("session");
    await node.next("viewer-join");
    const text = [...JSON.stringify(examples[i % examples.length])];
    if (random() < 0.8) {
      text[Math.floor(random() * text.length)] = String.fromCharCode(32 + random() * 94);
    }
    page.send(text.join(""));
    page.socket.close();
    await page.end();
    await node.next("viewer-leave");
    for (const message of node.received.splice(0)) {
      assert.ok(message.type === "signal" && SignalFromViewer.safeParse(message.message).success);
      passed++;
    }
  }
  assert.ok(passed > 5);
});

Deno.test("a page that floods is cut off", async () => {
  await using scene = await watchedHouse();
  const { node, owner, path } = scene;
  const page = owner.socket(path);
  await page.next("session");
  const candidate = { type: "candidate", candidate: { candidate: "" } };
  for (let i = 0; i < 1000; i++) page.send(candidate);
  // 1006 where what still came in was answered with a reset before the code was read.
  assert.ok([1006, 1008].includes((await page.end()).code));
  await node.next("viewer-leave");
  const passed = node.received.filter(({ type }) => type === "signal").length;
  assert.ok(passed >= 300 && passed < 400, `${passed} of 1000 passed`);
});

Deno.test("guests cannot take the last places of a session from its player", async () => {
  await using scene = await watchedHouse();
  const { house, owner, session, path } = scene;
  const { token } = (await owner.post(`/api/sessions/${session.id}/invites`, { role: "player" }))
    .json;
  const guest = new TestClient(house.url);
  assert.equal((await guest.post("/api/join", { token, name: "Eve" })).status, 200);
  const pages = Array.from({ length: 12 }, () => guest.socket(path));
  for (const page of pages) await page.next("session");
  assert.match(await guest.socket(path).opened, /503/);
  const own = Array.from({ length: 4 }, () => owner.socket(path));
  for (const page of own) await page.next("session");
  for (const page of [...pages, ...own]) await page.close();
});

Deno.test("a session has room for so many screens", async () => {
  await using scene = await watchedHouse();
  const { owner, path } = scene;
  const pages = Array.from({ length: 16 }, () => owner.socket(path));
  for (const page of pages) await page.next("session");
  assert.match(await owner.socket(path).opened, /503/);
  await pages[0].close();
  for (let tries = 0;; tries++) {
    const page = owner.socket(path);
    if (await page.opened === "open") break;
    assert.ok(tries < 50);
  }
});

Deno.test("signalling reaches its own viewer only", async () => {
  await using scene = await watchedHouse();
  const { node, owner, session, path } = scene;
  const bob = await addPlayer(owner, "Bob");
  const first = owner.socket(path);
  const firstId = (await node.next("viewer-join")).viewerId;
  const other = await play(bob, node);
  const second = bob.socket(`/api/sessions/${other.id}/signal`);
  await node.next("viewer-join");
  const offer = { type: "offer" as const, sdp: "v=0", iceServers: [] };
  // Of another session, and of nobody: to be dropped.
  node.link.send({ type: "signal", sessionId: other.id, viewerId: firstId, message: offer });
  node.link.send({ type: "signal", sessionId: session.id, viewerId: "v-none", message: offer });
  node.link.send({
    type: "signal",
    sessionId: session.id,
    viewerId: firstId,
    message: { ...offer, sdp: "mine" },
  });
  assert.equal((await first.next("offer")).sdp, "mine");
  assert.equal(second.received.some(({ type }) => type === "offer"), false);
});

Deno.test("a page whose connection broke comes back as a new viewer, then the old one leaves", async () => {
  await using scene = await watchedHouse();
  const { node, owner, path } = scene;
  const page = owner.socket(path);
  await page.next("session");
  const { viewerId } = await node.next("viewer-join");
  page.socket.terminate();
  const again = owner.socket(path);
  const joined = await node.next("viewer-join");
  assert.notEqual(joined.viewerId, viewerId);
  assert.equal((await node.next("viewer-leave")).viewerId, viewerId);
  await again.close();
});

Deno.test("a guest who takes the player's name does not end the player's broken connection", async () => {
  await using scene = await watchedHouse();
  const { house, node, owner, session, path } = scene;
  const page = owner.socket(path);
  await page.next("session");
  const { name, viewerId } = await node.next("viewer-join");
  const { token } = (await owner.post(`/api/sessions/${session.id}/invites`, { role: "player" }))
    .json;
  const guest = new TestClient(house.url);
  await guest.post("/api/join", { token, name });
  page.socket.terminate();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const other = guest.socket(path);
  await node.next("viewer-join");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(node.received.some(({ type }) => type === "viewer-leave"), false);
  const again = owner.socket(path);
  await node.next("viewer-join");
  assert.equal((await node.next("viewer-leave")).viewerId, viewerId);
  await Promise.all([other.close(), again.close()]);
});

Deno.test("the events socket takes no messages and tells players nothing of the machines", async () => {
  await using scene = await watchedHouse();
  const { owner } = scene;
  const bob = await addPlayer(owner, "Bob");
  const [mine, theirs] = [owner.socket("/api/events"), bob.socket("/api/events")];
  assert.equal((await mine.next("nodes")).nodes[0].name, "box");
  await theirs.next("sessions");
  theirs.send({ type: "library" });
  assert.equal((await theirs.end()).code, 1008);
  assert.equal(theirs.received.some(({ type }) => type === "nodes"), false);
  await mine.close();
});

Deno.test("WebSocket paths answer plain requests with what they expect", async () => {
  await using house = await startTestHouse();
  const client = new TestClient(house.url);
  for (const path of ["/api/events", "/api/sessions/s-1/signal", "/api/node"]) {
    const answer = await client.get(path);
    assert.equal(answer.status, 400);
    assert.match(answer.json.message, /expected a WebSocket/);
    const broken = await client.send("GET", path, { headers: { upgrade: "websocket" } });
    assert.ok(broken.status >= 400 && broken.status < 500, `${path}: ${broken.status}`);
  }
});
