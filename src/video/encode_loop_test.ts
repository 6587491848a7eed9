import assert from "node:assert/strict";
import { FakeEncoderProvider } from "../../tests/video/fake_encoder.ts";
import { PictureSource } from "../../tests/video/pictures.ts";
import { monotonicMs } from "../media/clock.ts";
import type { EncodedFrame } from "../media/encoded.ts";
import type { VideoLoad, VideoSettings } from "../media/stages.ts";
import { EncodeLoop } from "./encode_loop.ts";

const SETTINGS: VideoSettings = { mode: { width: 320, height: 240, fps: 60 }, bitrate: 1e6 };

/** A loop over a double of the encoder, with what it gave so far. */
class Rig {
  readonly source = new PictureSource(640, 480);
  readonly provider = new FakeEncoderProvider();
  readonly frames: EncodedFrame[] = [];
  readonly loads: VideoLoad[] = [];
  readonly errors: string[] = [];
  readonly loop: EncodeLoop;
  readonly running: Promise<void>;
  #arrived = () => {};

  constructor(settings = SETTINGS) {
    this.loop = new EncodeLoop(this.source.reader, settings, this.provider, {
      frame: (frame) => {
        this.frames.push(frame);
        this.#arrived();
      },
      load: (load) => this.loads.push(load),
      error: (message) => this.errors.push(message),
    });
    this.running = this.loop.run();
  }

  publish(index: number, width = 320, height = 240): void {
    this.source.publish(width, height, "sprite", index, monotonicMs());
  }

