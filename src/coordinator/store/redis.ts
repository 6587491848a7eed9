import { Redis } from "ioredis";
import { logger } from "../../system/log.ts";
import { newId } from "../accounts/token.ts";
import { type InviteRecord, nameKey, type NodeRecord, type Store, StoreError } from "./store.ts";
import type { Ticket, UserRecord } from "./store.ts";

const log = logger("store");

/**
 * Keys, all under one prefix so that a Redis may serve other programs too:
 *
 * - `users` hash id → UserRecord; `user-names` hash nameKey → id
 * - `ticket:HASH`, `tickets-of:USER` and `tickets-of:INVITATION` sets of hashes
 * - `invite:HASH`, `invites-of:SESSION` set of hashes
 * - `setting:KEY`, `attempts:KEY` counter
 * - `node:NAME`, `nodes` set of names
 * - channel `bus`
 */
const PREFIX = "gamelan:";
/** Written out: ioredis prefixes keys only. */
const BUS = `${PREFIX}bus`;

const CREATE_FIRST_USER = `
if redis.call('HLEN', KEYS[1]) > 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
return 1`;

const CREATE_USER = `
if redis.call('HSETNX', KEYS[2], ARGV[2], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`;

/** ARGV: id, its nameKey. */
const DELETE_USER = `
local found = redis.call('HGET', KEYS[1], ARGV[1])
if not found then return 'missing' end
if cjson.decode(found).role == 'owner' then
  local owners = 0
  for _, text in ipairs(redis.call('HVALS', KEYS[1])) do
    if cjson.decode(text).role == 'owner' then owners = owners + 1 end
  end
  if owners < 2 then return 'last-owner' end
end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[2])
return 'deleted'`;

/** ARGV: the guest's name. */
const USE_INVITE = `
local text = redis.call('GET', KEYS[1])
if not text then return nil end
local invite = cjson.decode(text)
if #invite.guests >= invite.uses then return nil end
invite.guests[#invite.guests + 1] = ARGV[1]
local used = cjson.encode(invite)
redis.call('SET', KEYS[1], used, 'KEEPTTL')
return used`;

const SETTING_OR = `
redis.call('SETNX', KEYS[1], ARGV[1])
return redis.call('GET', KEYS[1])`;

