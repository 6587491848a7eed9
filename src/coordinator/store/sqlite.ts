import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { ProcessMemory } from "./memory.ts";
import { type InviteRecord, nameKey, type Store, StoreError } from "./store.ts";
import type { Ticket, UserRecord } from "./store.ts";

/** Each brings the database from version n to n + 1; never change one that was released. */
const MIGRATIONS = [
  `CREATE TABLE users (
     id TEXT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE,
     role TEXT NOT NULL CHECK (role IN ('owner', 'player')),
     password TEXT NOT NULL, created_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE tickets (
     hash TEXT PRIMARY KEY, user_id TEXT REFERENCES users(id) ON DELETE CASCADE,
     body TEXT NOT NULL, expires_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX tickets_by_user ON tickets(user_id);
   CREATE TABLE invites (
     hash TEXT PRIMARY KEY, session_id TEXT NOT NULL,
     role TEXT NOT NULL, expires_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX invites_by_session ON invites(session_id);
   CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;`,
  // Invitations can be listed, counted and taken back; older ones lived for a day and end here.
  `DROP TABLE invites;
   CREATE TABLE invites (
     hash TEXT PRIMARY KEY, id TEXT NOT NULL, session_id TEXT NOT NULL,
     body TEXT NOT NULL, expires_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX invites_by_session ON invites(session_id);
   DELETE FROM tickets WHERE user_id IS NULL;
   ALTER TABLE tickets ADD COLUMN invite_id TEXT;
   CREATE INDEX tickets_by_invite ON tickets(invite_id);`,
];

interface UserRow {
  id: string;
  name: string;
  role: "owner" | "player";
  password: string;
  created_at: number;
}

/**
 * The store in one file, for a house with one coordinator. Write-ahead log, so that a power cut loses
 * nothing that was answered.
 *
 * @throws StoreError where the file cannot be opened or is of a newer Gamelan.
 */
export class SqliteStore extends ProcessMemory implements Store {
  #database: DatabaseSync;

