/** One contract for both stores: SQLite in a file, and a real Redis. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { RedisStore } from "../../src/coordinator/store/redis.ts";
import { SqliteStore } from "../../src/coordinator/store/sqlite.ts";
import { type NodeRecord, type Store, StoreError } from "../../src/coordinator/store/store.ts";
import type { InviteRecord, UserRecord } from "../../src/coordinator/store/store.ts";
import { startRedis } from "./redis_server.ts";
import { logSettings } from "../../src/system/log.ts";

logSettings.level = "error";

/** Opens further connections to the same data. */
type Opener = () => Promise<Store>;

const kinds: Record<string, (work: (open: Opener) => Promise<void>) => Promise<void>> = {
  async sqlite(work) {
    const folder = await Deno.makeTempDir();
    const opened: Store[] = [];
    try {
      await work(() => {
        const store = new SqliteStore(join(folder, "house.db"));
        opened.push(store);
        return Promise.resolve(store);
      });
    } finally {
      for (const store of opened) await store.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
  async redis(work) {
    await using server = await startRedis();
    const opened: Store[] = [];
    try {
      await work(async () => {
        const store = await RedisStore.open(server.url);
        opened.push(store);
        return store;
      });
    } finally {
      for (const store of opened) await store.close();
    }
  },
};

const user = (id: string, name: string, role: UserRecord["role"] = "player"): UserRecord => ({
  id,
  name,
  role,
  password: `scrypt$${id}`,
  createdAt: 1_000 + id.charCodeAt(0),
});
const later = () => Date.now() + 60_000;
const inFuture = later();

function inviteOf(id: string, changes: Partial<InviteRecord> = {}): InviteRecord {
  const expiresAt = inFuture;
  const open = { id, sessionId: "s-1", role: "player" as const, uses: 1, guests: [] };
  return { ...open, createdAt: 1, expiresAt, ...changes };
}

const contract: Record<string, (open: Opener) => Promise<void>> = {
  async "only one of many first users is made"(open) {
    const stores = [await open(), await open()];
    const made = await Promise.all(
      [..."abcdefgh"].map((id, at) => stores[at % 2].createFirstUser(user(id, id, "owner"))),
    );
    assert.equal(made.filter(Boolean).length, 1);
    assert.equal((await stores[0].users()).length, 1);
  },

  async "names are unique however they are written"(open) {
    const store = await open();
    assert.equal(await store.createUser(user("b", "Bob")), true);
    assert.equal(await store.createUser(user("c", "ＢＯＢ")), false);
    assert.equal(await store.createUser(user("a", "Ada")), true);
    assert.deepEqual(await store.userByName(" bob "), user("b", "Bob"));
    assert.deepEqual(await store.userById("b"), user("b", "Bob"));
    assert.equal(await store.userById("c"), undefined);
    assert.deepEqual((await store.users()).map(({ id }) => id), ["a", "b"]);
  },

  async "a deleted user's tickets are gone, the last owner stays"(open) {
    const store = await open();
    await store.createUser(user("a", "Ada", "owner"));
    await store.createUser(user("b", "Bob"));
    await store.putTicket("t1", { kind: "user", userId: "b", expiresAt: later() });
    await store.putTicket("t2", { kind: "user", userId: "a", expiresAt: later() });
    assert.equal(await store.deleteUser("a"), "last-owner");
    assert.equal(await store.deleteUser("b"), "deleted");
    assert.equal(await store.deleteUser("b"), "missing");
    assert.equal(await store.ticket("t1"), undefined);
    assert.equal((await store.ticket("t2"))?.kind, "user");
    assert.equal(await store.createUser(user("c", "Bob", "owner")), true);
    assert.equal(await store.deleteUser("a"), "deleted");
  },

  async "tickets end by time and by hand"(open) {
    const store = await open();
    const guest = {
      kind: "guest" as const,
      inviteId: "i-1",
      sessionId: "s-1",
      role: "spectator" as const,
      name: "Eve",
      expiresAt: later(),
    };
    await store.putTicket("g", guest);
    assert.deepEqual(await store.ticket("g"), guest);
    await store.deleteTicket("g");
    assert.equal(await store.ticket("g"), undefined);
    await store.putTicket("old", { ...guest, expiresAt: Date.now() - 1 });
    assert.equal(await store.ticket("old"), undefined);
    assert.equal(await store.ticket("never"), undefined);
  },

  async "invitations end with their session"(open) {
    const store = await open();
    const invite = inviteOf("i-1");
    await store.putInvite("i1", invite);
    await store.putInvite("i2", { ...invite, sessionId: "s-2" });
    await store.putInvite("i3", { ...invite, expiresAt: Date.now() - 1 });
    assert.deepEqual(await store.invite("i1"), invite);
    assert.equal(await store.invite("i3"), undefined);
    await store.deleteInvites("s-1");
    await store.deleteInvites("s-none");
    assert.equal(await store.invite("i1"), undefined);
    assert.equal((await store.invite("i2"))?.sessionId, "s-2");
  },

  async "an invitation lets so many in, also when they come at once"(open) {
    const [first, second] = [await open(), await open()];
    await first.putInvite("h", inviteOf("i-1", { uses: 3 }));
    const names = ["a", "b", "c", "d", "e", "f"];
    const used = await Promise.all(
      names.map((name, index) => (index % 2 === 0 ? first : second).useInvite("h", name)),
    );
    assert.equal(used.filter((invite) => invite !== undefined).length, 3);
    const left = (await second.invite("h"))!;
    assert.equal(left.guests.length, 3);
    assert.equal(left.expiresAt, inviteOf("i-1").expiresAt);
    assert.equal(await first.useInvite("h", "late"), undefined);
    assert.equal(await first.useInvite("never", "x"), undefined);
    await first.putInvite("old", inviteOf("i-2", { expiresAt: Date.now() - 1 }));
    assert.equal(await first.useInvite("old", "x"), undefined);
  },

  async "invitations are listed by session, and taken back with their guests"(open) {
    const store = await open();
    await store.putInvite("h2", inviteOf("i-2", { createdAt: 2 }));
    await store.putInvite("h1", inviteOf("i-1", { createdAt: 1 }));
    await store.putInvite("h3", inviteOf("i-3", { sessionId: "s-2" }));
    await store.putInvite("h4", inviteOf("i-4", { expiresAt: Date.now() - 1 }));
    assert.deepEqual((await store.invites("s-1")).map(({ id }) => id), ["i-1", "i-2"]);
    assert.deepEqual(await store.invites("s-none"), []);
    const ticket = { kind: "guest" as const, sessionId: "s-1", role: "player" as const, name: "E" };
    await store.putTicket("t1", { ...ticket, inviteId: "i-1", expiresAt: later() });
    await store.putTicket("t2", { ...ticket, inviteId: "i-2", expiresAt: later() });
    // Of another session: not to be reached under this one.
    assert.equal(await store.deleteInvite("s-1", "i-3"), false);
    assert.equal(await store.deleteInvite("s-1", "i-1"), true);
    assert.equal(await store.deleteInvite("s-1", "i-1"), false);
    assert.equal(await store.invite("h1"), undefined);
    assert.equal(await store.ticket("t1"), undefined);
    assert.equal((await store.ticket("t2"))?.kind, "guest");
    assert.deepEqual((await store.invites("s-1")).map(({ id }) => id), ["i-2"]);
  },

  async "a setting is set once, whoever comes first"(open) {
    const [first, second] = [await open(), await open()];
    const values = await Promise.all([first.settingOr("code", "1"), second.settingOr("code", "2")]);
    assert.equal(values[0], values[1]);
    assert.equal(await first.setting("code"), values[0]);
    await second.deleteSetting("code");
    assert.equal(await first.setting("code"), undefined);
    assert.equal(await first.settingOr("code", "3"), "3");
  },

  async "attempts are counted within their window"(open) {
    const store = await open();
    assert.equal((await store.countAttempt("k", 60_000)).count, 1);
    const second = await store.countAttempt("k", 60_000);
    assert.equal(second.count, 2);
    assert.ok(second.resetAt > Date.now() && second.resetAt <= Date.now() + 60_000);
    assert.equal((await store.countAttempt("other", 60_000)).count, 1);
    await store.forgetAttempts("k");
    assert.equal((await store.countAttempt("k", 1)).count, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await store.countAttempt("k", 60_000)).count, 1);
  },

  async "a node's record lasts until it is deleted or too old"(open) {
    const store = await open();
    const record: NodeRecord = {
      name: "box",
      home: "c-1",
      version: "1",
      load: 0.5,
      freeMemoryMb: 100,
      capabilities: [],
      games: [],
      imports: [],
      sessions: [],
    };
    await store.putNode(record, 60_000);
    await store.putNode({ ...record, load: 0.7 }, 60_000);
    await store.putNode({ ...record, name: "old" }, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(await store.nodes(), [{ ...record, load: 0.7 }]);
    await store.deleteNode("box");
    assert.deepEqual(await store.nodes(), []);
  },

  async "it answers, and keeps what another connection wrote"(open) {
    const first = await open();
    await first.ping();
    await first.createUser(user("a", "Ada", "owner"));
    const second = await open();
    assert.equal((await second.users()).length, 1);
  },
};

for (const [kind, within] of Object.entries(kinds)) {
  for (const [name, test] of Object.entries(contract)) {
    Deno.test(`${kind} store: ${name}`, () => within(test));
  }
}

Deno.test("redis store: what one coordinator publishes reaches the others, and not itself", async () => {
  await using server = await startRedis();
  const [first, second] = [await RedisStore.open(server.url), await RedisStore.open(server.url)];
  try {
    const heard: string[] = [];
    const arrived = Promise.withResolvers<void>();
    const gap = Promise.withResolvers<void>();
    await first.subscribe((message) => heard.push(`first ${message}`), () => {});
    await second.subscribe((message) => {
      heard.push(`second ${message}`);
      if (message === "after") arrived.resolve();
    }, gap.resolve);
    await first.publish("hello world");
    await server.cutConnections();
    await gap.promise;
    // The sender's own connection may still be coming back.
    for (let tries = 0; tries < 100; tries++) {
      try {
        await first.publish("after");
        break;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    await arrived.promise;
    assert.deepEqual(heard, ["second hello world", "second after"]);
  } finally {
    await first.close();
    await second.close();
  }
});

Deno.test("redis store: one that is not there is named", async () => {
  const level = logSettings.level;
  logSettings.write = () => {};
  await assert.rejects(RedisStore.open("redis://127.0.0.1:1"), StoreError);
  logSettings.level = level;
});

Deno.test("sqlite store: a file of a newer version, or no database, is refused with a reason", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "house.db");
    await new SqliteStore(path).close();
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 99");
    database.close();
    assert.throws(() => new SqliteStore(path), /version 99.*newer Gamelan/);
    await Deno.writeTextFile(join(folder, "text.db"), "this is no database ".repeat(100));
    assert.throws(() => new SqliteStore(join(folder, "text.db")), StoreError);
    assert.throws(() => new SqliteStore(join(folder, "none", "house.db")), StoreError);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sqlite store: a house of before invitations were counted is taken over", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "house.db");
  try {
    const old = new DatabaseSync(path);
    // The schema of version 1, as it was released.
    old.exec(`
      CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL CHECK (role IN ('owner', 'player')),
        password TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
      CREATE TABLE tickets (hash TEXT PRIMARY KEY,
        user_id TEXT REFERENCES users(id) ON DELETE CASCADE,
        body TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT;
      CREATE INDEX tickets_by_user ON tickets(user_id);
      CREATE TABLE invites (hash TEXT PRIMARY KEY, session_id TEXT NOT NULL,
        role TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT;
      CREATE INDEX invites_by_session ON invites(session_id);
      CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
      PRAGMA user_version = 1;`);
    const ticket = JSON.stringify({ kind: "user", userId: "a", expiresAt: later() });
    const guest = JSON.stringify({ kind: "guest", sessionId: "s-1", expiresAt: later() });
    old.prepare("INSERT INTO users VALUES ('a', 'Ada', 'ada', 'owner', 'x', 1)").run();
    old.prepare("INSERT INTO tickets VALUES ('t', 'a', ?, ?)").run(ticket, later());
    old.prepare("INSERT INTO tickets VALUES ('g', NULL, ?, ?)").run(guest, later());
    old.prepare("INSERT INTO invites VALUES ('h', 's-1', 'player', ?)").run(later());
    old.close();
    const store = new SqliteStore(path);
    assert.equal((await store.userById("a"))?.name, "Ada");
    assert.equal((await store.ticket("t"))?.kind, "user");
    assert.equal(await store.ticket("g"), undefined);
    assert.deepEqual(await store.invites("s-1"), []);
    await store.putInvite("h", inviteOf("i-1"));
    assert.equal((await store.useInvite("h", "Eve"))?.guests.length, 1);
    await store.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
