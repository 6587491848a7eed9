/** What other web pages and broken clients try over HTTP. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import {
  ClaimRequest,
  ImportRequest,
  InviteRequest,
  JoinRequest,
  LoginRequest,
  NewUser,
  PlayRequest,
} from "../../src/protocol/api.ts";
import { claim, mode, play, startTestHouse, TestClient, TestNode } from "./house.ts";

/** A seeded generator of numbers in [0, 1). */
function seeded(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

Deno.test("requests for a host that is not ours are refused (DNS rebinding)", async () => {
  await using house = await startTestHouse({ "http.names": "games.example" });
  const client = new TestClient(house.url);
  const hosts: [string | undefined, number][] = [
    ["localhost", 200],
    ["LOCALHOST:1", 200],
    ["127.0.0.1:8080", 200],
    ["[::1]:8080", 200],
    ["games.example", 200],
    ["evil.example", 403],
    ["localhost.evil.example", 403],
    ["gamelan.local.evil.example", 403],
    ["203.0.113.9", 403],
    ["127.0.0.1.evil.example", 403],
    ["127.0.0.1@evil.example", 403],
    ["games.example:80:80", 400],
  ];
  for (const [host, status] of hosts) {
    const answer = await client.send("GET", "/api/state", { headers: { host } });
    assert.equal(answer.status, status, `Host ${host}: ${answer.text}`);
  }
});

Deno.test("changes need the Origin of this house", async () => {
  await using house = await startTestHouse();
  const owner = await claim(house);
  const own = new URL(house.url);
  const origins = [
    undefined,
    "null",
    "",
    "https://evil.example",
    `http://localhost:${Number(own.port) + 1}`,
    `http://127.0.0.1:${own.port}`,
    `http://${own.host}.evil.example`,
    `file://${own.host}`,
    "http://[::bad",
  ];
  for (const origin of origins) {
    const headers = { origin };
    for (const [method, path] of [["POST", "/api/logout"], ["DELETE", "/api/games/x"]]) {
      const answer = await owner.send(method, path, { headers });
      assert.equal(answer.status, 403, `${method} from ${origin}: ${answer.text}`);
    }
    for (const path of ["/api/events", "/api/sessions/s-1/signal"]) {
      const socket = owner.socket(path, { origin: origin ?? "" });
      assert.match(await socket.opened, /403/, `${path} from ${origin}`);
    }
  }
  assert.equal((await owner.get("/api/users")).status, 200);
});

Deno.test("bodies that are too big, not JSON or of another form are refused", async () => {
  await using house = await startTestHouse();
  const owner = await claim(house);
  const raw = (text: string, headers: Record<string, string | undefined> = {}) =>
    owner.send("POST", "/api/imports", { raw: text, headers });
  const cases: [string, Record<string, string | undefined>?][] = [
    ["x".repeat(20_000)],
    ["{"],
    [""],
    ["null"],
    ["[]"],
    ['{"source":"deb:../etc"}'],
    ['{"source":"file:/etc/passwd"}'],
    ['{"source":1}'],
    ['{"__proto__":{"source":"deb:ok"}}'],
    ['{"source":"deb:ok"}', { "content-type": "text/plain" }],
    ['{"source":"deb:ok"}', { "content-type": undefined }],
  ];
  for (const [text, headers] of cases) {
    const answer = await raw(text, headers);
    assert.equal(answer.status, 400, `${text.slice(0, 40)}: ${answer.text}`);
    assert.equal(answer.json.error, "bad-request");
  }
});

Deno.test("a body without end is cut off", async () => {
  await using house = await startTestHouse();
  const { port, host } = new URL(house.url);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1");
    let text = "";
    let sent = 0;
    socket.on("data", (chunk) => {
      text += chunk.toString();
      socket.destroy();
      resolve(text);
    });
    socket.on("error", (error) => text ? undefined : reject(error));
    socket.write(
      `POST /api/login HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\n` +
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const more = () => {
      if (socket.destroyed || sent > 1_000_000) return;
      sent += 4096;
      socket.write(`1000\r\n${"a".repeat(4096)}\r\n`, () => setTimeout(more, 1));
    };
    more();
  });
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.match(answer, /at most 16384 bytes/);
});

Deno.test("paths that climb, hide or break reach no file", async () => {
  await using house = await startTestHouse();
  const client = new TestClient(house.url);
  const paths = [
    "/../../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/%5c..%5cetc",
    "/%00",
    "/%zz.js",
    "/assets/..;/x.js",
    "//etc/passwd",
    "/house.db",
    "/node-token.txt",
    "/tls/ca.key",
  ];
  for (const path of paths) {
    const answer = await client.get(path);
    const isPage = answer.text.includes("<title>House</title>");
    assert.ok(isPage || [400, 404].includes(answer.status), `${path}: ${answer.status}`);
    assert.doesNotMatch(answer.text, /root:|PRIVATE KEY|SQLite/);
  }
  assert.equal((await client.get("/api/nothing")).json.error, "not-found");
  assert.equal((await client.get("/api/sessions/..%2f..%2fusers")).status, 401);
  assert.equal((await client.send("POST", "/")).status, 404);
  assert.equal((await client.send("TRACE", "/api/state")).status, 400);
});

