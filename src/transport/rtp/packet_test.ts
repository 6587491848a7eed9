import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { RtpPacket as WeriftPacket } from "werift";
import { seeded } from "../../../tests/transport/simulated_path.ts";
import { readRtp, type RtpPacket, writeRtpHeader } from "./packet.ts";

const packet: RtpPacket = {
  payloadType: 102,
  marker: true,
  extendedSequence: 3 * 65536 + 0xabcd,
  timestamp: 0xfedcba98,
  ssrc: 0x89abcdef,
  transportSequence: 0x1234,
  video: true,
  payload: Uint8Array.of(1, 2, 3),
};
const ids = { transportCc: 4, playoutDelay: 3, audioLevel: 1 };

function written(changes: Partial<RtpPacket>, extensionIds = ids): Buffer {
  const whole = { ...packet, ...changes };
  const bytes = new Uint8Array(64);
  const length = writeRtpHeader(bytes, 4, whole, extensionIds);
  assert.equal(length % 4, 0);
  return Buffer.concat([bytes.subarray(4, 4 + length), whole.payload]);
}

Deno.test("another implementation reads the header and its extensions", () => {
  const { header, payload } = WeriftPacket.deSerialize(written({}));
  assert.equal(header.sequenceNumber, 0xabcd);
  assert.equal(header.timestamp, 0xfedcba98);
  assert.equal(header.ssrc, 0x89abcdef);
  assert.equal(header.marker, true);
  assert.equal(header.payloadType, 102);
  assert.deepEqual(
    header.extensions.map(({ id, payload }) => [id, payload.toString("hex")]),
    [[4, "1234"], [3, "000000"]],
  );
  assert.deepEqual([...payload], [1, 2, 3]);
});

Deno.test("audio carries its level and no playout delay", () => {
  const { header } = WeriftPacket.deSerialize(written({ video: false, level: -40.4 }));
  assert.deepEqual(
    header.extensions.map(({ id, payload }) => [id, payload.toString("hex")]),
    [[4, "1234"], [1, "28"]],
  );
});

Deno.test("extensions that were not accepted are left out", () => {
  const none = { transportCc: 0, playoutDelay: 0, audioLevel: 0 };
  assert.equal(written({}, none).length, 12 + 3);
});

Deno.test("received packets are read, with contributing sources, extensions and padding", () => {
  const bytes = Buffer.from(
    "b1" + "ef" + "0102" + "00000003" + "00000004" + "0000000a" + "bede0001" + "10aa0000" +
      "0708" + "000003",
    "hex",
  );
  assert.deepEqual({ ...readRtp(bytes), payload: [...readRtp(bytes)!.payload] }, {
    payloadType: 111,
    sequence: 0x0102,
    timestamp: 3,
    ssrc: 4,
    payload: [7, 8],
  });
});

Deno.test("arbitrary bytes are read or refused, never thrown at", () => {
  const random = seeded(11);
  for (let round = 0; round < 20000; round++) {
    const bytes = Uint8Array.from({ length: random() * 60 | 0 }, () => random() * 256 | 0);
    if (bytes.length > 0 && random() < 0.8) bytes[0] = 0x80 | bytes[0] & 0x3f;
    const read = readRtp(bytes);
    if (read) assert.ok(read.payload.length <= bytes.length - 12);
  }
});
