import assert from "node:assert/strict";
import { seeded } from "../../../tests/transport/simulated_path.ts";
import { readRed, writeRed } from "./red.ts";

Deno.test("a packet carries the one before it, and both come out", () => {
  const previous = { payloadType: 112, timestamp: 2 ** 32 - 240, data: Uint8Array.of(1, 2, 3) };
  const primary = { payloadType: 111, timestamp: 0, data: Uint8Array.of(4, 5) };
  const payload = writeRed(primary, previous);
  assert.deepEqual([...payload], [0x80 | 112, 240 >> 6, (240 & 63) << 2, 3, 111, 1, 2, 3, 4, 5]);
  assert.deepEqual(readRed(payload, 0), [previous, primary]);
});

Deno.test("a block the format cannot say is left out", () => {
  const primary = { payloadType: 111, timestamp: 100000, data: Uint8Array.of(9) };
  for (
    const previous of [
      undefined,
      { payloadType: 111, timestamp: 100000 - 20000, data: Uint8Array.of(1) },
      { payloadType: 111, timestamp: 100000 - 240, data: new Uint8Array(1024) },
    ]
  ) {
    assert.deepEqual(readRed(writeRed(primary, previous), 100000), [primary]);
  }
});

Deno.test("arbitrary bytes are read within their bounds or refused", () => {
  const random = seeded(9);
  for (let round = 0; round < 20000; round++) {
    const payload = Uint8Array.from({ length: random() * 30 | 0 }, () => random() * 256 | 0);
    const blocks = readRed(payload, 0);
    const bytes = blocks?.reduce((sum, { data }) => sum + data.length, 0) ?? 0;
    assert.ok(bytes <= payload.length);
  }
});