Deno.test("every answer carries the security headers", async () => {
  await using house = await startTestHouse();
  const client = new TestClient(house.url);
  for (const path of ["/", "/app-1a2b.js", "/api/state", "/api/none", "/healthz"]) {
    const { headers } = await client.get(path);
    assert.match(String(headers["content-security-policy"]), /default-src 'self'/, path);
    assert.match(String(headers["content-security-policy"]), /frame-ancestors 'none'/, path);
    assert.equal(headers["x-content-type-options"], "nosniff", path);
    assert.equal(headers["referrer-policy"], "no-referrer", path);
    assert.equal(headers["cross-origin-opener-policy"], "same-origin", path);
    assert.equal(headers["access-control-allow-origin"], undefined, path);
  }
  assert.equal((await client.get("/api/state")).headers["cache-control"], "no-store");
});

Deno.test("assets are cached by their tag and compressed where it pays", async () => {
  await using house = await startTestHouse();
  const client = new TestClient(house.url);
  const script = await client.get("/app-1a2b.js");
  assert.match(String(script.headers["cache-control"]), /immutable/);
  const page = await client.get("/games/supertux");
  assert.equal(page.headers["cache-control"], "no-cache");
  const known = { "if-none-match": String(page.headers.etag) };
  assert.equal((await client.send("GET", "/", { headers: known })).status, 304);
  const packed = await client.send("GET", "/app-1a2b.js", {
    headers: { "accept-encoding": "br, gzip" },
  });
  assert.equal(packed.headers["content-encoding"], "gzip");
  assert.ok(
    Number(packed.headers["content-length"]) < Number(script.headers["content-length"]) / 4,
  );
  const weak = { "if-none-match": String(packed.headers.etag), "accept-encoding": "gzip" };
  assert.equal((await client.send("GET", "/app-1a2b.js", { headers: weak })).status, 304);
  assert.equal((await client.send("HEAD", "/app-1a2b.js")).text, "");
});

Deno.test("random bodies of every request end in an answer, never in an internal error", async () => {
  await using house = await startTestHouse();
  const node = TestNode.attach(house.coordinator);
  const owner = await claim(house);
  const session = await play(owner, node);
  const random = seeded(42);
  const pick = <T>(list: T[]): T => list[Math.floor(random() * list.length)];
  const atoms = [
    null,
    true,
    0,
    -1,
    1e308,
    NaN,
    "",
    "x",
    "\u0000",
    "é".repeat(300),
    "__proto__",
    [],
    {},
    [[[]]],
    "owner",
    "deb:ok",
    "testcard",
    1280,
    720,
    60,
  ];
  const endpoints: [string, Record<string, unknown>][] = [
    ["/api/imports", { source: "deb:ok" }],
    ["/api/sessions", { gameId: "testcard", mode, keyboard: { layout: "us", variant: "" } }],
    [`/api/sessions/${session.id}/invites`, { role: "player" }],
    ["/api/users", { name: "X", password: "12345678", role: "player" }],
    ["/api/join", { token: "t", name: "n" }],
    ["/api/login", { name: "n", password: "p" }],
    ["/api/claim", { code: "c", name: "n", password: "12345678" }],
  ];
  const mutate = (value: unknown): unknown => {
    if (random() < 0.4) return pick(atoms);
    if (typeof value !== "object" || value === null) return random() < 0.5 ? pick(atoms) : value;
    const copy: Record<string, unknown> = { ...value as Record<string, unknown> };
    for (const key of Object.keys(copy)) {
      if (random() < 0.4) copy[key] = mutate(copy[key]);
      if (random() < 0.1) delete copy[key];
    }
    if (random() < 0.2) copy[String(pick(atoms))] = pick(atoms);
    return copy;
  };
  for (let i = 0; i < 400; i++) {
    const [path, example] = pick(endpoints);
    const body = mutate(example);
    const answer = await owner.post(path, body);
    assert.ok(
      [200, 201, 202, 400, 401, 403, 404, 409, 429, 503].includes(answer.status),
      `${path} ${JSON.stringify(body)}: ${answer.status} ${answer.text}`,
    );
  }
  assert.equal((await owner.get("/api/state")).status, 200);
});

Deno.test("random values never pass or crash the request schemas unchecked", () => {
  const random = seeded(7);
  const schemas = [
    ClaimRequest,
    LoginRequest,
    NewUser,
    ImportRequest,
    PlayRequest,
    InviteRequest,
    JoinRequest,
  ];
  const value = (depth: number): unknown => {
    switch (Math.floor(random() * (depth > 3 ? 5 : 7))) {
      case 0:
        return null;
      case 1:
        return random() * 1e6 - 5e5;
      case 2:
        return String.fromCharCode(...Array.from({ length: 8 }, () => random() * 65535));
      case 3:
        return random() < 0.5;
      case 4:
        return undefined;
      case 5:
        return Array.from({ length: 3 }, () => value(depth + 1));
      default: {
        const names = ["code", "name", "password", "role", "source", "gameId", "mode", "token"];
        return Object.fromEntries(
          names.filter(() => random() < 0.5).map((name) => [name, value(depth + 1)]),
        );
      }
    }
  };
  for (let i = 0; i < 5000; i++) {
    for (const schema of schemas) {
      const result = schema.safeParse(value(0));
      if (result.success) assert.deepEqual(schema.parse(result.data), result.data);
    }
  }
});