const COUNT_ATTEMPT = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}`;

/** The store that several coordinators of one house share. */
export class RedisStore implements Store {
  readonly #id = newId("store");
  #failing = false;

  private constructor(readonly redis: Redis, readonly subscriber: Redis) {}

  /** @throws StoreError where it does not answer */
  static async open(url: string): Promise<RedisStore> {
    const options = {
      keyPrefix: PREFIX,
      lazyConnect: true,
      connectTimeout: 5_000,
      maxRetriesPerRequest: 1,
      retryStrategy: (times: number) => Math.min(5_000, 100 * 2 ** Math.min(times, 6)),
    };
    const redis = new Redis(url, options);
    // A subscriber takes no other commands, and must outlast any interruption.
    const subscriber = new Redis(url, { ...options, maxRetriesPerRequest: null });
    const store = new RedisStore(redis, subscriber);
    for (const connection of [redis, subscriber]) {
      connection.on("error", (error: Error) => store.#failed(error));
      connection.on("ready", () => store.#failing = false);
    }
    try {
      await Promise.all([redis.connect(), subscriber.connect()]);
      await redis.ping();
    } catch (cause) {
      redis.disconnect();
      subscriber.disconnect();
      throw unreachable(cause);
    }
    return store;
  }

  #failed(error: Error): void {
    if (!this.#failing) log.error("Redis does not answer; trying again", { error });
    this.#failing = true;
  }

  async #do<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await work(this.redis);
    } catch (cause) {
      throw unreachable(cause);
    }
  }

  #script(script: string, keys: string[], values: (string | number)[]): Promise<unknown> {
    return this.#do((redis) => redis.eval(script, keys.length, ...keys, ...values));
  }

  #createUser(script: string, user: UserRecord): Promise<boolean> {
    const values = [user.id, nameKey(user.name), JSON.stringify(user)];
    return this.#script(script, ["users", "user-names"], values).then((made) => made === 1);
  }

  createFirstUser(user: UserRecord) {
    return this.#createUser(CREATE_FIRST_USER, user);
  }

  createUser(user: UserRecord) {
    return this.#createUser(CREATE_USER, user);
  }

  async userById(id: string): Promise<UserRecord | undefined> {
    return parsed(await this.#do((redis) => redis.hget("users", id)));
  }

  async userByName(name: string) {
    const id = await this.#do((redis) => redis.hget("user-names", nameKey(name)));
    return id ? await this.userById(id) : undefined;
  }

  async users() {
    const texts = await this.#do((redis) => redis.hvals("users"));
    return texts.map((text) => JSON.parse(text) as UserRecord)
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  async deleteUser(id: string) {
    const user = await this.userById(id);
    if (!user) return "missing";
    const keys = ["users", "user-names"];
    const result = await this.#script(DELETE_USER, keys, [id, nameKey(user.name)]);
    if (result === "deleted") await this.#deleteAll("ticket", `tickets-of:${id}`);
    return result as "deleted" | "missing" | "last-owner";
  }

  /** Deletes what a set of hashes names, and the set. */
  async #deleteAll(kind: string, set: string): Promise<void> {
    const hashes = await this.#do((redis) => redis.smembers(set));
    await this.#do((redis) => redis.del(set, ...hashes.map((hash) => `${kind}:${hash}`)));
  }

  /** Keeps a record until it expires, and its hash in a set that lives as long as its last one. */
  async #put(
    kind: string,
    hash: string,
    record: { expiresAt: number },
    set: string,
  ): Promise<void> {
    const left = record.expiresAt - Date.now();
    if (left <= 0) return;
    await this.#do((redis) => redis.set(`${kind}:${hash}`, JSON.stringify(record), "PX", left));
    await this.#do((redis) => redis.sadd(set, hash));
    // A shorter-lived one must not end the set that a longer-lived one is in.
    const ends = await this.#do((redis) => redis.pttl(set));
    if (ends < left) await this.#do((redis) => redis.pexpire(set, left));
  }

  putTicket(hash: string, ticket: Ticket) {
    const holder = ticket.kind === "user" ? ticket.userId : ticket.inviteId;
    return this.#put("ticket", hash, ticket, `tickets-of:${holder}`);
  }

  async ticket(hash: string): Promise<Ticket | undefined> {
    return parsed(await this.#do((redis) => redis.get(`ticket:${hash}`)));
  }

  async deleteTicket(hash: string) {
    await this.#do((redis) => redis.del(`ticket:${hash}`));
  }

  putInvite(hash: string, invite: InviteRecord) {
    return this.#put("invite", hash, invite, `invites-of:${invite.sessionId}`);
  }

  async invite(hash: string): Promise<InviteRecord | undefined> {
    return parsed(await this.#do((redis) => redis.get(`invite:${hash}`)));
  }

  async useInvite(hash: string, guest: string): Promise<InviteRecord | undefined> {
    return parsed(await this.#script(USE_INVITE, [`invite:${hash}`], [guest]) as string | null);
  }

  async invites(sessionId: string): Promise<InviteRecord[]> {
    return [...(await this.#invitesOf(sessionId)).values()]
      .sort((a, b) => a.createdAt - b.createdAt);
  }

  /** By hash. */
  async #invitesOf(sessionId: string): Promise<Map<string, InviteRecord>> {
    const found = new Map<string, InviteRecord>();
    for (const hash of await this.#do((redis) => redis.smembers(`invites-of:${sessionId}`))) {
      const invite = await this.invite(hash);
      if (invite) found.set(hash, invite);
    }
    return found;
  }

  async deleteInvite(sessionId: string, id: string) {
    const invites = await this.#invitesOf(sessionId);
    const hash = [...invites].find(([, invite]) => invite.id === id)?.[0];
    if (hash) await this.#do((redis) => redis.del(`invite:${hash}`));
    await this.#deleteAll("ticket", `tickets-of:${id}`);
    return hash !== undefined;
  }

  deleteInvites(sessionId: string) {
    return this.#deleteAll("invite", `invites-of:${sessionId}`);
  }

  async setting(key: string) {
    return await this.#do((redis) => redis.get(`setting:${key}`)) ?? undefined;
  }

  async settingOr(key: string, value: string) {
    return await this.#script(SETTING_OR, [`setting:${key}`], [value]) as string;
  }

  async deleteSetting(key: string) {
    await this.#do((redis) => redis.del(`setting:${key}`));
  }

  async countAttempt(key: string, windowMs: number) {
    const answer = await this.#script(COUNT_ATTEMPT, [`attempts:${key}`], [windowMs]);
    const [count, left] = answer as [number, number];
    return { count, resetAt: Date.now() + Math.max(0, left) };
  }

  async forgetAttempts(key: string) {
    await this.#do((redis) => redis.del(`attempts:${key}`));
  }

  async putNode(record: NodeRecord, ttlMs: number) {
    const text = JSON.stringify(record);
    await this.#do((redis) => redis.set(`node:${record.name}`, text, "PX", ttlMs));
    await this.#do((redis) => redis.sadd("nodes", record.name));
  }

  async deleteNode(name: string) {
    await this.#do((redis) => redis.del(`node:${name}`));
    await this.#do((redis) => redis.srem("nodes", name));
  }

  async nodes() {
    const names = await this.#do((redis) => redis.smembers("nodes"));
    const records: NodeRecord[] = [];
    for (const name of names) {
      const record = parsed<NodeRecord>(await this.#do((redis) => redis.get(`node:${name}`)));
      if (record) records.push(record);
      else await this.#do((redis) => redis.srem("nodes", name));
    }
    return records;
  }

  async publish(message: string) {
    // Every message names its sender: Redis returns it to us too.
    await this.#do((redis) => redis.publish(BUS, `${this.#id} ${message}`));
  }

  async subscribe(listener: (message: string) => void, onGap: () => void) {
    this.subscriber.on("message", (_channel: string, text: string) => {
      const space = text.indexOf(" ");
      if (text.slice(0, space) !== this.#id) listener(text.slice(space + 1));
    });
    await this.subscriber.subscribe(BUS).catch((cause: unknown) => {
      throw unreachable(cause);
    });
    // After an interruption: what was said until we are subscribed again is lost.
    this.subscriber.on("ready", () => {
      this.subscriber.subscribe(BUS).then(onGap, (error: Error) => this.#failed(error));
    });
  }

  async ping() {
    await this.#do((redis) => redis.ping());
  }

  // deno-lint-ignore require-await -- the interface's other stores wait here
  async close() {
    this.redis.disconnect();
    this.subscriber.disconnect();
  }
}

function parsed<T>(text: string | null): T | undefined {
  return text === null ? undefined : JSON.parse(text) as T;
}

function unreachable(cause: unknown): StoreError {
  return new StoreError(
    "the shared store does not answer; expected a Redis at store.redis that this machine can reach",
    { cause },
  );
}