  constructor(path: string) {
    super();
    try {
      // Made with its permissions before SQLite opens it: it holds password hashes.
      if (path !== ":memory:") {
        Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
        Deno.chmodSync(path, 0o600);
      }
      this.#database = new DatabaseSync(path);
      this.#database.exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; " +
          "PRAGMA busy_timeout = 5000;",
      );
      this.#migrate();
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError(
        `cannot open the house's database ${path}; expected a SQLite file that this user may ` +
          "write. Restore it from a backup, or move it away to start anew",
        { cause: error },
      );
    }
    this.#forgetExpired();
  }

  #migrate(): void {
    const { user_version: version } = this.#database.prepare("PRAGMA user_version")
      .get() as { user_version: number };
    if (version > MIGRATIONS.length) {
      throw new StoreError(
        `the house's database is of version ${version}, this Gamelan knows up to ` +
          `${MIGRATIONS.length}: use the newer Gamelan that wrote it`,
      );
    }
    for (let next = version; next < MIGRATIONS.length; next++) {
      this.#atomic(() => {
        this.#database.exec(MIGRATIONS[next]);
        this.#database.exec(`PRAGMA user_version = ${next + 1}`);
      });
    }
  }

  #atomic<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#database.prepare(sql).get(...values) as Row | undefined;
  }

  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes);
  }

  #forgetExpired(): void {
    this.#run("DELETE FROM tickets WHERE expires_at <= ?", Date.now());
    this.#run("DELETE FROM invites WHERE expires_at <= ?", Date.now());
  }

  #insertUser(user: UserRecord): void {
    this.#run(
      "INSERT INTO users VALUES (?, ?, ?, ?, ?, ?)",
      user.id,
      user.name,
      nameKey(user.name),
      user.role,
      user.password,
      user.createdAt,
    );
  }

  // deno-lint-ignore require-await -- a synchronous error must reject, as Redis's would
  async createFirstUser(user: UserRecord) {
    return this.#atomic(() => {
      if (this.#get("SELECT 1 FROM users LIMIT 1")) return false;
      this.#insertUser(user);
      return true;
    });
  }

  // deno-lint-ignore require-await -- as above
  async createUser(user: UserRecord) {
    return this.#atomic(() => {
      if (this.#get("SELECT 1 FROM users WHERE name_key = ?", nameKey(user.name))) return false;
      this.#insertUser(user);
      return true;
    });
  }

  // deno-lint-ignore require-await -- as above
  async userById(id: string) {
    return fromRow(this.#get<UserRow>("SELECT * FROM users WHERE id = ?", id));
  }

  // deno-lint-ignore require-await -- as above
  async userByName(name: string) {
    return fromRow(this.#get<UserRow>("SELECT * FROM users WHERE name_key = ?", nameKey(name)));
  }

  // deno-lint-ignore require-await -- as above
  async users() {
    const rows = this.#database.prepare("SELECT * FROM users ORDER BY created_at, rowid").all();
    return rows.map((row) => fromRow(row as unknown as UserRow)!);
  }

  // deno-lint-ignore require-await -- as above
  async deleteUser(id: string) {
    return this.#atomic(() => {
      const user = this.#get<UserRow>("SELECT * FROM users WHERE id = ?", id);
      if (!user) return "missing";
      const other = "SELECT 1 FROM users WHERE role = 'owner' AND id <> ?";
      if (user.role === "owner" && !this.#get(other, id)) return "last-owner";
      this.#run("DELETE FROM users WHERE id = ?", id);
      return "deleted";
    });
  }

  // deno-lint-ignore require-await -- as above
  async putTicket(hash: string, ticket: Ticket) {
    this.#forgetExpired();
    this.#run(
      "INSERT OR REPLACE INTO tickets VALUES (?, ?, ?, ?, ?)",
      hash,
      ticket.kind === "user" ? ticket.userId : null,
      JSON.stringify(ticket),
      ticket.expiresAt,
      ticket.kind === "guest" ? ticket.inviteId : null,
    );
  }

  // deno-lint-ignore require-await -- as above
  async ticket(hash: string) {
    const sql = "SELECT body FROM tickets WHERE hash = ? AND expires_at > ?";
    const row = this.#get<{ body: string }>(sql, hash, Date.now());
    return row && JSON.parse(row.body) as Ticket;
  }

  // deno-lint-ignore require-await -- as above
  async deleteTicket(hash: string) {
    this.#run("DELETE FROM tickets WHERE hash = ?", hash);
  }

  // deno-lint-ignore require-await -- as above
  async putInvite(hash: string, invite: InviteRecord) {
    this.#putInvite(hash, invite);
  }

  #putInvite(hash: string, invite: InviteRecord): void {
    const sql = "INSERT OR REPLACE INTO invites VALUES (?, ?, ?, ?, ?)";
    const { id, sessionId, expiresAt } = invite;
    this.#run(sql, hash, id, sessionId, JSON.stringify(invite), expiresAt);
  }

  #invite(hash: string): InviteRecord | undefined {
    const sql = "SELECT body FROM invites WHERE hash = ? AND expires_at > ?";
    const row = this.#get<{ body: string }>(sql, hash, Date.now());
    return row && JSON.parse(row.body);
  }

  // deno-lint-ignore require-await -- as above
  async invite(hash: string) {
    return this.#invite(hash);
  }

  // deno-lint-ignore require-await -- as above
  async useInvite(hash: string, guest: string) {
    return this.#atomic(() => {
      const invite = this.#invite(hash);
      if (!invite || invite.guests.length >= invite.uses) return undefined;
      invite.guests.push(guest);
      this.#putInvite(hash, invite);
      return invite;
    });
  }

  // deno-lint-ignore require-await -- as above
  async invites(sessionId: string) {
    const sql = "SELECT body FROM invites WHERE session_id = ? AND expires_at > ?";
    const rows = this.#database.prepare(sql).all(sessionId, Date.now());
    return rows.map(({ body }) => JSON.parse(body as string) as InviteRecord)
      .sort((a, b) => a.createdAt - b.createdAt);
  }

  // deno-lint-ignore require-await -- as above
  async deleteInvite(sessionId: string, id: string) {
    return this.#atomic(() => {
      this.#run("DELETE FROM tickets WHERE invite_id = ?", id);
      return this.#run("DELETE FROM invites WHERE session_id = ? AND id = ?", sessionId, id) > 0;
    });
  }

  // deno-lint-ignore require-await -- as above
  async deleteInvites(sessionId: string) {
    this.#run("DELETE FROM invites WHERE session_id = ?", sessionId);
  }

  // deno-lint-ignore require-await -- as above
  async setting(key: string) {
    return this.#get<{ value: string }>("SELECT value FROM settings WHERE key = ?", key)?.value;
  }

  // deno-lint-ignore require-await -- as above
  async settingOr(key: string, value: string) {
    return this.#atomic(() => {
      this.#run("INSERT OR IGNORE INTO settings VALUES (?, ?)", key, value);
      return this.#get<{ value: string }>("SELECT value FROM settings WHERE key = ?", key)!.value;
    });
  }

  // deno-lint-ignore require-await -- as above
  async deleteSetting(key: string) {
    this.#run("DELETE FROM settings WHERE key = ?", key);
  }

  // deno-lint-ignore require-await -- as above
  async ping() {
    this.#get("SELECT 1");
  }

  // deno-lint-ignore require-await -- as above
  async close() {
    this.#database.close();
  }
}

function fromRow(row: UserRow | undefined): UserRecord | undefined {
  if (!row) return undefined;
  const { id, name, role, password, created_at: createdAt } = row;
  return { id, name, role, password, createdAt };
}
