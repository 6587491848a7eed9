/**
 * CPU time to send a packet: werift's own path, and the two of src/transport/webrtc.
 *
 * `deno run -A tests/transport/send_cost.ts` prints it; the benchmark calls {@linkcode measureSendCost}.
 */
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import process from "node:process";
import { randomBytes } from "node:crypto";
import {
  Candidate,
  CandidatePair,
  RTCDtlsTransport,
  RTCIceGatherer,
  RTCIceTransport,
  RTCRtpCodecParameters,
  RTCRtpHeaderExtensionParameters,
  RTCRtpSender,
  RtpHeader,
  RtpPacket as WeriftPacket,
  SrtpSession,
  StunProtocol,
} from "werift";
import { type RtpPacket, TRANSPORT_CC_URI } from "../../src/transport/rtp/packet.ts";
import { FastPacketPath } from "../../src/transport/webrtc/fast_path.ts";
import { type PacketPath, PlainPacketPath } from "../../src/transport/webrtc/packet_path.ts";
import { OwnPort } from "../../src/transport/webrtc/own_port.ts";
import type { MediaSession } from "../../src/transport/webrtc/werift_internals.ts";

export interface SendCost {
  /** µs of CPU (user and system) a packet, one value a round. */
  stock: number[];
  plain: number[];
  fast: number[];
}

export interface SendCostOptions {
  rounds?: number;
  /** Packets a frame: 35 is 20 Mbit/s at 60 frames a second. */
  packetsPerFrame?: number;
  framesPerRound?: number;
  payloadBytes?: number;
}

const IDS = { transportCc: 4, playoutDelay: 3, audioLevel: 0 };

/** Interleaves rounds of the three paths, all to one loopback socket that nobody reads. */
export async function measureSendCost(options: SendCostOptions = {}): Promise<SendCost> {
  const { rounds = 7, packetsPerFrame = 35, framesPerRound = 120, payloadBytes = 1188 } = options;
  const sink = createSocket("udp4");
  await new Promise<void>((resolve) => sink.bind(0, "127.0.0.1", () => resolve()));
  sink.removeAllListeners("message");
  const port = sink.address().port;
  const payload = new Uint8Array(randomBytes(payloadBytes));
  const keys = {
    localMasterKey: randomBytes(16),
    localMasterSalt: randomBytes(12),
    remoteMasterKey: randomBytes(16),
    remoteMasterSalt: randomBytes(12),
  };
  const stock = await stockSender(keys, port);
  const mux = await OwnPort.open(undefined, false);
  const plain = plainPath(keys, mux, port);
  const fast = new FastPacketPath({
    masterKey: keys.localMasterKey,
    masterSalt: keys.localMasterSalt,
    ids: IDS,
    descriptor: ({ address }) => mux.descriptor(address),
    target: () => ({ address: "127.0.0.1", port }),
    fallback: plain,
  });
  let sequence = 1;
  const frame = (path: PacketPath) => {
    const packets: RtpPacket[] = [];
    for (let i = 0; i < packetsPerFrame; i++) {
      packets.push({
        payloadType: 102,
        marker: i === packetsPerFrame - 1,
        extendedSequence: sequence++,
        timestamp: sequence,
        ssrc: 1,
        transportSequence: sequence & 0xffff,
        video: true,
        payload,
      });
    }
    path.send(packets);
  };
  const stockPayload = Buffer.from(payload);
  const stockFrame = async () => {
    for (let i = 0; i < packetsPerFrame; i++) {
      const header = new RtpHeader({
        sequenceNumber: sequence++ & 0xffff,
        timestamp: sequence,
        marker: i === packetsPerFrame - 1,
        payloadType: 102,
      });
      await stock.send(new WeriftPacket(header, stockPayload));
    }
  };
  const measure = async (send: () => void | Promise<void>): Promise<number> => {
    const before = process.cpuUsage();
    for (let i = 0; i < framesPerRound; i++) {
      await send();
      // What the runtime does later belongs to the packets too.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / (framesPerRound * packetsPerFrame);
  };
  const cost: SendCost = { stock: [], plain: [], fast: [] };
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    const values = {
      stock: await measure(stockFrame),
      plain: await measure(() => frame(plain)),
      fast: await measure(() => frame(fast)),
    };
    if (round === 0) continue;
    for (const kind of ["stock", "plain", "fast"] as const) cost[kind].push(values[kind]);
  }
  fast.close();
  await stock.close();
  await mux.close();
  await new Promise<void>((resolve) => sink.close(() => resolve()));
  return cost;
}

