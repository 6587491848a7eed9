import assert from "node:assert/strict";
import { seeded } from "../../../tests/transport/simulated_path.ts";
import { MAX_PAYLOAD_BYTES, packetizeH264, splitAnnexB } from "./h264.ts";

/** An access unit of NAL units with these types and lengths; no byte in them looks like a start code. */
function accessUnit(parts: [type: number, length: number][], random = seeded(1)): Uint8Array {
  const bytes: number[] = [];
  for (const [type, length] of parts) {
    bytes.push(0, 0, ...(random() < 0.5 ? [0, 1] : [1]), 0x60 | type);
    for (let i = 1; i < length; i++) bytes.push(1 + random() * 255 | 0);
  }
  return Uint8Array.from(bytes);
}

/** What a receiver puts together (RFC 6184 section 5), independent of the sender's code. */
function depacketize(payloads: Uint8Array[]): Uint8Array[] {
  const units: number[][] = [];
  for (const payload of payloads) {
    const type = payload[0] & 31;
    if (type === 24) {
      for (let at = 1; at < payload.length;) {
        const length = payload[at] << 8 | payload[at + 1];
        units.push([...payload.subarray(at + 2, at + 2 + length)]);
        at += 2 + length;
      }
    } else if (type === 28) {
      if (payload[1] & 0x80) units.push([payload[0] & 0xe0 | payload[1] & 31]);
      units[units.length - 1].push(...payload.subarray(2));
    } else units.push([...payload]);
  }
  return units.map((unit) => Uint8Array.from(unit));
}

Deno.test("start codes of three and four bytes and trailing zeros are not part of a unit", () => {
  const stream = Uint8Array.from([
    0,
    0,
    0,
    1,
    0x67,
    9,
    0,
    0,
    1,
    0x68,
    8,
    0,
    0,
    0,
    0,
    1,
    0x65,
    7,
    0,
  ]);
  assert.deepEqual(splitAnnexB(stream).map((unit) => [...unit]), [[0x67, 9], [0x68, 8], [0x65, 7]]);
  assert.deepEqual(splitAnnexB(Uint8Array.from([1, 2, 3])), []);
  assert.deepEqual(splitAnnexB(new Uint8Array(50)), []);
});

Deno.test("parameter sets share a packet and a large slice is cut into equal pieces", () => {
  const { payloads, keyFrame } = packetizeH264(accessUnit([[9, 2], [7, 20], [8, 5], [5, 5000]]));
  assert.equal(keyFrame, true);
  assert.equal(payloads[0][0] & 31, 24);
  assert.deepEqual(
    payloads.map((payload) => payload.length).slice(1, -1),
    new Array(payloads.length - 2).fill(MAX_PAYLOAD_BYTES),
  );
});

Deno.test("a frame comes out of its packets as it went in, whatever its units' sizes", () => {
  const random = seeded(3);
  for (let round = 0; round < 300; round++) {
    const parts = Array.from({ length: 1 + random() * 8 | 0 }, () =>
      [
        [1, 5, 6, 7, 8][random() * 5 | 0],
        1 + Math.floor(random() ** 4 * 6000),
      ] as [number, number]);
    const unit = accessUnit(parts, random);
    const limit = 100 + Math.floor(random() * 1100);
    const { payloads, bytes } = packetizeH264(unit, limit);
    assert.ok(payloads.every((payload) => payload.length <= limit && payload.length > 0));
    assert.equal(bytes, payloads.reduce((sum, payload) => sum + payload.length, 0));
    assert.deepEqual(depacketize(payloads), splitAnnexB(unit));
  }
});

Deno.test("an empty access unit makes no packets", () => {
  assert.deepEqual(packetizeH264(accessUnit([[9, 2]])).payloads, []);
});
