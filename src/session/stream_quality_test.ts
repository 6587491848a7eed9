import assert from "node:assert/strict";
import type { VideoSettings } from "../media/stages.ts";
import { StreamQuality } from "./stream_quality.ts";

const mode = { width: 1920, height: 1080, fps: 60 };

function make(path?: number) {
  const configured: VideoSettings[] = [];
  const said: string[] = [];
  const quality = new StreamQuality({ mode, maxBitrateMbps: 50, maxMode: undefined }, {
    path: () => path,
    configure: (settings) => configured.push(settings),
    reduced: (text) => said.push(text),
  });
  return { quality, configured, said };
}

Deno.test("the encoder hears of settings only when they change", () => {
  const { quality, configured } = make(20e6);
  quality.everySecond();
  assert.equal(configured.length, 1);
  for (let second = 0; second < 5; second++) quality.everySecond();
  assert.equal(configured.length, 1);
  quality.wantBitrate(3e6);
  quality.decide();
  assert.equal(configured.at(-1)!.bitrate, 3e6);
  assert.equal(configured.length, 2);
});

Deno.test("choosing a quality many times within a second does not count as seconds", () => {
  const { quality, said } = make(1e6);
  for (let times = 0; times < 20; times++) quality.decide();
  assert.deepEqual(quality.settings.mode, mode);
  quality.everySecond();
  quality.everySecond();
  assert.ok(quality.settings.mode.width < 1920);
  assert.deepEqual(said, [
    "The connection is slow: the picture is made smaller to keep it fluent.",
  ]);
});

Deno.test("what is wanted is cut to what the house allows", () => {
  const quality = new StreamQuality({
    mode,
    maxBitrateMbps: 50,
    maxMode: { width: 1280, height: 720, fps: 30 },
  }, { path: () => undefined, configure: () => {}, reduced: () => {} });
  assert.ok(quality.want({ width: 1920, height: 1080, fps: 60 }));
  assert.deepEqual(quality.wanted, { width: 1280, height: 720, fps: 30 });
  assert.equal(quality.want({ width: 1280, height: 720, fps: 60 }), false);
});
