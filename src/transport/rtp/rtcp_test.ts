import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  GenericNack,
  PictureLossIndication,
  RtcpPacketConverter,
  RtcpPayloadSpecificFeedback,
  RtcpReceiverInfo,
  RtcpRrPacket,
  RtcpSourceDescriptionPacket,
  RtcpSrPacket,
  RtcpTransportLayerFeedback,
} from "werift";
import { seeded } from "../../../tests/transport/simulated_path.ts";
import { compactNtp, readRtcp, writeSenderReport } from "./rtcp.ts";

Deno.test("a compound packet of another implementation is read", () => {
  const compound = Buffer.concat([
    new RtcpRrPacket({
      ssrc: 1,
      reports: [
        new RtcpReceiverInfo({
          ssrc: 7,
          fractionLost: 64,
          packetsLost: 3,
          highestSequence: 9,
          jitter: 1,
          lsr: 0xaabbccdd,
          dlsr: 65536,
        }),
      ],
    }).serialize(),
    new RtcpTransportLayerFeedback({
      feedback: new GenericNack({ senderSsrc: 1, mediaSourceSsrc: 7, lost: [65535, 0, 3, 40] }),
    }).serialize(),
    new RtcpPayloadSpecificFeedback({
      feedback: new PictureLossIndication({ senderSsrc: 1, mediaSsrc: 7 }),
    }).serialize(),
  ]);
  assert.deepEqual(readRtcp(compound), [
    {
      type: "report",
      ssrc: 7,
      fractionLost: 0.25,
      lastSenderReport: 0xaabbccdd,
      delaySinceLast: 65536,
    },
    { type: "nack", ssrc: 7, sequences: [65535, 0, 3, 40] },
    { type: "picture-loss", ssrc: 7 },
  ]);
});

Deno.test("a FIR counts as picture loss of the stream it names", () => {
  const fir = Buffer.from("84ce0004" + "00000001" + "00000000" + "00000007" + "05000000", "hex");
  assert.deepEqual(readRtcp(fir), [{ type: "picture-loss", ssrc: 7 }]);
});

Deno.test("REMB is read as bit/s", () => {
  const remb = Buffer.from(
    "8fce0005" + "00000001" + "00000000" + "52454d42" + "01" + "0bd090" + "00000007",
    "hex",
  );
  assert.deepEqual(readRtcp(remb), [{ type: "remb", bitrate: 0x3d090 * 4 }]);
});

Deno.test("transport-wide feedback: run length, vectors of one and two bits, both kinds of delta", () => {
  // Base 65534, 13 packets, reference 2 × 64 ms.
  const chunks = [
    0x2002, // run: 2 small deltas
    0x8000 | 0b10100000000000, // vector, 1 bit: received, lost, received, lost … (14)
  ];
  const head = [0xff, 0xfe, 0, 13, 0, 0, 2, 0];
  const deltas = [4, 8, 12, 16];
  const body = [
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    7,
    ...head,
    ...chunks.flatMap((c) => [c >> 8, c & 255]),
    ...deltas,
  ];
  const feedback = Uint8Array.from([0x8f, 205, 0, body.length / 4, ...body]);
  const [message] = readRtcp(feedback);
  assert.ok(message.type === "transport-cc");
  assert.deepEqual(
    message.arrivals.slice(0, 6),
    [
      { transportSequence: 65534, receivedMs: 129 },
      { transportSequence: 65535, receivedMs: 131 },
      { transportSequence: 0, receivedMs: 134 },
      { transportSequence: 1, receivedMs: undefined },
      { transportSequence: 2, receivedMs: 138 },
      { transportSequence: 3, receivedMs: undefined },
    ],
  );
  assert.equal(message.arrivals.length, 13);

  const vector = 0xc000 | 2 << 12 | 1 << 10; // 2 bits: large delta, small delta, lost …
  const twoBit = [0, 0, 0, 1, 0, 0, 0, 7, 0, 10, 0, 3, 0, 0, 2, 0, vector >> 8, vector & 255];
  const padded = [...twoBit, 0xff, 0xfc, 8, 0, 0, 0];
  const [second] = readRtcp(Uint8Array.from([0x8f, 205, 0, padded.length / 4, ...padded]));
  assert.ok(second.type === "transport-cc");
  assert.deepEqual(second.arrivals.map(({ receivedMs }) => receivedMs), [127, 129, undefined]);
});

Deno.test("arbitrary bytes are read or left out, never thrown at, and cannot grow", () => {
  const random = seeded(5);
  for (let round = 0; round < 20000; round++) {
    const bytes = Uint8Array.from({ length: 4 * (random() * 20 | 0) }, () => random() * 256 | 0);
    if (bytes.length >= 4) {
      bytes[0] = 0x80 | [1, 4, 15, random() * 32 | 0][random() * 4 | 0];
      bytes[1] = 200 + random() * 8 | 0;
      bytes[2] = 0;
      bytes[3] = bytes.length / 4 - 1;
    }
    for (const message of readRtcp(bytes)) {
      if (message.type === "transport-cc") assert.ok(message.arrivals.length <= 16384);
    }
  }
});

Deno.test("another implementation reads our sender report", () => {
  const bytes = writeSenderReport({
    ssrc: 0xdeadbeef,
    cname: "a-session",
    wallMs: 1_700_000_000_250,
    rtpTimestamp: 4_000_000_000,
    packets: 12,
    octets: 34,
  });
  const [report, description] = RtcpPacketConverter.deSerialize(Buffer.from(bytes));
  assert.ok(report instanceof RtcpSrPacket && description instanceof RtcpSourceDescriptionPacket);
  assert.equal(report.ssrc, 0xdeadbeef);
  assert.equal(report.senderInfo.rtpTimestamp, 4_000_000_000);
  assert.equal(report.senderInfo.packetCount, 12);
  assert.equal(report.senderInfo.octetCount, 34);
  assert.equal(
    Number(report.senderInfo.ntpTimestamp >> 16n & 0xffffffffn),
    compactNtp(1_700_000_000_250),
  );
  assert.equal(description.chunks[0].items[0].text, "a-session");
});
