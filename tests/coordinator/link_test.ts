/** Links between coordinator and node: in the process, and over WebSocket with its token. */
import assert from "node:assert/strict";
import { WebSocket } from "ws";
import { connectLink, createLinkPair, MAX_LINK_MESSAGE } from "../../src/system/link.ts";
import type { FromNode, Link, ToNode } from "../../src/protocol/node.ts";
import { logSettings } from "../../src/system/log.ts";
import { createAuthority, issueCertificate } from "../../src/system/tls.ts";
import { claim, play, startTestHouse, type TestHouse, TestNode } from "./house.ts";

const heartbeat = (load: number): FromNode => ({ type: "heartbeat", load, freeMemoryMb: 1 });

Deno.test("a pair delivers copies in order, before and after its handler is set", async () => {
  const [coordinator, node] = createLinkPair();
  const first = { ...heartbeat(1) };
  node.send(first);
  Object.assign(first, { load: 99 });
  node.send(heartbeat(2));
  await Promise.resolve();
  const heard: FromNode[] = [];
  coordinator.onMessage = (message) => heard.push(message);
  node.send(heartbeat(3));
  assert.equal(heard.length, 2);
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(heard, [heartbeat(1), heartbeat(2), heartbeat(3)]);
});

Deno.test("a pair's end is told once to both, also to who listens late", async () => {
  const [coordinator, node] = createLinkPair();
  const told: string[] = [];
  node.onClose = (reason) => told.push(`node ${reason}`);
  coordinator.close("enough");
  coordinator.close("again");
  await new Promise((resolve) => setTimeout(resolve));
  coordinator.onClose = (reason) => told.push(`coordinator ${reason}`);
  node.send(heartbeat(1));
  assert.deepEqual(told, ["node enough", "coordinator enough"]);
});

function nodeToken(house: TestHouse): string {
  return Deno.readTextFileSync(`${house.config.data_dir}/node-token`).trim();
}

/** A remote node's connection to a house, which hands over each new link. */
function remote(house: TestHouse, url: string, token = nodeToken(house)) {
  const links: Link<FromNode, ToNode>[] = [];
  let wake = () => {};
  const config = structuredClone(house.config);
  config.node.coordinator = url;
  config.node.token = token;
  const connection = connectLink(config, (link) => {
    links.push(link);
    wake();
  });
  return {
    async next() {
      while (links.length === 0) await new Promise<void>((resolve) => wake = resolve);
      return new TestNode(links.shift()!, "remote");
    },
    links,
    [Symbol.dispose]: () => connection.close(),
  };
}

Deno.test("a remote machine plays over its WebSocket and comes back after a break", async () => {
  await using house = await startTestHouse();
  const owner = await claim(house);
  using connection = remote(house, house.url);
  const node = await connection.next();
  node.hello();
  while ((await owner.get("/api/library")).json.games.length === 0);
  const session = await play(owner, node);
  const page = owner.socket(`/api/sessions/${session.id}/signal`);
  const { viewerId } = await node.next("viewer-join");
  const offer = { type: "offer" as const, sdp: "v=0", iceServers: [] };
  node.link.send({ type: "signal", sessionId: session.id, viewerId, message: offer });
  assert.equal((await page.next("offer")).sdp, "v=0");

  node.link.close("a cable was pulled");
  while ((await owner.get("/api/nodes")).json[0].connected);
  const again = await connection.next();
  again.hello({ sessions: [session] });
  while (!(await owner.get("/api/nodes")).json[0].connected);
  page.send({ type: "answer", sdp: "late" });
  assert.deepEqual((await again.next("signal")).message, { type: "answer", sdp: "late" });
  await page.close();
});

