import assert from "node:assert/strict";
import { cookieFor, FAMILY_LOCAL, formatXauthority, parseXauthority } from "./xauthority.ts";

const entry = (number: string, fill: number) => ({
  family: FAMILY_LOCAL,
  address: new TextEncoder().encode("host"),
  number,
  name: "MIT-MAGIC-COOKIE-1",
  data: new Uint8Array(16).fill(fill),
});

Deno.test("entries survive formatting and parsing, and the display's own cookie is found", () => {
  const file = formatXauthority([entry("", 1), entry("7", 2), entry("70", 3)]);
  const entries = parseXauthority(file);
  assert.equal(entries.length, 3);
  assert.equal(cookieFor(entries, ":7")?.data[0], 2);
  assert.equal(cookieFor(entries, "host:70.0")?.data[0], 3);
  assert.equal(cookieFor(entries, ":9")?.data[0], 1);
  assert.equal(cookieFor(entries.slice(1), ":9"), undefined);
});

Deno.test("cut and random files give entries or none, never an exception", () => {
  const file = formatXauthority([entry("1", 1), entry("2", 2)]);
  for (let length = 0; length <= file.length; length++) {
    assert.ok(parseXauthority(file.subarray(0, length)).length <= 2);
  }
  let seed = 3;
  const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
  for (let i = 0; i < 2000; i++) {
    parseXauthority(Uint8Array.from({ length: random() * 200 }, () => random() * 256));
  }
});
