import assert from "node:assert/strict";
import { decode, psnr } from "../../../tests/video/decode.ts";
import { type Content, PictureSource } from "../../../tests/video/pictures.ts";
import type { CapturedFrame } from "../../media/frame_ring.ts";
import { NAL_IDR, NAL_PPS, NAL_SLICE, NAL_SPS, nalUnits } from "../bitstream/annexb.ts";
import { parseSps } from "../bitstream/sps.ts";
import type { EncodedPicture, VideoEncoder } from "../encoder.ts";
import { PRESETS } from "./presets.ts";
import { openX264 } from "./x264_encoder.ts";

const WIDTH = 320;
const HEIGHT = 240;
// One thread: with sliced threads libx264's rate control depends on which thread is faster.
const open = (bitrate: number, width = WIDTH, height = HEIGHT, fps = 60) =>
  openX264({ width, height, fps, bitrate }, "superfast", 1);

/** Encodes pictures 0 to `count` of a content and calls `before` with each one's number. */
function encodeAll(
  encoder: VideoEncoder,
  content: Content,
  count: number,
  before: (index: number) => { forceIdr?: boolean } | void = () => {},
): { encoded: EncodedPicture[]; sources: Uint8Array[] } {
  const { width, height } = encoder.settings;
  const source = new PictureSource(width, height);
  const encoded: EncodedPicture[] = [];
  const sources: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    source.publish(width, height, content, index);
    const picture = source.reader.take()!;
    const { forceIdr = false } = before(index) ?? {};
    sources.push(bytesOf(picture));
    encoded.push(encoder.encode(picture, { forceIdr }));
  }
  return { encoded, sources };
}

function bytesOf({ y, u, v }: CapturedFrame): Uint8Array {
  const bytes = new Uint8Array(y.length * 1.5);
  bytes.set(y);
  bytes.set(u, y.length);
  bytes.set(v, y.length * 1.25);
  return bytes;
}

function bitsPerSecond(pictures: EncodedPicture[], fps = 60): number {
  return pictures.reduce((sum, { data }) => sum + data.length * 8, 0) / pictures.length * fps;
}

for (const preset of PRESETS) {
  Deno.test(`${preset}: another decoder gets every picture back, close to the source`, async () => {
    for (const threads of [1, 2]) {
      const encoder = openX264(
        { width: WIDTH, height: HEIGHT, fps: 60, bitrate: 6e6 },
        preset,
        threads,
      );
      const { encoded, sources } = encodeAll(encoder, "sprite", 40);
      encoder.close();
      const decoded = await decode(encoded.map(({ data }) => data), WIDTH, HEIGHT);
      assert.equal(decoded.length, 40);
      const worst = Math.min(
        ...decoded.slice(10).map((picture, at) => psnr(picture, sources[at + 10])),
      );
      assert.ok(worst > 32, `expected at least 32 dB, got ${worst.toFixed(1)}`);
    }
  });
}

Deno.test("an IDR comes first and exactly where asked, scene cuts or not, with SPS and PPS in band", () => {
  const encoder = open(4e6);
  const asked = [17, 18, 40];
  const source = new PictureSource(WIDTH, HEIGHT);
  const keys: number[] = [];
  for (let index = 0; index < 60; index++) {
    source.publish(WIDTH, HEIGHT, index % 20 < 10 ? "sprite" : "noise", index);
    const picture = encoder.encode(source.reader.take()!, { forceIdr: asked.includes(index) });
    const types = nalUnits(picture.data).map((unit) => unit.type);
    assert.deepEqual(types, picture.keyFrame ? [NAL_SPS, NAL_PPS, NAL_IDR] : [NAL_SLICE]);
    if (picture.keyFrame) keys.push(index);
  }
  encoder.close();
  assert.deepEqual(keys, [0, ...asked]);
});

Deno.test("the SPS declares what lets a decoder show each picture at once, and the colours", () => {
  const cases = [[320, 240, 60, 4e6, 31], [1280, 720, 60, 8e6, 32], [1920, 1080, 60, 20e6, 42]];
  for (const [width, height, fps, bitrate, level] of cases) {
    const encoder = open(bitrate, width, height, fps);
    const [{ data }] = encodeAll(encoder, "sprite", 1).encoded;
    encoder.close();
    assert.deepEqual(parseSps(nalUnits(data)[0].data), {
      profileIdc: 66,
      constraintFlags: 0b1100_0000,
      levelIdc: level,
      width,
      height,
      maxNumRefFrames: 1,
      colour: { fullRange: false, primaries: 1, transfer: 13, matrix: 6 },
      // 1 is the least for a stream with P pictures: it must hold its reference (E.2.1).
      restriction: { maxNumReorderFrames: 0, maxDecFrameBuffering: 1 },
    });
  }
});