  /** Resolves when so many pictures have come since the start. */
  async until(count: number): Promise<void> {
    while (this.frames.length < count) {
      await new Promise<void>((resolve) => this.#arrived = resolve);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.loop.close();
    await this.running;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps the event loop alive while only Atomics.waitAsync is pending, and fails a hang. */
function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, async () => {
    const hang = Promise.withResolvers<never>();
    const timer = setTimeout(() => hang.reject(new Error("no answer within 10 s")), 10_000);
    try {
      await Promise.race([body(), hang.promise]);
    } finally {
      clearTimeout(timer);
    }
  });
}

test("nothing is encoded before the first picture, which is an IDR with its timings", async () => {
  await using rig = new Rig();
  await pause(50);
  assert.equal(rig.frames.length, 0);
  rig.publish(0);
  await rig.until(1);
  const [{ keyFrame, timings, sequence, rtpTimestamp, width, height }] = rig.frames;
  assert.deepEqual([keyFrame, sequence, width, height], [true, 0, 320, 240]);
  assert.ok(timings.commitMs > 0 && timings.capturedMs <= timings.encodeStartMs);
  assert.ok(timings.encodeStartMs <= timings.encodedMs);
  assert.equal(rtpTimestamp, Math.round(timings.capturedMs * 90) % 2 ** 32);
});

test("a fast source is held to the mode's rate and the newest picture is encoded last", async () => {
  await using rig = new Rig({ ...SETTINGS, mode: { ...SETTINGS.mode, fps: 20 } });
  const start = monotonicMs();
  for (let index = 0; index < 60; index++) {
    rig.publish(index);
    await pause(5);
  }
  const seconds = (monotonicMs() - start) / 1000;
  assert.ok(rig.frames.length <= seconds * 20 + 2, `${rig.frames.length} in ${seconds} s`);
  assert.ok(rig.frames.length >= 4);
  await pause(120);
  const newest = rig.source.reader.current();
  assert.ok(rig.frames.some(({ timings }) => timings.capturedMs === newest.capturedMs));
});

test("what a player waits for is encoded at once, besides the regular pictures", async () => {
  await using rig = new Rig({ ...SETTINGS, mode: { ...SETTINGS.mode, fps: 1 } });
  for (let index = 0; index < 3; index++) {
    rig.publish(index);
    await pause(20);
  }
  assert.equal(rig.frames.length, 2);
  for (let count = 3; count <= 6; count++) {
    rig.source.publish(320, 240, "sprite", count, monotonicMs(), true);
    await rig.until(count);
  }
});

test("a still picture is refreshed a few times and carries no commit time then", async () => {
  await using rig = new Rig();
  rig.publish(0);
  await rig.until(4);
  await pause(1500);
  const [, ...again] = rig.frames;
  assert.ok(again.length >= 5 && again.length <= 9, `${again.length}`);
  assert.ok(again.every(({ timings, keyFrame }) => timings.commitMs === 0 && !keyFrame));
  for (let at = 1; at < rig.frames.length; at++) {
    assert.ok(rig.frames[at].rtpTimestamp > rig.frames[at - 1].rtpTimestamp);
    assert.equal(rig.frames[at].sequence, at);
  }
});

test("a bitrate that is set again and again does not refresh a still picture more often", async () => {
  await using rig = new Rig();
  rig.publish(0);
  for (let step = 0; step < 10; step++) {
    await pause(150);
    rig.loop.configure({ ...SETTINGS, bitrate: SETTINGS.bitrate + step });
  }
  assert.ok(rig.frames.length <= 10, `${rig.frames.length}`);
});

test("a wanted IDR is the next new picture, or the last one again, and only one", async () => {
  await using rig = new Rig();
  rig.publish(0);
  await rig.until(1);
  await pause(40);
  rig.loop.requestIdr();
  rig.loop.requestIdr();
  rig.publish(1);
  await rig.until(2);
  assert.deepEqual([rig.frames[1].keyFrame, rig.frames[1].timings.commitMs > 0], [true, true]);
  await rig.until(7);
  assert.equal(rig.frames.filter(({ keyFrame }) => keyFrame).length, 2);
  const before = rig.frames.length;
  const asked = monotonicMs();
  rig.loop.requestIdr();
  await rig.until(before + 1);
  assert.equal(rig.frames[before].keyFrame, true);
  assert.ok(rig.frames[before].timings.encodeStartMs - asked < 100);
});

test("while paused nothing is encoded; after it the newest picture comes at once as an IDR", async () => {
  await using rig = new Rig();
  rig.publish(0);
  await rig.until(1);
  rig.loop.pause(true);
  await pause(20);
  const count = rig.frames.length;
  for (let index = 1; index < 20; index++) {
    rig.publish(index);
    await pause(10);
  }
  assert.equal(rig.frames.length, count);
  const newest = monotonicMs();
  rig.publish(20);
  rig.loop.pause(false);
  await rig.until(count + 1);
  assert.equal(rig.frames[count].keyFrame, true);
  assert.ok(rig.frames[count].timings.capturedMs >= newest);
  rig.loop.pause(true);
  await pause(150);
  const still = rig.frames.length;
  rig.loop.pause(false);
  await rig.until(still + 1);
  assert.equal(rig.frames[still].keyFrame, true);
});

test("a new size opens a new encoder, a new rate does not", async () => {
  await using rig = new Rig();
  rig.publish(0);
  await rig.until(1);
  rig.loop.configure({ ...SETTINGS, bitrate: 2e6 });
  rig.loop.configure({ mode: { width: 640, height: 480, fps: 60 }, bitrate: 3e6 });
  await pause(40);
  rig.publish(1, 640, 480);
  await rig.until(2);
  const frame = rig.frames.find(({ width }) => width === 640)!;
  assert.deepEqual([frame.height, frame.keyFrame], [480, true]);
  assert.deepEqual(rig.provider.calls, [
    "open 320×240 effort 0",
    "rate 2000000 fps 60",
    "rate 3000000 fps 60",
    "open 640×480 effort 0",
  ]);
  assert.equal(rig.provider.opened, 1);
});

test("a picture of another size is scaled to the mode, a still one too after a change", async () => {
  await using rig = new Rig();
  rig.publish(0, 640, 480);
  await rig.until(1);
  assert.deepEqual([rig.frames[0].width, rig.frames[0].height], [320, 240]);
  rig.loop.configure({ mode: { width: 480, height: 360, fps: 60 }, bitrate: 1e6 });
  await rig.until(2);
  assert.deepEqual([rig.frames[1].width, rig.frames[1].keyFrame], [480, true]);
});

test("an encoder that fails is opened again and goes on with an IDR", async () => {
  await using rig = new Rig();
  rig.publish(0);
  await rig.until(1);
  rig.provider.failures = 2;
  rig.publish(1);
  await rig.until(2);
  assert.equal(rig.frames[1].keyFrame, true);
  assert.deepEqual(rig.errors, []);
  assert.equal(rig.provider.opened, 1);
});

test("an encoder that keeps failing ends the loop with the reason and leaves nothing open", async () => {
  const rig = new Rig();
  rig.provider.failures = 100;
  rig.publish(0);
  await rig.running;
  assert.deepEqual(rig.errors, ["The video encoder failed: the double was told to fail"]);
  assert.equal(rig.provider.opened, 0);
});

test("an overloaded encoder falls to a faster way, reports its load and still hears commands", async () => {
  await using rig = new Rig({ ...SETTINGS, mode: { ...SETTINGS.mode, fps: 100 } });
  rig.provider.encodeMs = 15;
  for (let index = 0; rig.loads.length < 3; index++) {
    rig.publish(index);
    await pause(1);
  }
  assert.ok(rig.loads[1].load > 1, JSON.stringify(rig.loads));
  assert.ok(rig.provider.calls.includes("open 320×240 effort 1"), `${rig.provider.calls}`);
});
