import assert from "node:assert/strict";
import { decode } from "../../tests/video/decode.ts";
import { PictureSource } from "../../tests/video/pictures.ts";
import { monotonicMs } from "../media/clock.ts";
import type { EncodedFrame } from "../media/encoded.ts";
import type { VideoPipeline, VideoSettings } from "../media/stages.ts";
import { startVideo } from "./pipeline.ts";
import { probeVideoEncoders } from "./probe.ts";

const SETTINGS: VideoSettings = { mode: { width: 320, height: 240, fps: 60 }, bitrate: 2e6 };

/** Resolves with the next picture. */
function next(video: VideoPipeline): Promise<EncodedFrame> {
  return new Promise((resolve) => video.onFrame = resolve);
}

Deno.test("pictures of a ring come out of the Worker as H.264 that another decoder reads", async () => {
  const source = new PictureSource(640, 480);
  const video = await startVideo({ ring: source.ring, settings: SETTINGS });
  const frames: EncodedFrame[] = [];
  try {
    for (let index = 0; index < 20; index++) {
      const arrives = next(video);
      source.publish(320, 240, "sprite", index, monotonicMs());
      frames.push(await arrives);
    }
  } finally {
    await video.close();
  }
  assert.equal(frames[0].keyFrame, true);
  assert.equal(frames.filter(({ keyFrame }) => keyFrame).length, 1);
  assert.equal((await decode(frames.map(({ data }) => data), 320, 240)).length, 20);
});

Deno.test("a command reaches the Worker while it waits for pictures", async () => {
  const source = new PictureSource(640, 480);
  const video = await startVideo({ ring: source.ring, settings: SETTINGS });
  try {
    let arrives = next(video);
    source.publish(320, 240, "sprite", 0, monotonicMs());
    assert.equal((await arrives).keyFrame, true);
    video.configure({ mode: { width: 640, height: 480, fps: 30 }, bitrate: 1e6 });
    do arrives = next(video); while ((await arrives).width !== 640);
    video.requestIdr();
    do arrives = next(video); while (!(await arrives).keyFrame);
    video.pause(true);
    video.pause(false);
    assert.equal((await next(video)).keyFrame, true);
  } finally {
    await video.close();
    await video.close();
  }
});

Deno.test("modes outside the protocol are refused before anything starts", async () => {
  const { ring } = new PictureSource(64, 64);
  for (const mode of [{ width: 321, height: 240, fps: 60 }, { width: 320, height: 240, fps: 0 }]) {
    await assert.rejects(
      startVideo({ ring, settings: { mode, bitrate: 1e6 } }),
      /expected a video mode/,
    );
  }
  await assert.rejects(startVideo({ ring, settings: { ...SETTINGS, bitrate: NaN } }), RangeError);
});

Deno.test("doctor is told what encodes here, with measured evidence", async () => {
  const [software, conversion] = await probeVideoEncoders();
  assert.match(
    software.evidence,
    /^libavcodec \d+\.\d+\.\d+, libx264 encodes 1280×720 in [\d.]+ ms/,
  );
  assert.notEqual(software.status, "missing");
  assert.equal(conversion.status, "ok");
});
