import assert from "node:assert/strict";
import type { EncodedAudio } from "../media/encoded.ts";
import { Packetizer } from "./packetizer.ts";

const bitrates = { bitrate: 128000, surroundBitrate: 256000, expectedLossPercent: 0 };

/** Pieces of `ms` of 5.1 sound, pushed at the times given. */
function packetsOf(packetMs: 5 | 10 | 20, pieces: { ms: number; nowMs: number; loud?: boolean }[]) {
  const packets: EncodedAudio[] = [];
  const settings = { ...bitrates, packetMs };
  const packetizer = new Packetizer(settings, (packet) => packets.push(packet));
  for (const { ms, nowMs, loud = true } of pieces) {
    packetizer.push(new Int16Array(48 * ms * 6).fill(loud ? 3000 : 0), nowMs);
  }
  packetizer.close();
  return packets;
}

/** `count` pieces of 5 ms that arrive every 5 ms, the first at `startMs`. */
const steady = (count: number, startMs: number, loud = true) =>
  Array.from({ length: count }, (_, i) => ({ ms: 5, nowMs: startMs + 5 * i, loud }));

const times = (packets: EncodedAudio[]) => packets.map(({ rtpTimestamp }) => rtpTimestamp / 48);

Deno.test("pieces of any length become packets of one length, stamped with their capture time", () => {
  assert.deepEqual(times(packetsOf(10, steady(6, 1000))), [995, 1005, 1015]);
  assert.deepEqual(times(packetsOf(5, steady(3, 1000))), [995, 1000, 1005]);
  assert.deepEqual(times(packetsOf(20, [{ ms: 50, nowMs: 1000 }])), [950, 970]);
});

Deno.test("timestamps wrap at 2^32", () => {
  const wrapMs = 2 ** 32 / 48;
  const [first, second] = packetsOf(10, steady(4, wrapMs + 5 - 10 + 5));
  assert.ok(first.rtpTimestamp > 2 ** 32 - 500 && second.rtpTimestamp < 480);
});

Deno.test("a stall that is made up for does not move the timestamps", () => {
  const stalled = steady(200, 1000).map((piece, i) =>
    i >= 40 && i < 80 ? { ...piece, nowMs: 1400 } : piece
  );
  assert.deepEqual(times(packetsOf(10, stalled)), times(packetsOf(10, steady(200, 1000))));
});

Deno.test("after a suspended sink the timestamps are the clock's again", () => {
  const packets = packetsOf(10, [...steady(10, 1000), ...steady(10, 9000)]);
  assert.equal(times(packets)[5], 8995);
  // Also after a short gap, once every piece has been late for a while.
  const after = packetsOf(10, [...steady(100, 1000), ...steady(400, 1600)]);
  assert.ok(
    Math.abs(times(after).at(-1)! - (1600 + 5 * 399 - 10)) <= 10,
    String(times(after).at(-1)),
  );
});

Deno.test("timestamps never go back", () => {
  let seed = 3;
  const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
  let clock = 1000;
  const pieces = Array.from({ length: 2000 }, () => {
    clock += random() < 0.01 ? random() * 3000 : 5;
    return { ms: 5, nowMs: clock + random() * 40 };
  });
  const found = times(packetsOf(10, pieces));
  assert.ok(found.every((time, i) => i === 0 || time >= found[i - 1] + 10));
});

Deno.test("long silence is sent as one packet in 400 ms, and sound after it at once", () => {
  const silent = packetsOf(10, steady(600, 1000, false));
  assert.ok(silent.every(({ level }) => level === -127));
  // 400 ms are coded, and of the 2,600 ms after them every fortieth packet.
  assert.equal(silent.length, 40 + 6);
  const woken = packetsOf(10, [...steady(600, 1000, false), ...steady(2, 4000)]);
  assert.equal(times(woken).at(-1), 3995);
});

Deno.test("while nobody listens the clock goes on without packets", () => {
  const clocks: number[] = [];
  const packetizer = new Packetizer(
    { ...bitrates, packetMs: 10 },
    ({ rtpTimestamp }) => clocks.push(rtpTimestamp),
  );
  for (let piece = 1; piece <= 300; piece++) {
    packetizer.paused = piece > 100 && piece <= 200;
    packetizer.push(new Int16Array(480 * 6).fill(3000), piece * 10);
  }
  packetizer.close();
  const expected = Array.from({ length: 200 }, (_, i) => (i < 100 ? i : i + 100) * 480);
  assert.deepEqual(clocks, expected);
});

Deno.test("the level is that of RFC 6464", () => {
  const level = (value: number) => {
    const packets: EncodedAudio[] = [];
    const packetizer = new Packetizer(
      { ...bitrates, packetMs: 10 },
      (packet) => packets.push(packet),
    );
    // Only the fronts sound, so that the downmix leaves them as they are.
    const samples = new Int16Array(480 * 6).map((_, i) => i % 6 === 0 || i % 6 === 2 ? value : 0);
    packetizer.push(samples, 0);
    packetizer.close();
    return packets[0].level;
  };
  assert.deepEqual([level(-32768), level(16384), level(1), level(0)], [0, -6, -90, -127]);
});

Deno.test("5.1 is coded once somebody wants it and the game uses it, and on from there", () => {
  const packets: boolean[] = [];
  const settings = { ...bitrates, packetMs: 10 } as const;
  const packetizer = new Packetizer(
    settings,
    ({ surround }) => packets.push(surround !== undefined),
  );
  let nowMs = 0;
  const push = (channels: number[]) => {
    const samples = new Int16Array(480 * 6).map((_, i) => channels.includes(i % 6) ? 3000 : 0);
    packetizer.push(samples, nowMs += 10);
  };
  const stereo = [0, 2];
  const lowFrequency = [5];
  push(lowFrequency);
  packetizer.surroundWanted = true;
  push(stereo);
  push(lowFrequency);
  push(stereo);
  packetizer.surroundWanted = false;
  push(lowFrequency);
  packetizer.surroundWanted = true;
  push(stereo);
  packetizer.close();
  assert.deepEqual(packets, [false, false, true, true, false, false]);
});