type Keys = {
  localMasterKey: Buffer;
  localMasterSalt: Buffer;
  remoteMasterKey: Buffer;
  remoteMasterSalt: Buffer;
};

/** werift's RTCRtpSender over its DTLS and ICE transports, connected by hand. */
async function stockSender(keys: Keys, port: number) {
  const gatherer = new RTCIceGatherer();
  const ice = new RTCIceTransport(gatherer);
  const dtls = new RTCDtlsTransport({ debug: {} } as never, ice, undefined, [7]);
  dtls.srtp = new SrtpSession({ keys, profile: 7 });
  dtls.state = "connected";
  const protocol = new StunProtocol();
  await protocol.connectionMade(true, undefined, undefined);
  protocol.localCandidate = new Candidate("1", 1, "udp", 1, "127.0.0.1", 1, "host");
  const remote = new Candidate("2", 1, "udp", 1, "127.0.0.1", port, "host");
  const connection = gatherer.connection;
  connection.nominated = new CandidatePair(protocol, remote, true);
  Object.assign(connection, { consentFresh: true, state: "connected" });
  const sender = new RTCRtpSender("video");
  sender.setDtlsTransport(dtls);
  sender.prepareSend({
    codecs: [
      new RTCRtpCodecParameters({ mimeType: "video/H264", clockRate: 90000, payloadType: 102 }),
    ],
    headerExtensions: [new RTCRtpHeaderExtensionParameters({ id: 4, uri: TRANSPORT_CC_URI })],
    muxId: "0",
    rtcp: { cname: "bench", mux: true, ssrc: sender.ssrc },
  } as never);
  return {
    send: (packet: WeriftPacket) => sender.sendRtp(packet),
    close: async () => {
      sender.stop();
      await protocol.close();
    },
  };
}

/** A test double of the viewer: the packets are measured, nobody answers. */
const receiver = {
  usernameFragment: "",
  authenticates: () => false,
  awaits: () => false,
  receive: () => {},
};

function plainPath(keys: Keys, mux: OwnPort, port: number): PlainPacketPath {
  const srtp = new SrtpSession({ keys, profile: 7 });
  const session: Pick<MediaSession, "encryptRtp"> = {
    encryptRtp: (header, payload, ssrc, extendedSequence) =>
      // The same call as in the product, below werift's rollover bookkeeping.
      srtp.localContext.cipher.encryptRtp(
        {
          serializeSize: header.length,
          serialize: () => Buffer.from(header.buffer, header.byteOffset, header.length),
          ssrc,
          sequenceNumber: extendedSequence & 0xffff,
        } as never,
        payload as Buffer,
        0,
      ),
  };
  return new PlainPacketPath(
    session as MediaSession,
    IDS,
    (datagram) => mux.send(receiver, datagram, "127.0.0.1", port),
  );
}

if (import.meta.main) {
  const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];
  for (const packetsPerFrame of [12, 35, 140]) {
    const cost = await measureSendCost({ packetsPerFrame });
    const [stock, plain, fast] = [cost.stock, cost.plain, cost.fast].map(median);
    console.log(
      `${packetsPerFrame} packets a frame: werift ${stock.toFixed(2)} µs, plain ${
        plain.toFixed(2)
      }, ` +
        `fast ${fast.toFixed(2)}; fast/werift ${(fast / stock).toFixed(3)}`,
    );
  }
  Deno.exit(0);
}
