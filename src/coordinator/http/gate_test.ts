import assert from "node:assert/strict";
import { HostCheck, splitHost, withoutBrackets } from "./addresses.ts";
import { assetPath } from "./assets.ts";
import { HttpError } from "./errors.ts";
import { admit, mayServePlain, requireOwnOrigin } from "./gate.ts";

const hosts = new HostCheck(["games.example"]);

function visit(host: string, peer: string, tls = false, headers: Record<string, string> = {}) {
  const request = new Request("http://x/", { headers: { host, ...headers } });
  return admit(request, { peer, tls }, hosts);
}

Deno.test("plain HTTP serves this machine's own browser only", () => {
  const served = (host: string, peer: string, tls = false, headers = {}) =>
    mayServePlain(visit(host, peer, tls, headers), hosts);
  assert.equal(served("localhost:8080", "127.0.0.1"), true);
  assert.equal(served("[::1]:8080", "::1"), true);
  assert.equal(served("gamelan.local:8080", "127.0.0.1"), false);
  assert.equal(served("localhost:8080", "192.168.1.7"), false);
  assert.equal(served("gamelan.local:8443", "192.168.1.7", true), true);
  assert.equal(served("games.example", "127.0.0.1"), true);
  assert.equal(served("games.example", "192.168.1.7"), false);
});

Deno.test("a proxy's word for HTTPS counts from this machine and for configured names only", () => {
  const told = { "x-forwarded-proto": "https" };
  assert.equal(visit("games.example", "127.0.0.1", false, told).https, true);
  assert.equal(visit("games.example", "192.168.1.7", false, told).https, false);
  assert.equal(visit("gamelan.local", "127.0.0.1", false, told).https, false);
  assert.equal(visit("localhost", "127.0.0.1").secure, true);
  assert.equal(visit("localhost", "127.0.0.1").https, false);
});

Deno.test("hosts are ours by name, address or configuration", () => {
  const refused = (host: string) => {
    try {
      visit(host, "127.0.0.1");
      return false;
    } catch (error) {
      assert.ok(error instanceof HttpError);
      return true;
    }
  };
  for (const host of ["gamelan.local", "gamelan-2.local:1", "localhost.", "127.1.2.3", "[::1]"]) {
    assert.equal(refused(host), false, host);
  }
  for (
    const host of [
      "",
      "evil.local",
      "gamelan-x.local",
      "xgamelan.local",
      "8.8.8.8",
      "[2001:db8::1]",
      "[::1",
      "a:b:c",
      "localhost:x",
      "local host",
    ]
  ) assert.equal(refused(host), true, host);
});

Deno.test("the Origin must be the host of the request, in either scheme's own writing", () => {
  const check = (host: string, origin?: string, tls = false) => {
    const headers: Record<string, string> = origin === undefined ? { host } : { host, origin };
    const request = new Request("http://x/", { headers });
    try {
      requireOwnOrigin(request, admit(request, { peer: "127.0.0.1", tls }, hosts));
      return true;
    } catch {
      return false;
    }
  };
  assert.equal(check("localhost:8080", "http://localhost:8080"), true);
  assert.equal(check("games.example:443", "https://games.example"), true);
  assert.equal(check("GAMES.example", "https://games.example"), true);
  assert.equal(check("[::1]:8080", "http://[::1]:8080"), true);
  assert.equal(check("gamelan.local", "https://gamelan.local", true), true);
  // A page that somebody in the network put under our name.
  assert.equal(check("gamelan.local", "http://gamelan.local", true), false);
  assert.equal(check("localhost:8080"), false);
  assert.equal(check("localhost:8080", "http://localhost:8081"), false);
  assert.equal(check("localhost:8080", "ftp://localhost:8080"), false);
});

Deno.test("random Host headers are refused or split, and nothing else", () => {
  let seed = 5;
  const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const bits = [
    "localhost",
    ":",
    "[",
    "]",
    "127.0.0.1",
    "::1",
    "@",
    "/",
    ".",
    "%",
    "8080",
    "é",
    "#",
  ];
  for (let i = 0; i < 5000; i++) {
    const host = Array.from({ length: 1 + random() * 5 }, () => bits[random() * bits.length | 0])
      .join("");
    const split = splitHost(host);
    if (split) assert.doesNotMatch(split.name, /[@/#é]/, host);
  }
});

Deno.test("addresses are compared without their wrapping", () => {
  assert.equal(withoutBrackets("::ffff:192.168.1.7"), "192.168.1.7");
  assert.equal(withoutBrackets("[fe80::1%eth0]"), "fe80::1");
});

Deno.test("asset paths are plain", () => {
  assert.equal(assetPath("/a%20b.js"), "/a b.js");
  for (const path of ["/%2e%2e/x", "/a/../b", "/%", "/%00", "/a%5cb"]) {
    assert.throws(() => assetPath(path), HttpError, path);
  }
});
