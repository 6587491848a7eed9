import assert from "node:assert/strict";
import type { RtpPacket } from "./packet.ts";
import { Repeater } from "./repeater.ts";

const ESTIMATE = { bitrate: 8e6, loss: 0, rttMs: 20, queueMs: 0 };

function packet(extendedSequence: number): RtpPacket {
  return {
    payloadType: 102,
    marker: true,
    extendedSequence,
    timestamp: 90,
    ssrc: 1,
    transportSequence: extendedSequence & 0xff,
    video: true,
    payload: Uint8Array.of(7, 8, 9),
  };
}

function withRtx() {
  let number = 500;
  const rtx = { ssrc: 2, payloadType: 103, nextTransportSequence: () => number++ };
  const repeater = new Repeater(rtx);
  for (let i = 0; i < 10; i++) repeater.sent(packet(65530 + i), i);
  return repeater;
}

Deno.test("a repeat names the packet it repeats, in a stream with numbers of its own", () => {
  const repeats = withRtx().answer([65533, 2], ESTIMATE, false, 20);
  assert.deepEqual(repeats.map(({ payload }) => [...payload]), [
    [0xff, 0xfd, 7, 8, 9],
    [0, 2, 7, 8, 9],
  ]);
  const [first, second] = repeats;
  assert.equal(second.extendedSequence, first.extendedSequence + 1);
  assert.deepEqual(repeats.map(({ transportSequence }) => transportSequence), [500, 501]);
  assert.ok(repeats.every(({ ssrc, payloadType }) => ssrc === 2 && payloadType === 103));
});

Deno.test("the same request is answered once a round trip, and what was never sent not at all", () => {
  const repeater = withRtx();
  assert.equal(repeater.answer([65533, 40], ESTIMATE, false, 20).length, 1);
  assert.equal(repeater.answer([65533], ESTIMATE, false, 30).length, 0);
  assert.equal(repeater.answer([65533], ESTIMATE, false, 45).length, 1);
});

Deno.test("twice: the second ones follow under numbers of their own", () => {
  const repeats = withRtx().answer([65531, 65532], ESTIMATE, true, 20);
  assert.deepEqual(repeats.map(({ payload }) => payload[1]), [0xfb, 0xfc, 0xfb, 0xfc]);
  assert.equal(new Set(repeats.map((repeat) => repeat.extendedSequence)).size, 4);
});

Deno.test("without RTX a repeat is the packet itself, and there are no probes", () => {
  const repeater = new Repeater(undefined);
  const original = packet(9);
  repeater.sent(original, 0);
  assert.deepEqual(repeater.answer([9], ESTIMATE, true, 1), [original]);
  assert.deepEqual(repeater.probe(10000), []);
});

Deno.test("repeats take no more than their share of the path", () => {
  const repeater = new Repeater({ ssrc: 2, payloadType: 103, nextTransportSequence: () => 0 });
  let repeated = 0;
  for (let ms = 0; ms < 1000; ms++) {
    const sent = packet(ms);
    sent.payload = new Uint8Array(1000);
    repeater.sent(sent, ms);
    repeated += repeater.answer([ms], { ...ESTIMATE, bitrate: 1e6 }, false, ms).length * 1000;
  }
  // Half of 1 Mbit/s for a second, and what was kept.
  assert.ok(repeated <= 62_500 + 30_000, `${repeated} bytes`);
  assert.ok(repeated > 50_000);
});

Deno.test("a probe has the bytes that were asked for", () => {
  const probe = withRtx().probe(1000);
  const bytes = probe.reduce((sum, { payload }) => sum + payload.length + 40, 0);
  assert.ok(bytes >= 1000 && bytes < 1100);
});
