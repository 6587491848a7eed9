import assert from "node:assert/strict";
import { FrameReader, FrameRing, FrameWriter } from "./frame_ring.ts";

const meta = { width: 4, height: 2, inputMs: 1, commitMs: 2, capturedMs: 3 };

Deno.test("a reader gets the newest picture and each picture once", () => {
  const ring = FrameRing.allocate(16, 16);
  const writer = new FrameWriter(ring);
  const reader = new FrameReader(new FrameRing(ring.buffer));
  assert.equal(reader.take(), undefined);
  for (const value of [10, 20, 30]) {
    writer.planes(4, 2).y.fill(value);
    writer.publish(meta);
  }
  writer.planes(4, 2).y.fill(30);
  writer.publish({ ...meta, urgent: true });
  const frame = reader.take()!;
  assert.equal(frame.urgent, true);
  assert.deepEqual([frame.y[0], frame.sequence, frame.commitMs], [30, 4, 2]);
  assert.equal(reader.take(), undefined);
  assert.equal(reader.current().y[7], 30);
});

Deno.test("the picture a reader holds is never written to", () => {
  const ring = FrameRing.allocate(16, 16);
  const writer = new FrameWriter(ring);
  const reader = new FrameReader(ring);
  writer.planes(4, 2).y.fill(1);
  writer.publish(meta);
  const held = reader.take()!;
  for (let value = 2; value < 50; value++) {
    writer.planes(4, 2).y.fill(value);
    writer.publish(meta);
    assert.equal(held.y[0], 1);
  }
  assert.equal(reader.take()!.y[0], 49);
});

Deno.test("a size that is odd or does not fit is refused", () => {
  const writer = new FrameWriter(FrameRing.allocate(64, 64));
  assert.throws(() => writer.planes(3, 2), RangeError);
  assert.throws(() => writer.planes(1280, 720), RangeError);
});

Deno.test("wait resolves when a picture is published and gives up after its time", async () => {
  const ring = FrameRing.allocate(16, 16);
  const writer = new FrameWriter(ring);
  const reader = new FrameReader(ring);
  // A pending Atomics.waitAsync does not keep Deno's event loop alive; a Worker with listeners is.
  const alive = setInterval(() => {}, 1000);
  assert.equal(await reader.wait(5), false);
  const waiting = reader.wait(5000);
  writer.planes(4, 2);
  writer.publish(meta);
  assert.equal(await waiting, true);
  clearInterval(alive);
});
