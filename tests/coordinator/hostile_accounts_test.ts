/** What strangers, guests and other players try to get at. */
import assert from "node:assert/strict";
import { logSettings } from "../../src/system/log.ts";
import { addPlayer, claim, mode, play, startTestHouse, TestClient, TestNode } from "./house.ts";

Deno.test("forged, cut and foreign cookies open nothing", async () => {
  await using house = await startTestHouse();
  const node = TestNode.attach(house.coordinator);
  const owner = await claim(house);
  const session = await play(owner, node);
  const { token } = (await owner.post(`/api/sessions/${session.id}/invites`, { role: "player" }))
    .json;
  const guest = new TestClient(house.url);
  await guest.post("/api/join", { token });
  const real = owner.cookies.get("gamelan_session")!;
  const forgeries = [
    `gamelan_session=${real.slice(0, -1)}`,
    `gamelan_session=${real}x`,
    `gamelan_session=${real.toLowerCase()}`,
    "gamelan_session=' OR 1=1 --",
    `gamelan_session=${"a".repeat(5000)}`,
    `gamelan_guest=${real}`,
    `gamelan_session=${guest.cookies.get("gamelan_guest")}`,
    `gamelan_session=${token}`,
    "gamelan_session=%00%ff; gamelan_guest=%",
  ];
  for (const cookie of forgeries) {
    const stranger = new TestClient(house.url);
    const headers = { cookie };
    const state = await stranger.send("GET", "/api/state", { headers });
    assert.equal(state.json.user, null, cookie);
    assert.equal(state.json.guestSession, null, cookie);
    assert.equal((await stranger.send("GET", "/api/sessions", { headers })).status, 401, cookie);
    const socket = stranger.socket("/api/events", headers);
    assert.match(await socket.opened, /401/, cookie);
  }
  await owner.post("/api/logout");
  const after = await owner.send("GET", "/api/users", {
    headers: { cookie: `gamelan_session=${real}` },
  });
  assert.equal(after.status, 401);
});

Deno.test("cookies are out of reach of scripts and other sites", async () => {
  await using house = await startTestHouse();
  const client = new TestClient(house.url);
  const answer = await client.post("/api/claim", {
    code: house.coordinator.claimCode!.toLowerCase().replace("-", " "),
    name: "Ada",
    password: "correct horse",
  });
  assert.equal(answer.status, 200, answer.text);
  const [cookie] = answer.headers["set-cookie"] as string[];
  assert.match(cookie, /HttpOnly/);
  assert.match(cookie, /SameSite=Lax/);
  assert.match(cookie, /Path=\//);
  assert.doesNotMatch(cookie, /Domain/i);
});

Deno.test("the claim code cannot be guessed, and works once", async () => {
  await using house = await startTestHouse();
  const code = house.coordinator.claimCode!;
  const client = new TestClient(house.url);
  const guess = (text: string) =>
    client.post("/api/claim", { code: text, name: "Eve", password: "12345678" });
  for (let i = 0; i < 10; i++) assert.equal((await guess(`AAAA-AAA${i}`)).status, 403);
  const limited = await guess(code);
  assert.equal(limited.status, 429);
  assert.ok(Number(limited.headers["retry-after"]) > 0);
  assert.equal(limited.json.error, "rate-limited");
  assert.equal((await client.get("/api/state")).json.claimed, false);
});

Deno.test("only one of many simultaneous claims wins", async () => {
  await using house = await startTestHouse();
  const code = house.coordinator.claimCode!;
  const answers = await Promise.all(
    ["a", "b", "c", "d"].map((name) =>
      new TestClient(house.url).post("/api/claim", { code, name, password: "12345678" })
    ),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409]);
  const late = await new TestClient(house.url).post("/api/claim", {
    code,
    name: "late",
    password: "12345678",
  });
  assert.equal(late.status, 409);
});

Deno.test("passwords cannot be tried without end, and names are not told", async () => {
  await using house = await startTestHouse();
  await claim(house);
  const client = new TestClient(house.url);
  const wrong = await client.post("/api/login", { name: "Ada", password: "wrong" });
  const nobody = await client.post("/api/login", { name: "Nobody", password: "wrong" });
  assert.deepEqual([wrong.status, nobody.status], [401, 401]);
  assert.equal(wrong.text, nobody.text);
  const answers = await Promise.all(
    Array.from(
      { length: 12 },
      () => client.post("/api/login", { name: "Ada", password: "wrong" }),
    ),
  );
  assert.equal(answers.filter(({ status }) => status === 429).length, 4);
  const locked = await client.post("/api/login", { name: "Ada", password: "correct horse" });
  assert.equal(locked.status, 429);
});

Deno.test("invitations cannot be guessed", async () => {
  await using house = await startTestHouse();
  const client = new TestClient(house.url);
  const statuses = [];
  for (let i = 0; i < 22; i++) {
    statuses.push((await client.post("/api/join", { token: `guess-${i}` })).status);
  }
  assert.deepEqual([...new Set(statuses)], [403, 429]);
});

