/** Clients that hold connections without using them, and messages without end. */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { claim, play, startTestHouse, TestClient, TestNode } from "./house.ts";

/** Another device, as far as the house can tell. */
const ATTACKER = "127.0.0.2";

interface Held {
  socket: Socket;
  /** What the house said before it closed. */
  text: () => string;
  isClosed: () => boolean;
}

function hold(port: number, localAddress: string): Held {
  const socket = connect({ host: "127.0.0.1", port, localAddress });
  let text = "";
  let closed = false;
  socket.on("data", (data) => text += data.toString());
  socket.on("error", () => {});
  socket.on("close", () => closed = true);
  return { socket, text: () => text, isClosed: () => closed };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("a thousand idle connections and requests byte by byte keep nobody else out", async () => {
  await using house = await startTestHouse({ "https.enabled": true });
  const port = Number(new URL(house.url).port);
  const securePort = Number(new URL(house.coordinator.httpsUrl!).port);
  const idle = Array.from({ length: 1000 }, () => hold(port, ATTACKER));
  const idleTls = Array.from({ length: 20 }, () => hold(securePort, "127.0.0.3"));
  const headers = hold(port, "127.0.0.4");
  headers.socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
  const body = hold(port, "127.0.0.5");
  const host = new URL(house.url).host;
  body.socket.write(
    `POST /api/login HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\n` +
      "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
  );
  const all = [...idle, ...idleTls, headers, body];
  const client = new TestClient(house.url);
  let answered = 0;
  for (let tries = 0; tries < 200 && !all.every((held) => held.isClosed()); tries++) {
    for (const { socket } of [headers, body]) if (socket.writable) socket.write("a");
    assert.equal((await client.get("/healthz")).status, 200);
    answered++;
    await pause(100);
  }
  assert.ok(answered > 10, `${answered} answers while the others waited`);
  assert.equal(all.filter((held) => !held.isClosed()).length, 0);
  assert.doesNotMatch(headers.text(), / 200 /);
  assert.doesNotMatch(body.text(), / 200 /);
  // Most were not even let in.
  const silent = idle.filter((held) => held.text() === "").length;
  assert.ok(silent >= 700, `${silent} of 1000 were refused at once`);
  assert.equal((await client.get("/healthz")).status, 200);
});

Deno.test("a connection that is used stays: limits are of silence, not of time", async () => {
  await using house = await startTestHouse();
  const port = Number(new URL(house.url).port);
  const held = hold(port, "127.0.0.1");
  for (let i = 1; i <= 12; i++) {
    held.socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while (held.text().split("HTTP/1.1 200").length <= i) {
      assert.equal(held.isClosed(), false);
      await pause(10);
    }
    await pause(1000);
  }
  held.socket.destroy();
});

/** Opens a WebSocket by hand; null where it was refused. */
async function rawWebSocket(url: string, path: string, cookie: string): Promise<Held | null> {
  const { host, port } = new URL(url);
  const held = hold(Number(port), "127.0.0.1");
  held.socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\nCookie: ${cookie}\r\n` +
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  while (!held.text().includes("\r\n\r\n")) await pause(5);
  return held.text().startsWith("HTTP/1.1 101 ") ? held : null;
}

/** Writes up to `total` bytes until the other side closes; returns how many it took. */
async function flood({ socket, isClosed }: Held, total: number, head: number[]): Promise<number> {
  const piece = new Uint8Array(65536);
  let sent = 0;
  socket.write(new Uint8Array(head));
  while (sent < total && !isClosed() && !socket.destroyed) {
    const more = socket.write(piece);
    sent += piece.length;
    if (more) continue;
    await Promise.race([new Promise((done) => socket.once("drain", done)), pause(200)]);
  }
  return sent;
}

Deno.test("a message of 100 MB is cut off before it is held in memory", async () => {
  await using house = await startTestHouse();
  const node = TestNode.attach(house.coordinator);
  const owner = await claim(house);
  const session = await play(owner, node);
  const { token } = (await owner.post(`/api/sessions/${session.id}/invites`, { role: "player" }))
    .json;
  const guest = new TestClient(house.url);
  await guest.post("/api/join", { token });
  const total = 100_000_000;
  // One masked text frame of that length, and a message in fragments of 64 KB each (RFC 6455, 5.2).
  const whole = [0x81, 0xff, 0, 0, 0, 0, 0x05, 0xf5, 0xe1, 0x00, 0, 0, 0, 0];
  const opening = [0x01, 0xff, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0];
  const paths: [string, string][] = [
    [`/api/sessions/${session.id}/signal`, guest.cookieHeader()],
    ["/api/events", owner.cookieHeader()],
  ];
  for (const [path, cookie] of paths) {
    for (const head of [whole, opening]) {
      const socket = await rawWebSocket(house.url, path, cookie);
      assert.ok(socket, path);
      const before = Deno.memoryUsage();
      const sent = await flood(socket, total, head);
      const after = Deno.memoryUsage();
      const grown = after.rss + after.external - before.rss - before.external;
      assert.ok(sent < total / 2, `${path} took ${sent} bytes`);
      assert.ok(grown < 40_000_000, `${path}: memory grew by ${grown} bytes`);
      socket.socket.destroy();
    }
  }
  // Nobody in particular: refused before there is a WebSocket at all.
  assert.equal(await rawWebSocket(house.url, paths[0][0], "a=b"), null);
  assert.equal(await rawWebSocket(house.url, "/api/node", ""), null);
  assert.equal((await owner.get(`/api/sessions/${session.id}`)).json.state, "playing");
});

Deno.test("requests that are none end in 400, whatever is in them", async () => {
  await using house = await startTestHouse();
  const port = Number(new URL(house.url).port);
  const broken = [
    "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: lo calhost\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    `GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    "nonsense\r\n\r\n",
    "GET /api/events HTTP/1.1\r\nHost: a b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
  ];
  for (const text of broken) {
    const held = hold(port, "127.0.0.1");
    held.socket.write(text);
    for (let i = 0; i < 300 && held.text() === "" && !held.isClosed(); i++) await pause(10);
    const answer = held.text().split("\r\n")[0];
    assert.match(answer, /^$|HTTP\/1\.1 (200|400|403|431)/, text.slice(0, 60));
    assert.ok(held.text() !== "" || held.isClosed(), text.slice(0, 60));
    held.socket.destroy();
  }
  assert.equal((await new TestClient(house.url).get("/healthz")).status, 200);
});
