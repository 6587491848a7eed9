import assert from "node:assert/strict";
import { Id } from "../../protocol/session.ts";
import { HttpError } from "../http/errors.ts";
import { SqliteStore } from "../store/sqlite.ts";
import { logSettings } from "../../system/log.ts";
import { attempt, limits } from "./limits.ts";
import { BusyError, hashPassword, verifyPassword } from "./password.ts";
import { newClaimCode, newId, newToken, sameClaimCode, sameSecret } from "./token.ts";

Deno.test("a password is known again, in any Unicode form, and no other is", async () => {
  const stored = await hashPassword("pässword ﬁ");
  assert.match(stored, /^scrypt\$32768\$8\$1\$/);
  assert.equal(await verifyPassword("pa\u0308ssword fi", stored), true);
  assert.equal(await verifyPassword("password fi", stored), false);
  assert.equal(await verifyPassword("pässword ﬁ", undefined), false);
  assert.notEqual(await hashPassword("same"), await hashPassword("same"));
});

Deno.test("stored hashes that are damaged are wrong passwords, not right ones", async () => {
  for (const stored of ["", "plain", "scrypt$16384$8$1$$", "scrypt$16384$8$1$c2FsdA$"]) {
    assert.equal(await verifyPassword("", stored), false, stored);
  }
});

Deno.test("a flood of sign-ins is refused instead of queued without end", async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 80 }, () => verifyPassword("x", "scrypt$1024$1$1$c2FsdA$aGFzaA")),
  );
  const refused = results.filter((result) => result.status === "rejected");
  assert.equal(refused.length, 80 - 2 - 64);
  assert.ok(refused.every((result) => result.reason instanceof BusyError));
});

Deno.test("claim codes are read aloud without mistakes", () => {
  for (let i = 0; i < 200; i++) {
    const code = newClaimCode();
    assert.match(code, /^[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}$/);
    assert.ok(sameClaimCode(` ${code.toLowerCase().replace("-", "")} `, code));
    assert.ok(!sameClaimCode(newClaimCode(), code));
  }
  assert.ok(!sameClaimCode("", "ABCD-EFGH"));
});

Deno.test("ids are of the protocol's form, tokens are long, secrets compare whole", () => {
  assert.ok(Id.safeParse(newId("s")).success);
  assert.equal(newToken().length, 43);
  assert.ok(sameSecret("a", "a"));
  assert.ok(!sameSecret("a", "ab"));
});

Deno.test("attempts are limited by address, account and in total", async () => {
  const store = new SqliteStore(":memory:");
  const level = logSettings.level;
  logSettings.level = "error";
  try {
    const tries = async (address: string, account: string, times: number) => {
      let allowed = 0;
      for (let i = 0; i < times; i++) {
        try {
          await attempt(store, "login", address, account);
          allowed++;
        } catch (error) {
          assert.ok(error instanceof HttpError && error.error === "rate-limited");
          assert.ok(Number(error.headers["retry-after"]) >= 1);
        }
      }
      return allowed;
    };
    assert.equal(await tries("10.0.0.1", "ada", 15), limits.login.perAddress);
    // Another address of the same IPv6 subscriber is the same one.
    assert.equal(await tries("2001:db8:1:2::1", "bob", 6), 6);
    assert.equal(await tries("2001:db8:1:2:ffff::9", "bob", 6), 4);
    // Many addresses on one account.
    let onAccount = 0;
    for (let i = 0; i < 30; i++) onAccount += await tries(`10.1.0.${i}`, "eve", 1);
    assert.equal(onAccount, limits.login.perAccount);
    const counted = await attempt(store, "login", "10.2.0.1", "kim");
    await counted.succeeded();
    assert.equal(await tries("10.2.0.1", "kim", 12), limits.login.perAddress);
    // Everybody together.
    let total = 0;
    for (let i = 0; i < 200; i++) total += await tries(`10.3.0.${i}`, `user${i}`, 1);
    assert.ok(total > 0 && total < limits.login.total);
  } finally {
    logSettings.level = level;
    await store.close();
  }
});