Deno.test("over HTTPS the token's fingerprint says which authority to trust", async () => {
  await using house = await startTestHouse({ "https.enabled": true });
  const owner = await claim(house);
  const token = nodeToken(house);
  assert.match(token, /^[\w-]{43}\.[0-9a-f]{64}$/);
  {
    using connection = remote(house, house.coordinator.httpsUrl!);
    (await connection.next()).hello();
    while ((await owner.get("/api/nodes")).json.length === 0);
  }
  // Another authority in the token, or none: no link, and nothing is said to the stranger.
  for (
    const wrong of [token.replace(/.$/, (last) => last === "0" ? "1" : "0"), token.slice(0, 43)]
  ) {
    using connection = remote(house, house.coordinator.httpsUrl!, wrong);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(connection.links.length, 0);
  }
});

Deno.test("an authority that somebody in between adds to the named one is not trusted", async () => {
  await using house = await startTestHouse({ "https.enabled": true });
  const token = nodeToken(house);
  const named = await (await fetch(`${house.url}/ca.crt`)).text();
  const stranger = createAuthority("Stranger", []);
  const { cert, key } = issueCertificate(stranger, ["localhost", "127.0.0.1"]);
  const seen: string[] = [];
  const between = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} },
    (request) => {
      seen.push(new URL(request.url).pathname);
      if (request.headers.has("authorization")) seen.push("token");
      return new Response(`${named}\n${stranger.cert}`);
    },
  );
  const logged = logSettings.level;
  logSettings.level = "error";
  {
    using _connection = remote(house, `https://localhost:${between.addr.port}`, token);
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  logSettings.level = logged;
  await between.shutdown();
  // It may have tried again.
  assert.deepEqual([...new Set(seen)], ["/ca.crt"]);
});

Deno.test("without the token nobody becomes a machine, and browsers never do", async () => {
  await using house = await startTestHouse();
  const open = (headers: Record<string, string>) =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(`${house.url.replace("http", "ws")}/api/node`, { headers });
      socket.on("open", () => {
        resolve("open");
        socket.close();
      });
      socket.on("error", (error) => resolve(error.message));
    });
  const token = nodeToken(house);
  assert.match(await open({}), /401/);
  assert.match(await open({ authorization: `Bearer ${token}x` }), /401/);
  assert.match(await open({ authorization: token }), /401/);
  assert.match(await open({ authorization: `Bearer ${token}`, origin: house.url }), /403/);
  assert.equal(await open({ authorization: `Bearer ${token}` }), "open");
  const guesses = await Promise.all(
    Array.from({ length: 25 }, (_, i) => open({ authorization: `Bearer guess-${i}` })),
  );
  assert.ok(guesses.some((answer) => answer.includes("429")));
});

Deno.test("a machine that speaks nonsense is cut off, the house goes on", async () => {
  await using house = await startTestHouse();
  const owner = await claim(house);
  const token = nodeToken(house);
  let seed = 3;
  const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const hello = JSON.stringify({
    type: "hello",
    node: "x",
    version: "1",
    capabilities: [],
    games: [],
    sessions: [],
    imports: [],
  });
  const messages: (string | Uint8Array)[] = [
    "{",
    "null",
    "[]",
    '{"type":"heartbeat","load":1,"freeMemoryMb":1}',
    '{"type":"hello"}',
    '{"type":"start-session"}',
    new Uint8Array(10),
    `"${"x".repeat(MAX_LINK_MESSAGE)}"`,
  ];
  for (let i = 0; i < 20; i++) {
    const text = [...hello];
    text.splice(Math.floor(random() * text.length), 1 + Math.floor(random() * 5));
    messages.push(text.join(""));
  }
  let cut = 0;
  for (const message of messages) {
    const socket = new WebSocket(`${house.url.replace("http", "ws")}/api/node`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const closed = new Promise<number>((resolve) => socket.on("close", resolve));
    socket.on("error", () => {});
    await new Promise((resolve) => socket.on("open", resolve));
    socket.send(message);
    // One that is well formed after all stays open; the ping then closes what is left.
    const timer = setTimeout(() => socket.close(), 200);
    const code = await closed;
    clearTimeout(timer);
    if ([1000, 1006, 1008, 1009].includes(code)) cut++;
  }
  assert.ok(cut >= 8);
  assert.equal((await owner.get("/api/state")).status, 200);
  const node = TestNode.attach(house.coordinator);
  await play(owner, node);
});
