import assert from "node:assert/strict";
import { FrameLimiter } from "./frame_limiter.ts";
import { LoadMeter } from "./load_meter.ts";
import { RefreshSchedule } from "./refresh_schedule.ts";

/** Feeds a source of `sourceFps` for ten seconds; returns when each picture passed and its delay. */
function feed(sourceFps: number, fps: number): { passed: number[]; delays: number[] } {
  const limiter = new FrameLimiter(fps);
  const passed: number[] = [];
  const delays: number[] = [];
  const pass = (now: number, arrived: number) => {
    limiter.pass(now);
    passed.push(now);
    delays.push(now - arrived);
  };
  let waiting: number | undefined;
  for (let index = 0; index < sourceFps * 10; index++) {
    const arrives = 1000 + index * 1000 / sourceFps;
    if (waiting !== undefined && limiter.due <= arrives) pass(limiter.due, waiting);
    waiting = undefined;
    if (limiter.allows(arrives)) pass(arrives, arrives);
    else waiting = arrives;
  }
  return { passed, delays };
}

Deno.test("a source at or below the rate passes undelayed", () => {
  for (const sourceFps of [24, 59.9, 60]) {
    const { passed, delays } = feed(sourceFps, 60);
    assert.equal(Math.max(...delays), 0);
    assert.equal(passed.length, Math.ceil(sourceFps * 10));
  }
});

Deno.test("a source a little too fast loses a picture now and then and none is delayed", () => {
  const { passed, delays } = feed(61, 60);
  assert.equal(Math.max(...delays), 0);
  assert.ok(passed.length >= 590 && passed.length <= 601, `${passed.length}`);
});

Deno.test("no source passes more pictures in a second than the rate and one interval's credit", () => {
  for (const sourceFps of [75, 120, 144, 1000]) {
    const { passed } = feed(sourceFps, 60);
    for (let first = 0; first + 61 < passed.length; first++) {
      assert.ok(passed[first + 61] - passed[first] >= 1000 - 1e-6);
    }
  }
});

Deno.test("an early picture passes at its own time when none replaces it", () => {
  const limiter = new FrameLimiter(50);
  limiter.pass(1000);
  assert.ok(limiter.allows(1001));
  limiter.pass(1001);
  assert.ok(!limiter.allows(1002));
  assert.equal(limiter.due, 1040);
  assert.ok(limiter.allows(limiter.due));
});

Deno.test("a still picture is refreshed a few times soon and then seldom", () => {
  const schedule = new RefreshSchedule();
  schedule.moved(5000);
  const times: number[] = [];
  for (let i = 0; i < 10; i++) {
    times.push(schedule.next - 5000);
    schedule.refreshed(schedule.next);
  }
  assert.deepEqual(times, [100, 150, 200, 250, 350, 550, 950, 1950, 3950, 5950]);
  schedule.moved(20_000);
  assert.equal(schedule.next, 20_100);
});

Deno.test("the load is the median encode time's share of the frame interval", () => {
  const meter = new LoadMeter(0);
  for (const time of [5, 100, 10, 8, 9]) meter.add(time);
  assert.equal(meter.next, 1000);
  assert.deepEqual(meter.report(1000, 50), { fps: 5, encodeMs: 9, load: 0.45 });
  assert.deepEqual(meter.report(2000, 50), { fps: 0, encodeMs: 0, load: 0 });
});
