import assert from "node:assert/strict";
import { mean, quantile, seeded, simulatePath } from "../../../tests/transport/simulated_path.ts";
import type { PacketArrival } from "../rtp/rtcp.ts";
import { BandwidthEstimator, MIN_BITRATE } from "./estimator.ts";

const M = 1e6;
const SEEDS = [1, 2, 3, 4, 5];

Deno.test("a steady path is used well, with a short queue and without swinging", () => {
  for (const seed of SEEDS) {
    for (const capacity of [2 * M, 5 * M, 20 * M]) {
      const samples = simulatePath({ seed, capacity: () => capacity }, 20000);
      assert.ok(mean(samples, (s) => s.arrived, 4000) > 0.85 * capacity);
      assert.ok(quantile(samples, (s) => s.queueMs, 0.95, 4000) < 80);
      assert.ok(quantile(samples, (s) => s.queueMs, 0.5, 4000) < 25);
      assert.ok(quantile(samples, (s) => s.estimate, 0.05, 4000) > 0.65 * capacity);
      assert.ok(quantile(samples, (s) => s.estimate, 0.95, 4000) < 1.25 * capacity);
    }
  }
});

Deno.test("a fast path is found within three seconds", () => {
  for (const seed of SEEDS) {
    const samples = simulatePath({ seed, capacity: () => 100 * M, startBitrate: 5 * M }, 6000);
    assert.ok(mean(samples, (s) => s.estimate, 3000) > 45 * M);
  }
});

Deno.test("a step down is followed within a second and its queue drained within two", () => {
  for (const seed of SEEDS) {
    const samples = simulatePath(
      { seed, capacity: (ms) => ms < 8000 ? 20 * M : 5 * M },
      16000,
    );
    assert.ok(mean(samples, (s) => s.estimate, 9000, 9500) < 6 * M);
    assert.ok(mean(samples, (s) => s.queueMs, 10000) < 40);
    assert.ok(mean(samples, (s) => s.arrived, 10500) > 4 * M);
  }
});

Deno.test("a step up is found within five seconds", () => {
  for (const seed of SEEDS) {
    const samples = simulatePath(
      { seed, capacity: (ms) => ms < 8000 ? 5 * M : 25 * M },
      18000,
    );
    assert.ok(mean(samples, (s) => s.arrived, 13000) > 18 * M);
  }
});

Deno.test("random loss up to 20 % does not starve the stream", () => {
  for (const seed of SEEDS) {
    for (const loss of [0.01, 0.02, 0.05, 0.1, 0.2]) {
      const samples = simulatePath({ seed, capacity: () => 20 * M, loss }, 25000);
      assert.ok(mean(samples, (s) => s.estimate, 10000) > 10 * M, `${loss} with seed ${seed}`);
      assert.ok(quantile(samples, (s) => s.queueMs, 0.95, 5000) < 80);
    }
  }
});

Deno.test("random loss does not starve a stream of few packets", () => {
  for (const seed of SEEDS) {
    for (const loss of [0.02, 0.05, 0.1, 0.2]) {
      const samples = simulatePath(
        { seed, capacity: () => 20 * M, loss, sourceBitrate: 1.2 * M },
        30000,
      );
      const arrived = mean(samples, (s) => s.arrived, 8000);
      assert.ok(arrived > 0.85 * (1 - loss) * 1.2 * M, `${loss} with seed ${seed}`);
      assert.ok(quantile(samples, (s) => s.estimate, 0.5, 8000) > 4 * M, `${loss}, seed ${seed}`);
    }
  }
});

Deno.test("random loss on a short queue does not hide congestion", () => {
  for (const seed of SEEDS) {
    for (const loss of [0, 0.02, 0.05]) {
      const samples = simulatePath({ seed, capacity: () => 20 * M, queueMs: 15, loss }, 30000);
      assert.ok(mean(samples, (s) => s.lost, 8000) < loss + 0.05, `${loss} with seed ${seed}`);
      assert.ok(mean(samples, (s) => s.arrived, 8000) > 14 * M, `${loss} with seed ${seed}`);
    }
  }
});

Deno.test("jitter is not taken for congestion", () => {
  for (const seed of SEEDS) {
    const samples = simulatePath({ seed, capacity: () => 20 * M, jitterMs: 20 }, 20000);
    assert.ok(mean(samples, (s) => s.arrived, 5000) > 16 * M);
  }
});

Deno.test("a queue too short to see is found by its losses", () => {
  for (const seed of SEEDS) {
    const samples = simulatePath({ seed, capacity: () => 20 * M, queueMs: 15 }, 30000);
    assert.ok(mean(samples, (s) => s.estimate, 8000) < 25 * M);
    assert.ok(mean(samples, (s) => s.arrived, 8000) > 15 * M);
    assert.ok(mean(samples, (s) => s.lost, 8000) < 0.09);
  }
});

Deno.test("beside a greedy flow the stream keeps a share, and takes the path back after it", () => {
  for (const seed of SEEDS) {
    const samples = simulatePath(
      { seed, capacity: () => 20 * M, competing: [8000, 25000] },
      35000,
    );
    assert.ok(mean(samples, (s) => s.arrived, 12000, 25000) > 3 * M);
    assert.ok(mean(samples, (s) => s.arrived, 30000) > 15 * M);
  }
});

