import assert from "node:assert/strict";
import type { FrameRecord } from "../../../src/protocol/control.ts";
import { ClockRelation } from "./clock.ts";
import { FrameMatcher, median, medianStages, stageTimes, totalOf } from "./latency.ts";
import { plotBins } from "./plot_bins.ts";
import { intervalBetween, Statistics } from "./statistics.ts";

/** The session's clock is 5,000 ms ahead; a round trip is 4 ms. */
function clock(): ClockRelation {
  const relation = new ClockRelation();
  relation.add(100, 104, 5102);
  return relation;
}

const record: FrameRecord = [9000, 6000, 6010, 6011, 6012, 6015, 6016, 20000, 0];
const shown = {
  rtpTimestamp: 9000,
  receiveMs: 1018,
  processingMs: 2,
  presentationMs: 1023,
  expectedDisplayMs: 1030,
};

Deno.test("the stages of a frame add up from the hand to the eye", () => {
  const times = stageTimes(record, shown, clock());
  assert.deepEqual(times, {
    input: 2,
    game: 10,
    capture: 2,
    encode: 3,
    network: 3,
    jitterBuffer: 3,
    decode: 2,
    present: 7,
  });
  // The player's hand moved 2 ms before the input arrived at 6000 (1000 here).
  assert.equal(totalOf(times), 1030 - 998);
});

Deno.test("a frame that no input caused has no input and game stage", () => {
  const still = stageTimes([9000, 0, 6010, 6011, 6012, 6015, 6016, 1, 0], shown, clock());
  assert.equal(still.input, undefined);
  const old = stageTimes([9000, 5000, 6010, 6011, 6012, 6015, 6016, 1, 0], shown, clock());
  assert.equal(old.game, undefined);
  assert.equal(old.encode, 3);
});

Deno.test("only the first picture after an input counts as its answer", () => {
  const statistics = new Statistics();
  const metadata = { rtpTimestamp: 1, presentationTime: 1023, expectedDisplayTime: 1030 };
  for (const rtpTimestamp of [1, 2, 3]) {
    statistics.frameShown(0, { ...metadata, rtpTimestamp } as VideoFrameCallbackMetadata);
  }
  statistics.framesSent([
    [1, 6000, 6010, 6011, 6012, 6015, 6016, 1, 0],
    [2, 6000, 6027, 6028, 6029, 6030, 6031, 1, 0],
    [3, 6030, 6044, 6045, 6046, 6047, 6048, 1, 0],
  ]);
  assert.deepEqual(statistics.frames.map(({ stages }) => stages.game), [10, undefined, 14]);
});

Deno.test("what a browser does not tell is left out, and nothing is negative", () => {
  const times = stageTimes(record, {
    rtpTimestamp: 9000,
    presentationMs: 1023,
    expectedDisplayMs: 1022,
  }, new ClockRelation());
  assert.deepEqual(times, { game: 10, capture: 2, encode: 3, present: 0 });
});

Deno.test("the clock relation trusts the shortest round trip and forgets old ones", () => {
  const relation = new ClockRelation();
  assert.equal(relation.toPage(1), undefined);
  relation.add(0, 100, 1000);
  relation.add(200, 202, 1151);
  assert.equal(relation.rttMs, 2);
  assert.equal(relation.toPage(1150), 200);
  relation.add(10, 5, 0);
  assert.equal(relation.rttMs, 2, "time does not run backwards");
  for (let i = 0; i < 12; i++) relation.add(i, i + 8, i + 4);
  assert.equal(relation.rttMs, 8);
});

Deno.test("records and shown frames find each other in either order", () => {
  const matcher = new FrameMatcher();
  assert.equal(matcher.record(record), undefined);
  assert.deepEqual(matcher.shown(shown), { record, shown });
  assert.equal(matcher.shown(shown), undefined);
  assert.deepEqual(matcher.record(record), { record, shown });
  for (let i = 0; i < 2000; i++) matcher.shown({ ...shown, rtpTimestamp: i });
  assert.equal(matcher.record([3, 0, 0, 0, 0, 0, 0, 0, 0]), undefined, "old ones are forgotten");
});

Deno.test("medians of stages leave out what is unknown", () => {
  assert.equal(median([]), undefined);
  assert.equal(median([3, 1, 2]), 2);
  assert.deepEqual(medianStages([{ encode: 1 }, { encode: 3, decode: 2 }, { encode: 2 }]), {
    encode: 2,
    decode: 2,
  });
});

Deno.test("plot bins stack the stages and leave gaps where no frame was", () => {
  const frames = [
    { atMs: 950, stages: { input: 1, game: 2, encode: 4 } },
    { atMs: 990, stages: { input: 3, game: 2, encode: 4 } },
  ];
  const { times, stacked } = plotBins(frames, 1000, { spanMs: 400, binMs: 100 });
  assert.deepEqual(times.map((time) => Math.round(time * 1000)), [-350, -250, -150, -50]);
  assert.deepEqual(stacked.map((row) => row[3]), [3, 5, 5, 9, 9, 9, 9, 9]);
  assert.deepEqual(stacked[0].slice(0, 3), [null, null, null]);
});

Deno.test("an interval counts from one reading to the next, also over a reconnect", () => {
  const zero = {
    atMs: 0,
    framesDecoded: 100,
    framesDropped: 0,
    bytesReceived: 1000,
    packetsReceived: 10,
    packetsLost: 0,
    totalDecodeTime: 1,
    jitterBufferDelay: 2,
    jitterBufferEmittedCount: 100,
    freezeCount: 0,
    jitter: 0.001,
    audioPacketsReceived: 0,
    totalAudioEnergy: 0,
  };
  const after = {
    ...zero,
    atMs: 2000,
    framesDecoded: 220,
    bytesReceived: 1000 + 2_500_000,
    packetsReceived: 106,
    packetsLost: 4,
    totalDecodeTime: 1.24,
    jitterBufferDelay: 2.6,
    jitterBufferEmittedCount: 220,
  };
  const interval = intervalBetween(zero, after, [shown, shown], 4);
  assert.equal(interval.fps, 60);
  assert.equal(interval.shownFps, 1);
  assert.equal(interval.bitrateMbps, 10);
  assert.equal(interval.loss, 0.04);
  assert.ok(Math.abs(interval.decodeMs - 2) < 1e-9);
  assert.ok(Math.abs(interval.jitterBufferMs - 5) < 1e-9);
  assert.equal(interval.presentMs, 7);
  assert.equal(intervalBetween(after, zero, [], undefined).fps, 0);
});
