import assert from "node:assert/strict";
import { FramePacer } from "./pacer.ts";

const frame = (bytes: number, keyFrame = false) => ({
  payloads: Array.from(
    { length: Math.ceil(bytes / 1188) },
    (_, i) => new Uint8Array(Math.min(1188, bytes - 1188 * i)),
  ),
  bytes,
  keyFrame,
});

/** Sends everything in steps of 1 ms; returns when the last packet left and the most in one step. */
function drain(pacer: FramePacer<ReturnType<typeof frame>>, fromMs: number) {
  let most = 0;
  let ms = fromMs;
  for (; pacer.queuedBytes > 0 && ms < fromMs + 5000; ms++) {
    let step = 0;
    for (const { frame, from, to } of pacer.take(ms)) {
      for (let i = from; i < to; i++) step += frame.payloads[i].length;
    }
    most = Math.max(most, step);
  }
  return { tookMs: ms - 1 - fromMs, most };
}

Deno.test("a small frame leaves at once", () => {
  const pacer = new FramePacer<ReturnType<typeof frame>>(10e6);
  pacer.push(frame(18000));
  assert.equal(drain(pacer, 100).tookMs, 0);
});

Deno.test("an average frame leaves within a third of its interval, and not in one burst", () => {
  const pacer = new FramePacer<ReturnType<typeof frame>>(40e6);
  pacer.take(0);
  const bytes = Math.round(40e6 / 8 / 60);
  pacer.push(frame(bytes));
  const { tookMs, most } = drain(pacer, 1000);
  assert.ok(tookMs <= 16.7 / 3, `took ${tookMs} ms`);
  assert.ok(most < bytes / 2);
});

Deno.test("a source that ignores its rate is held to it, and what is too late is given up", () => {
  const pacer = new FramePacer<ReturnType<typeof frame>>(3e6);
  let bytes = 0;
  for (let ms = 0; ms < 4000; ms++) {
    if (ms % 16 === 0) pacer.push(frame(12500));
    for (const { frame, from, to } of pacer.take(ms)) {
      for (let i = from; i < to && ms >= 1000; i++) bytes += frame.payloads[i].length;
    }
  }
  assert.ok(bytes * 8 / 3 < 1.25 * 3e6, `${bytes * 8 / 3} bit/s`);
  assert.ok(bytes * 8 / 3 > 1.1 * 3e6);
});

Deno.test("packets leave in order, each once", () => {
  const pacer = new FramePacer<ReturnType<typeof frame>>(8e6);
  const frames = [frame(50000), frame(3000), frame(40000)];
  for (const one of frames) pacer.push(one);
  const seen: [number, number][] = [];
  for (let ms = 0; ms < 500; ms++) {
    for (const batch of pacer.take(ms)) {
      for (let i = batch.from; i < batch.to; i++) seen.push([frames.indexOf(batch.frame), i]);
    }
  }
  assert.deepEqual(seen, frames.flatMap((one, f) => one.payloads.map((_, i) => [f, i])));
});

Deno.test("a path that is too far behind loses whole frames until a key frame comes", () => {
  const pacer = new FramePacer<ReturnType<typeof frame>>(1e6);
  const pushed = Array.from({ length: 10 }, () => frame(30000));
  const dropped = pushed.flatMap((one) => pacer.push(one));
  assert.ok(dropped.length >= 5 && dropped.every((one) => pushed.includes(one)));
  pacer.take(0);
  const key = frame(8000, true);
  const replaced = pacer.push(key);
  assert.ok(replaced.length > 0 && !replaced.includes(key));
  const left: unknown[] = [];
  for (let ms = 0; ms < 1000; ms++) left.push(...pacer.take(ms).map(({ frame }) => frame));
  assert.equal(left[left.length - 1], key);
});

Deno.test("waitMs says when there is something to take", () => {
  const pacer = new FramePacer<ReturnType<typeof frame>>(2e6);
  assert.equal(pacer.waitMs(0), undefined);
  pacer.push(frame(60000));
  pacer.take(0);
  const wait = pacer.waitMs(0)!;
  assert.ok(wait > 0 && wait < 10);
  assert.ok(pacer.take(wait + 0.01).length > 0);
});
