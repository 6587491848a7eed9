/**
 * What Chromium's own decoder makes of our pictures (Debian package chromium): it must show each one
 * before the next is sent, and in the colours the game drew.
 */
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { CHROMIUM, CHROMIUM_FLAGS } from "../tools/chromium.ts";
import { libyuv } from "../../ffi/libyuv.ts";
import { FrameReader, FrameRing, FrameWriter } from "../../src/media/frame_ring.ts";
import { softwareEncoder } from "../../src/video/software/provider.ts";

const WIDTH = 320;
const HEIGHT = 240;
/** Red, green, blue of one flat picture each, in the game's sRGB. */
const COLOURS = [[200, 40, 40], [40, 200, 40], [40, 40, 200], [250, 250, 250], [5, 5, 5], [
  180,
  130,
  70,
]];

/** Each colour as an access unit in base64. */
function encodeColours(): string[] {
  const settings = { width: WIDTH, height: HEIGHT, fps: 60, bitrate: 8e6 };
  const encoder = softwareEncoder.open(settings, 0);
  const ring = FrameRing.allocate(WIDTH, HEIGHT);
  const writer = new FrameWriter(ring);
  const reader = new FrameReader(ring);
  try {
    return COLOURS.map(([red, green, blue]) => {
      const source = new Uint8Array(WIDTH * HEIGHT * 4);
      new Uint32Array(source.buffer).fill((0xff << 24 | red << 16 | green << 8 | blue) >>> 0);
      const { y, u, v, yStride, uvStride } = writer.planes(WIDTH, HEIGHT);
      const { ARGBToI420 } = libyuv();
      ARGBToI420(source, WIDTH * 4, y, yStride, u, uvStride, v, uvStride, WIDTH, HEIGHT);
      writer.publish({ width: WIDTH, height: HEIGHT, inputMs: 0, commitMs: 0, capturedMs: 0 });
      return encoder.encode(reader.take()!, { forceIdr: false }).data.toBase64();
    });
  } finally {
    encoder.close();
  }
}

/** Runs in the page: decodes one picture after another and reads the middle pixel of each. */
async function decodeInPage(units: string[]): Promise<number[][]> {
  let arrived: (frame: VideoFrame) => void = () => {};
  let failed: (error: Error) => void = () => {};
  const decoder = new VideoDecoder({
    output: (frame) => arrived(frame),
    error: (error) => failed(error),
  });
  decoder.configure({ codec: "avc1.42c01f", optimizeForLatency: true });
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })!;
  const pixels: number[][] = [];
  for (const [index, unit] of units.entries()) {
    const frame = await new Promise<VideoFrame>((resolve, reject) => {
      arrived = resolve;
      failed = reject;
      decoder.decode(
        new EncodedVideoChunk({
          type: index === 0 ? "key" : "delta",
          timestamp: index * 16_667,
          data: Uint8Array.from(atob(unit), (character) => character.charCodeAt(0)),
        }),
      );
      setTimeout(() => reject(new Error(`picture ${index} was held back`)), 5000);
    });
    canvas.drawImage(frame, 160, 120, 1, 1, 0, 0, 1, 1);
    frame.close();
    pixels.push([...canvas.getImageData(0, 0, 1, 1).data.subarray(0, 3)]);
  }
  decoder.close();
  return pixels;
}

Deno.test("Chromium shows each picture before the next one and in the game's colours", async () => {
  // WebCodecs needs a secure context, which a page of the loopback address is.
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } }),
  );
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [...CHROMIUM_FLAGS, "--force-color-profile=srgb"],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    const pixels = await page.evaluate(decodeInPage, encodeColours());
    for (const [index, pixel] of pixels.entries()) {
      const off = Math.max(...pixel.map((value, at) => Math.abs(value - COLOURS[index][at])));
      assert.ok(off <= 6, `expected ${COLOURS[index]}, Chromium shows ${pixel}`);
    }
  } finally {
    await browser.close();
    await server.shutdown();
  }
});
