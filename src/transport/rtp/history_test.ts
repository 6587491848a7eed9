import assert from "node:assert/strict";
import { SentHistory } from "./history.ts";

const packet = (extendedSequence: number) => ({
  payloadType: 102,
  marker: false,
  extendedSequence,
  timestamp: 0,
  ssrc: 1,
  transportSequence: 0,
  video: true,
  payload: Uint8Array.of(extendedSequence & 255),
});

Deno.test("packets of the last second are found by their 16-bit number across a wrap", () => {
  const history = new SentHistory();
  for (let i = 65000; i < 66200; i++) history.add(packet(i), (i - 65000) * 0.8);
  assert.equal(history.take(65001 & 0xffff, 960, 10)?.extendedSequence, 65001);
  assert.equal(history.take(66199 & 0xffff, 960, 10)?.extendedSequence, 66199);
  assert.equal(history.take(66200 & 0xffff, 960, 10), undefined);
  assert.equal(history.take(64999, 960, 10), undefined);
});

Deno.test("a packet is not repeated again within the gap", () => {
  const history = new SentHistory();
  history.add(packet(5), 0);
  assert.ok(history.take(5, 10, 20));
  assert.equal(history.take(5, 25, 20), undefined);
  assert.ok(history.take(5, 31, 20));
});

Deno.test("old packets are let go, however few or many there are", () => {
  const history = new SentHistory();
  history.add(packet(1), 0);
  assert.equal(history.take(1, 2500, 0), undefined);
  assert.equal(history.size, 0);
  for (let i = 2; i < 60000; i++) history.add(packet(i), 3000);
  assert.ok(history.size <= 16384);
  assert.equal(history.take(100, 3000, 0), undefined);
  assert.ok(history.take(59999, 3000, 0));
});
