import assert from "node:assert/strict";
import { ByteRing } from "./byte_ring.ts";

Deno.test("records come out whole and in order across the wrap", () => {
  const ring = ByteRing.allocate(64);
  const reader = new ByteRing(ring.buffer);
  for (let i = 0; i < 200; i++) {
    const record = Uint8Array.from({ length: i % 23 }, (_, k) => i + k);
    assert.equal(ring.push(record), true);
    assert.deepEqual(reader.shift(), record);
  }
  assert.equal(reader.shift(), undefined);
});

Deno.test("a full ring refuses a record and keeps what it has", () => {
  const ring = ByteRing.allocate(64);
  assert.equal(ring.push(new Uint8Array(40).fill(7)), true);
  assert.equal(ring.push(new Uint8Array(40)), false);
  assert.deepEqual(ring.shift(), new Uint8Array(40).fill(7));
  assert.equal(ring.push(new Uint8Array(60)), true);
  assert.equal(ring.push(new Uint8Array(0)), false);
});
