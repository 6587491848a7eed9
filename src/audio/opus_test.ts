import assert from "node:assert/strict";
import { OpusDecoder, OpusEncoder, OpusFormatError } from "./opus.ts";

const pcm = (samples: number, channels: number) =>
  new Int16Array(samples * channels).map((_, i) => 8000 * Math.sin(i / 7));

Deno.test("packets of every length keep to the bitrate and decode to their length", () => {
  const encoder = new OpusEncoder({ channels: 2, bitrate: 128000, expectedLossPercent: 5 });
  const decoder = new OpusDecoder(2);
  for (const samples of [240, 480, 960]) {
    let bytes = 0;
    for (let i = 0; i < 50; i++) {
      const packet = encoder.encode(pcm(samples, 2));
      bytes += packet.length;
      assert.equal(decoder.decode(packet).length, samples * 2);
    }
    const bitrate = bytes * 8 / (50 * samples / 48000);
    assert.ok(bitrate < 160000, `${bitrate} bit/s for ${samples} samples`);
  }
  encoder.close();
  decoder.close();
});

Deno.test("PCM of a length Opus has no frame for is refused", () => {
  const encoder = new OpusEncoder({ channels: 2, bitrate: 128000 });
  assert.throws(() => encoder.encode(pcm(441, 2)), /expected 2.5, 5, 10 or 20 ms of PCM/);
  encoder.close();
  assert.throws(() => new OpusEncoder({ channels: 2, bitrate: -5 }), /the bitrate/);
});

Deno.test("any bytes either decode or are refused with OpusFormatError", () => {
  let seed = 11;
  const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
  const decoder = new OpusDecoder(1);
  let refused = 0;
  for (let i = 0; i < 5000; i++) {
    const packet = Uint8Array.from({ length: random() * 300 }, () => random() * 256);
    try {
      assert.ok(decoder.decode(packet).length <= 5760);
    } catch (error) {
      assert.ok(error instanceof OpusFormatError, String(error));
      refused++;
    }
  }
  assert.ok(refused > 100);
  assert.throws(() => decoder.decode(new Uint8Array(0)), OpusFormatError);
  decoder.close();
});
