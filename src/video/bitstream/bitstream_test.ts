import assert from "node:assert/strict";
import { joinNalUnits, nalUnits } from "./annexb.ts";
import { BitReader } from "./bit_reader.ts";
import { levelFor } from "./level.ts";
import { parseSps } from "./sps.ts";

/** A generator of the same bytes for the same seed (xorshift). */
function random(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Writes syntax elements, to build parameter sets no encoder here makes. */
class BitWriter {
  #bits = "";
  bits(value: number, count: number): this {
    this.#bits += value.toString(2).padStart(count, "0");
    return this;
  }
  unsigned(value: number): this {
    const code = (value + 1).toString(2);
    this.#bits += "0".repeat(code.length - 1) + code;
    return this;
  }
  /** An SPS of High profile up to and with the number of reference frames. */
  highSps(chroma: number): this {
    this.bits(0x67, 8).bits(100, 8).bits(0, 8).bits(42, 8).unsigned(0).unsigned(chroma);
    if (chroma === 3) this.bits(0, 1);
    return this.unsigned(0).unsigned(0).bits(0, 1).bits(0, 1).unsigned(0).unsigned(2).unsigned(4)
      .bits(0, 1);
  }
  bytes(): Uint8Array<ArrayBuffer> {
    const padded = `${this.#bits}1`.padEnd(Math.ceil((this.#bits.length + 1) / 8) * 8, "0");
    return Uint8Array.from(padded.match(/.{8}/g)!, (byte) => parseInt(byte, 2));
  }
}

Deno.test("a stream with start codes of three and four bytes splits into its units", () => {
  const stream = Uint8Array.of(
    9,
    0,
    0,
    0,
    1,
    0x67,
    1,
    2,
    0,
    0,
    1,
    0x68,
    3,
    0,
    0,
    0,
    0,
    1,
    0x65,
    1,
    0,
  );
  const units = nalUnits(stream);
  assert.deepEqual(units.map((unit) => unit.type), [7, 8, 5]);
  assert.deepEqual(units.map((unit) => [...unit.data]), [[0x67, 1, 2], [0x68, 3], [0x65, 1]]);
  assert.deepEqual(nalUnits(joinNalUnits(units)), units);
});

Deno.test("streams without a whole unit have none", () => {
  for (const bytes of [[], [0], [0, 0, 1], [0, 0, 0, 1], [0, 0, 1, 0, 0, 1], [1, 2, 3]]) {
    assert.deepEqual(nalUnits(Uint8Array.from(bytes)), []);
  }
});

Deno.test("any bytes split into units that lie apart and inside the stream", () => {
  const next = random(7);
  for (let round = 0; round < 2000; round++) {
    const stream = Uint8Array.from({ length: next() % 64 }, () => next() % 3);
    let end = 0;
    for (const { data } of nalUnits(stream)) {
      assert.ok(data.length > 0 && data.byteOffset >= end + 3);
      assert.deepEqual([...stream.subarray(data.byteOffset - 3, data.byteOffset)], [0, 0, 1]);
      end = data.byteOffset + data.length;
      assert.ok(end <= stream.length);
    }
  }
});

Deno.test("Exp-Golomb codes are read, emulation prevention bytes left out", () => {
  const codes = new BitWriter().unsigned(0).unsigned(1).unsigned(6).unsigned(255).bytes();
  const reader = new BitReader(codes);
  assert.deepEqual([0, 1, 2, 3].map(() => reader.unsigned()), [0, 1, 6, 255]);
  const signed = new BitReader(new BitWriter().unsigned(1).unsigned(2).unsigned(0).bytes());
  assert.deepEqual([1, 2, 3].map(() => signed.signed()), [1, -1, 0]);
  assert.equal(new BitReader(Uint8Array.of(0, 0, 3, 1)).bits(24), 1);
  assert.throws(
    () => new BitReader(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0)).unsigned(),
    RangeError,
  );
  assert.throws(() => new BitReader(Uint8Array.of(1)).bits(9), RangeError);
});

Deno.test("a cropped 1080-line picture of High profile has its size", () => {
  const sps = new BitWriter().highSps(1).unsigned(119).unsigned(67).bits(1, 1).bits(1, 1)
    .bits(1, 1).unsigned(0).unsigned(0).unsigned(0).unsigned(4).bits(0, 1).bytes();
  assert.deepEqual(parseSps(sps), {
    profileIdc: 100,
    constraintFlags: 0,
    levelIdc: 42,
    maxNumRefFrames: 4,
    width: 1920,
    height: 1080,
  });
});

Deno.test("parameter sets with impossible values are refused", () => {
  const tooWide = new BitWriter().highSps(1).unsigned(4000).unsigned(67).bits(0, 8).bytes();
  const cropsAll = new BitWriter().highSps(1).unsigned(0).unsigned(0).bits(1, 1).bits(1, 1)
    .bits(1, 1).unsigned(4).unsigned(4).unsigned(0).unsigned(0).bits(0, 1).bytes();
  const badChroma = new BitWriter().highSps(4).unsigned(9).unsigned(9).bits(0, 8).bytes();
  const notSps = Uint8Array.of(0x68, 1, 2, 3, 4, 5);
  for (
    const sps of [tooWide, cropsAll, badChroma, notSps, new Uint8Array(0), Uint8Array.of(0x67)]
  ) {
    assert.throws(() => parseSps(sps), RangeError);
  }
});

Deno.test("any bytes as a parameter set are either read to a sane size or refused", () => {
  const next = random(11);
  let refused = 0;
  for (let round = 0; round < 20_000; round++) {
    const sps = Uint8Array.from({ length: 4 + next() % 40 }, () => next() >>> (next() % 24) & 0xff);
    sps[0] = 0x67;
    try {
      const { width, height } = parseSps(sps);
      assert.ok(width > 0 && height > 0 && width <= 16880 && height <= 33760);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
      refused++;
    }
  }
  assert.ok(refused > 1000);
});

Deno.test("the level follows size, rate and bitrate and stops at 5.2", () => {
  assert.equal(levelFor(640, 480, 30, 1e6), 31);
  assert.equal(levelFor(1280, 720, 30, 8e6), 31);
  assert.equal(levelFor(1280, 720, 60, 8e6), 32);
  assert.equal(levelFor(1280, 720, 60, 30e6), 41);
  assert.equal(levelFor(1920, 1080, 60, 20e6), 42);
  assert.equal(levelFor(3840, 2160, 60, 80e6), 52);
  assert.equal(levelFor(3840, 2160, 120, 300e6), 52);
});