Deno.test("a guest reaches one session and nothing else", async () => {
  await using house = await startTestHouse();
  const node = TestNode.attach(house.coordinator);
  const owner = await claim(house);
  const mine = await play(owner, node);
  const other = await play(owner, node);
  const { token } = (await owner.post(`/api/sessions/${mine.id}/invites`, { role: "spectator" }))
    .json;
  const guest = new TestClient(house.url);
  assert.equal((await guest.post("/api/join", { token, name: "Eve" })).status, 200);
  assert.equal((await guest.get(`/api/sessions/${mine.id}`)).status, 200);
  assert.equal((await guest.get("/api/library")).status, 200);
  const refused: [string, string, number, unknown?][] = [
    ["GET", `/api/sessions/${other.id}`, 404],
    ["GET", "/api/sessions", 401],
    ["POST", "/api/sessions", 401, { gameId: "testcard", mode }],
    ["DELETE", `/api/sessions/${mine.id}`, 403],
    ["DELETE", `/api/sessions/${other.id}`, 404],
    ["POST", `/api/sessions/${mine.id}/invites`, 403, { role: "player" }],
    ["POST", "/api/imports", 401, { source: "deb:x" }],
    ["GET", "/api/users", 401],
    ["GET", "/api/nodes", 401],
    ["DELETE", "/api/games/testcard", 401],
  ];
  for (const [method, path, status, body] of refused) {
    const answer = await guest.send(method, path, { body });
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
  }
  assert.match(await guest.socket("/api/events").opened, /401/);
  assert.match(await guest.socket(`/api/sessions/${other.id}/signal`).opened, /404/);
  const page = guest.socket(`/api/sessions/${mine.id}/signal`);
  assert.equal(await page.opened, "open");
  const joined = await node.next("viewer-join");
  assert.deepEqual([joined.name, joined.role, joined.sessionId], ["Eve", "spectator", mine.id]);
  await page.close();
});

Deno.test("a player reaches their own sessions, and owns no house", async () => {
  await using house = await startTestHouse();
  const node = TestNode.attach(house.coordinator);
  const owner = await claim(house);
  const session = await play(owner, node);
  const bob = await addPlayer(owner, "Bob");
  const refused: [string, string, number, unknown?][] = [
    ["DELETE", `/api/sessions/${session.id}`, 404],
    ["POST", `/api/sessions/${session.id}/invites`, 404, { role: "player" }],
    ["POST", "/api/imports", 403, { source: "deb:x" }],
    ["DELETE", "/api/games/testcard", 403],
    ["GET", "/api/users", 403],
    ["POST", "/api/users", 403, { name: "x", password: "12345678", role: "owner" }],
    ["GET", "/api/nodes", 403],
  ];
  for (const [method, path, status, body] of refused) {
    const answer = await bob.send(method, path, { body });
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
  }
  const own = await play(bob, node);
  assert.equal((await bob.delete(`/api/sessions/${own.id}`)).status, 200);
});

Deno.test("a removed user is signed out everywhere, and the last owner stays", async () => {
  await using house = await startTestHouse();
  const node = TestNode.attach(house.coordinator);
  const owner = await claim(house);
  const bob = await addPlayer(owner, "Bob");
  const session = await play(owner, node);
  await owner.send("PATCH", `/api/sessions/${session.id}`, { body: { sharing: "watch" } });
  const watching = bob.socket(`/api/sessions/${session.id}/signal`);
  await watching.next("session");
  const taken = await owner.post("/api/users", {
    name: "BOB",
    password: "12345678",
    role: "player",
  });
  assert.equal(taken.status, 409);
  const events = bob.socket("/api/events");
  await events.next("library");
  const users: { id: string; name: string; password?: string }[] = (await owner.get("/api/users"))
    .json;
  assert.equal(users.some((user) => "password" in user), false);
  const id = (name: string) => users.find((user) => user.name === name)!.id;
  assert.equal((await owner.delete(`/api/users/${id("Bob")}`)).status, 200);
  assert.equal((await events.end()).code, 1008);
  assert.match((await watching.next("bye")).reason, /signed out/);
  assert.equal((await bob.get("/api/sessions")).status, 401);
  assert.equal((await owner.delete(`/api/users/${id("Ada")}`)).status, 409);
  assert.equal((await owner.delete("/api/users/u-none")).status, 404);
});

Deno.test("the log has no passwords, codes, cookies or invitations in it", async () => {
  const lines: string[] = [];
  const { level, write } = logSettings;
  Object.assign(logSettings, { level: "debug", write: (line: string) => lines.push(line) });
  const secrets: string[] = [];
  try {
    await using house = await startTestHouse();
    secrets.push(house.coordinator.claimCode!, "correct horse", "wrong password", "battery staple");
    const node = TestNode.attach(house.coordinator);
    const owner = await claim(house);
    await addPlayer(owner, "Bob");
    await owner.post("/api/login", { name: "Ada", password: "wrong password" });
    const session = await play(owner, node);
    const { token } = (await owner.post(`/api/sessions/${session.id}/invites`, { role: "player" }))
      .json;
    const guest = new TestClient(house.url);
    await guest.post("/api/join", { token });
    await guest.post("/api/join", { token: `${token}x` });
    secrets.push(token, ...owner.cookies.values(), ...guest.cookies.values());
    secrets.push(Deno.readTextFileSync(`${house.config.data_dir}/node-token`).trim());
  } finally {
    Object.assign(logSettings, { level, write });
  }
  assert.ok(lines.some((line) => line.includes("sign-in refused")));
  assert.ok(lines.some((line) => line.includes('"path":"/api/join"')));
  for (const secret of secrets) {
    assert.equal(lines.find((line) => line.includes(secret)), undefined, secret);
  }
});
