import assert from "node:assert/strict";
import { wildXauthority } from "./xauthority.ts";

function entry(family: number, ...fields: string[]): number[] {
  const bytes = [family >> 8, family & 255];
  for (const field of fields) bytes.push(0, field.length, ...new TextEncoder().encode(field));
  return bytes;
}

Deno.test("every entry holds for any host afterwards", () => {
  const file = Uint8Array.from([
    ...entry(256, "livingroom", "5", "MIT-MAGIC-COOKIE-1", "0123456789abcdef"),
    ...entry(0, "abcd", "6", "MIT-MAGIC-COOKIE-1", "fedcba9876543210"),
  ]);
  const expected = Uint8Array.from([
    ...entry(0xffff, "livingroom", "5", "MIT-MAGIC-COOKIE-1", "0123456789abcdef"),
    ...entry(0xffff, "abcd", "6", "MIT-MAGIC-COOKIE-1", "fedcba9876543210"),
  ]);
  assert.deepEqual(wildXauthority(file), expected);
  assert.deepEqual(wildXauthority(new Uint8Array()), new Uint8Array());
});

Deno.test("a file cut anywhere is refused", () => {
  const file = Uint8Array.from(entry(256, "host", "5", "MIT-MAGIC-COOKIE-1", "0123456789abcdef"));
  for (let length = 1; length < file.length; length++) {
    assert.throws(() => wildXauthority(file.subarray(0, length)), /cut short/, `${length} bytes`);
  }
});