Deno.test("a stream that sends less than it may neither loses its rate nor finds more than there is", () => {
  for (const seed of SEEDS) {
    const samples = simulatePath(
      { seed, capacity: () => 20 * M, sourceBitrate: 3 * M },
      40000,
    );
    assert.ok(quantile(samples, (s) => s.estimate, 0.02, 5000) > 8 * M);
    assert.ok(quantile(samples, (s) => s.estimate, 0.98, 5000) < 22 * M);
    // Probes are rare once they find nothing.
    assert.ok(mean(samples, (s) => s.arrived, 20000) < 3.6 * M);
  }
});

Deno.test("a stream that sends little still follows a path that falls below it", () => {
  for (const seed of SEEDS) {
    const samples = simulatePath(
      { seed, capacity: (ms) => ms < 10000 ? 20 * M : 2 * M, sourceBitrate: 3 * M },
      20000,
    );
    assert.ok(mean(samples, (s) => s.estimate, 12000) < 2.6 * M);
    assert.ok(mean(samples, (s) => s.queueMs, 12000) < 50);
  }
});

Deno.test("without transport-wide feedback the loss rule decides: over 5 % down, under 2 % up", () => {
  const estimator = new BandwidthEstimator({
    startBitrate: 10 * M,
    maxBitrate: 20 * M,
    transportCc: false,
  });
  const after = (loss: number, ms: number) => {
    estimator.reported(loss, ms);
    return estimator.estimate.bitrate;
  };
  assert.equal(after(0.1, 1000), 9.5 * M);
  assert.equal(after(0.03, 2000), 9.5 * M);
  assert.ok(after(0.01, 3000) > 9.5 * M);
  estimator.limited(4 * M);
  assert.equal(estimator.estimate.bitrate, 4 * M);
  for (let i = 0; i < 200; i++) after(0.5, 4000 + i * 1000);
  assert.equal(estimator.estimate.bitrate, MIN_BITRATE);
});

Deno.test("a viewer that falls silent is sent less", () => {
  const estimator = new BandwidthEstimator({
    startBitrate: 10 * M,
    maxBitrate: 20 * M,
    transportCc: true,
  });
  estimator.sent(0, 1200, 0);
  estimator.arrived([{ transportSequence: 0, receivedMs: 5 }], 10);
  for (let ms = 10; ms < 5000; ms += 50) {
    estimator.sent(ms / 10, 1200, ms);
    estimator.tick(ms);
  }
  assert.ok(estimator.estimate.bitrate < 3 * M);
});

Deno.test("feedback that makes no sense does not break the estimate", () => {
  const random = seeded(21);
  const estimator = new BandwidthEstimator({
    startBitrate: 10 * M,
    maxBitrate: 20 * M,
    transportCc: true,
  });
  for (let i = 0; i < 5000; i++) {
    if (random() < 0.7) estimator.sent(i & 0xffff, 1200, i);
    const arrivals: PacketArrival[] = Array.from({ length: random() * 30 | 0 }, () => ({
      transportSequence: random() * 65536 | 0,
      receivedMs: random() < 0.2 ? undefined : random() * 2 ** 30,
    }));
    estimator.arrived(arrivals, i);
    estimator.tick(i);
    if (estimator.probe(i) > 0) estimator.probed(1 + random() * 20 | 0);
    const { bitrate, loss, queueMs } = estimator.estimate;
    assert.ok(bitrate >= MIN_BITRATE && bitrate <= 20 * M);
    assert.ok(loss >= 0 && loss <= 1 && queueMs >= 0);
  }
});

Deno.test("a pause of the path does not take the rate of a stream that needs little of it", () => {
  const estimator = new BandwidthEstimator({
    startBitrate: 10 * M,
    maxBitrate: 50 * M,
    transportCc: true,
  });
  // 60 packets a second. What is sent in the pause arrives at its end, and the first report after it
  // comes when a part of that has been read.
  const pause = { from: 3000, to: 3300, readFirst: 3130 };
  let next = 0;
  let reported = 0;
  for (let ms = 0; ms < 5000; ms++) {
    if (ms % 16 === 0) estimator.sent(next++ & 0xffff, 1200, ms);
    if (ms % 50 !== 0 || (ms > pause.from && ms < pause.to)) continue;
    const arrivals: PacketArrival[] = [];
    for (; reported < next && reported * 16 <= ms - 10; reported++) {
      const sentMs = reported * 16;
      if (ms === pause.to && sentMs > pause.readFirst) break;
      const held = sentMs >= pause.from && sentMs < pause.to;
      arrivals.push({
        transportSequence: reported & 0xffff,
        receivedMs: 70_000 + (held ? pause.to : sentMs) + 10,
      });
    }
    if (arrivals.length > 0) estimator.arrived(arrivals, ms);
    estimator.tick(ms);
  }
  assert.ok(estimator.estimate.bitrate > 4 * M, `${estimator.estimate.bitrate}`);
});