Deno.test("no picture is much larger than one frame interval carries, IDRs and scene cuts included", () => {
  for (const bitrate of [2e6, 8e6]) {
    const encoder = open(bitrate, 640, 360);
    const { encoded } = encodeAll(
      encoder,
      "scroll",
      90,
      (index) => ({ forceIdr: index % 30 === 29 }),
    );
    encoder.close();
    const largest = Math.max(...encoded.map(({ data }) => data.length));
    const interval = bitrate / 60 / 8;
    assert.ok(largest <= interval * 1.25, `${largest} bytes at ${interval} a frame interval`);
  }
});

Deno.test("a new bitrate takes effect at once and without an IDR", () => {
  const encoder = open(8e6, 640, 360);
  const { encoded } = encodeAll(encoder, "noise", 90, (index) => {
    if (index === 30) encoder.setBitrate({ fps: 60, bitrate: 2e6 });
    if (index === 60) encoder.setBitrate({ fps: 60, bitrate: 6e6 });
  });
  encoder.close();
  const [high, low, middle] = [[10, 30], [35, 60], [65, 90]].map(([from, to]) =>
    bitsPerSecond(encoded.slice(from, to))
  );
  assert.ok(high > 6e6 && high < 9e6, `${high}`);
  assert.ok(low > 1.2e6 && low < 2.6e6, `${low}`);
  assert.ok(middle > 4.5e6 && middle < 7e6, `${middle}`);
  assert.equal(encoded.filter(({ keyFrame }) => keyFrame).length, 1);
});

Deno.test("at half the picture rate each picture gets twice the bits, without an IDR", () => {
  const encoder = open(4e6, 640, 360);
  const { encoded } = encodeAll(encoder, "noise", 80, (index) => {
    if (index === 40) encoder.setBitrate({ fps: 30, bitrate: 4e6 });
  });
  encoder.close();
  const [before, after] = [encoded.slice(20, 40), encoded.slice(50)].map((part) =>
    bitsPerSecond(part, 1)
  );
  assert.ok(after / before > 1.7 && after / before < 2.3, `${after / before}`);
  assert.equal(encoded.filter(({ keyFrame }) => keyFrame).length, 1);
});

Deno.test("a picture encoded again costs little and gets closer to the source", async () => {
  const encoder = open(1e6);
  const source = new PictureSource(WIDTH, HEIGHT);
  source.publish(WIDTH, HEIGHT, "scroll", 1);
  const picture = source.reader.take()!;
  const encoded = Array.from({ length: 60 }, () => encoder.encode(picture, { forceIdr: false }));
  encoder.close();
  const decoded = await decode(encoded.map(({ data }) => data), WIDTH, HEIGHT);
  const original = bytesOf(picture);
  assert.ok(psnr(decoded[9], original) > psnr(decoded[0], original) + 3);
  assert.ok(encoded[59].data.length < encoded[0].data.length / 4, `${encoded[59].data.length}`);
});

Deno.test("pictures of every even size are encoded", async () => {
  for (const [width, height] of [[2, 2], [16, 16], [18, 34], [322, 202], [854, 480]]) {
    const encoder = open(1e6, width, height);
    const source = new PictureSource(width, height);
    source.publish(width, height, "noise", 1);
    const { data } = encoder.encode(source.reader.take()!, { forceIdr: false });
    encoder.close();
    const sps = parseSps(nalUnits(data)[0].data);
    assert.deepEqual([sps.width, sps.height], [width, height]);
    assert.equal((await decode([data], width, height)).length, 1);
  }
});

Deno.test("impossible sizes and small planes are refused with a message, not encoded", () => {
  for (const [width, height] of [[0, 0], [-2, 2], [321, 240], [NaN, 240], [1e6, 1e6]]) {
    assert.throws(() => open(1e6, width, height), /expected an even picture size|libx264/);
  }
  const encoder = open(1e6, 640, 480);
  const source = new PictureSource(WIDTH, HEIGHT);
  source.publish(WIDTH, HEIGHT, "noise", 1);
  const picture = source.reader.take()!;
  assert.throws(() => encoder.encode(picture, { forceIdr: false }), /expected a plane of/);
  encoder.close();
  encoder.close();
  assert.throws(() => encoder.encode(picture, { forceIdr: false }), /it was closed/);
});

Deno.test("opening and closing many encoders gives the memory back", () => {
  const resident = () => Deno.memoryUsage().rss;
  const source = new PictureSource(1280, 720);
  source.publish(1280, 720, "sprite", 0);
  const picture = source.reader.take()!;
  const once = () => {
    const encoder = open(8e6, 1280, 720);
    encoder.encode(picture, { forceIdr: false });
    encoder.close();
  };
  for (let round = 0; round < 5; round++) once();
  const before = resident();
  for (let round = 0; round < 15; round++) once();
  // A leaked encoder of this size holds more than 10 MB.
  assert.ok(resident() - before < 50e6, `${resident() - before} bytes more`);
});
