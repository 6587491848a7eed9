import assert from "node:assert/strict";
import { FlexFecReceiver } from "../../../tests/transport/flexfec_receiver.ts";
import { seeded } from "../../../tests/transport/simulated_path.ts";
import {
  type ExtensionIds,
  MAX_HEADER_BYTES,
  type RtpPacket,
  writeRtpHeader,
} from "../rtp/packet.ts";
import { MAX_GROUP, writeFlexFec } from "./flexfec.ts";
import { FrameProtector } from "./frame_protector.ts";
import { parityMasks } from "./parity_masks.ts";

const SSRC = 0xfedcba98;
const IDS = { playoutDelay: 5, transportCc: 4, audioLevel: 0 };

/** A frame of `count` packets of random sizes, the last one with the marker. */
function frame(count: number, random: () => number, first = 1000): RtpPacket[] {
  return Array.from({ length: count }, (_, i) => ({
    payloadType: 102,
    marker: i === count - 1,
    extendedSequence: first + i,
    timestamp: 0x89abcdef,
    ssrc: SSRC,
    transportSequence: random() * 65536 | 0,
    video: true,
    payload: Uint8Array.from({ length: 1 + random() * 1160 | 0 }, () => random() * 256),
  }));
}

/** As the receiver counts it: the transport-wide number is 0. */
function onTheWire(packet: RtpPacket, ids: ExtensionIds = IDS): Uint8Array {
  const bytes = new Uint8Array(MAX_HEADER_BYTES + packet.payload.length);
  const header = writeRtpHeader(bytes, 0, { ...packet, transportSequence: 0 }, ids);
  bytes.set(packet.payload, header);
  return bytes.slice(0, header + packet.payload.length);
}

/** What a receiver has after the packets in `lost` did not come. */
function receive(packets: RtpPacket[], parity: Uint8Array[], lost: Set<number>, ids = IDS) {
  const receiver = new FlexFecReceiver(SSRC);
  for (const [i, packet] of packets.entries()) {
    if (!lost.has(i)) receiver.media(onTheWire(packet, ids));
  }
  for (const payload of parity) receiver.parity(payload);
  return receiver;
}

function assertWhole(packets: RtpPacket[], receiver: FlexFecReceiver, ids = IDS): void {
  for (const packet of packets) {
    assert.deepEqual(
      receiver.packets.get(packet.extendedSequence & 0xffff),
      onTheWire(packet, ids),
    );
  }
}

Deno.test("any single lost packet of a group comes back to the byte", () => {
  const random = seeded(1);
  for (const count of [1, 2, 3, 7, 15, 16, 17, 30, MAX_GROUP]) {
    for (const parity of [1, 2, 3, 6]) {
      const packets = frame(count, random, 65536 - 3);
      const payloads = writeFlexFec(packets, parityMasks(count, parity), parity, IDS);
      assert.equal(payloads.length, parity);
      for (let lost = 0; lost < count; lost++) {
        assertWhole(packets, receive(packets, payloads, new Set([lost])));
      }
    }
  }
});

Deno.test("any two lost packets come back where there are masks enough to tell them apart", () => {
  const random = seeded(2);
  for (const [count, parity] of [[3, 2], [6, 3], [12, 4], [20, 5]]) {
    const packets = frame(count, random);
    const payloads = writeFlexFec(packets, parityMasks(count, parity), parity, IDS);
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < a; b++) {
        assertWhole(packets, receive(packets, payloads, new Set([a, b])));
      }
    }
  }
});

Deno.test("packets without header extensions are repaired too", () => {
  const ids = { playoutDelay: 0, transportCc: 0, audioLevel: 0 };
  const packets = frame(5, seeded(3));
  const payloads = writeFlexFec(packets, parityMasks(5, 1), 1, ids);
  assertWhole(packets, receive(packets, payloads, new Set([4]), ids), ids);
});

Deno.test("a parity packet of a full packet fits every IPv6 path", () => {
  const [packet] = frame(1, seeded(4));
  packet.payload = new Uint8Array(1160);
  const [payload] = writeFlexFec(new Array(16).fill(packet), parityMasks(16, 1), 1, IDS);
  const tag = 16;
  const header = writeRtpHeader(new Uint8Array(64), 0, { ...packet, video: false, payload }, IDS);
  // Minimum MTU without the headers of IPv6 and UDP (RFC 8200 section 5).
  assert.ok(header + payload.length + tag <= 1280 - 40 - 8);
});

Deno.test("a group that the header cannot name is refused", () => {
  const packets = frame(MAX_GROUP + 1, seeded(5));
  assert.throws(() => writeFlexFec(packets, parityMasks(packets.length, 2), 2, IDS), RangeError);
  assert.throws(() => writeFlexFec([], [], 1, IDS), RangeError);
  assert.throws(() => writeFlexFec(packets.slice(0, 3), [1], 1, IDS), RangeError);
});

Deno.test("a path without loss gets no parity, and a frame no more than it may cost", () => {
  const protector = new FrameProtector({ ssrc: 7, payloadType: 49, ids: IDS });
  const random = seeded(6);
  const packets = frame(10, random);
  let number = 0;
  const protect = (loss: number, bytes: number) =>
    protector.protect(packets, loss, bytes, () => number++);
  assert.deepEqual(protect(0, 1e9), []);
  assert.deepEqual(protect(0.1, 100), []);
  const few = protect(0.1, 2 * 1300);
  assert.ok(few.length >= 1 && few.length <= 2);
  const many = protect(0.1, 1e9);
  assert.ok(many.length > few.length);
  assert.deepEqual(
    [...few, ...many].map((packet) => packet.transportSequence),
    [...few, ...many].map((_, i) => i),
  );
  assert.ok(many.every((packet) => packet.ssrc === 7 && packet.timestamp === packets[0].timestamp));
});

Deno.test("frames larger than a group are protected in groups", () => {
  const random = seeded(7);
  const packets = frame(120, random);
  const protector = new FrameProtector({ ssrc: 7, payloadType: 49, ids: IDS });
  const parity = protector.protect(packets, 0.02, 1e9, () => 0).map(({ payload }) => payload);
  // One loss in each third.
  assertWhole(packets, receive(packets, parity, new Set([5, 60, 119])));
});

Deno.test("at 2, 5 and 10 % random loss few frames need a repeat", () => {
  const random = seeded(8);
  for (const loss of [0.02, 0.05, 0.1]) {
    for (const count of [1, 3, 8, 20, 40]) {
      const packets = frame(count, () => random() / 8);
      const protector = new FrameProtector({ ssrc: 7, payloadType: 49, ids: IDS });
      const parity = protector.protect(packets, loss, 1e9, () => 0);
      let broken = 0;
      let overhead = 0;
      for (let round = 0; round < 400; round++) {
        const lost = new Set(packets.keys().filter(() => random() < loss));
        const arrived = parity.filter(() => random() >= loss).map(({ payload }) => payload);
        overhead += parity.length / count;
        if (receive(packets, arrived, lost).packets.size < count) broken++;
      }
      assert.ok(
        broken / 400 < (count > 20 ? 0.14 : 0.07),
        `${broken} of 400 with ${count} packets at ${loss}`,
      );
      if (count >= 20) assert.ok(overhead / 400 <= 0.36, `${overhead / 400}`);
    }
  }
});
