/** A session with werift as its page, in one process, and both ends of their association (SCTP) in hand. */
import type { Buffer } from "node:buffer";
import type { RTCPeerConnection } from "werift";
import { createTransport } from "../../src/transport/webrtc/transport.ts";
import type { WebRtcViewer } from "../../src/transport/webrtc/viewer.ts";
import { connectWerift, until, type WeriftPeer } from "./werift_peer.ts";

/** What tests see and change of one end. */
export interface Sctp {
  localTsn: number;
  lastSackedTsn: number;
  advancedPeerAckTsn: number;
  reconfigRequestSeq: number;
  sackMisOrdered: Set<number>;
  inboundStreams: Record<string, { reassembly: unknown[] }>;
  sentQueue: { acked: boolean; retransmit: boolean }[];
  stateChanged: { connected: { subscribe(listener: () => void): void } };
  transport: { send(packet: Buffer): Promise<void> };
  handleData(packet: Buffer): Promise<void>;
  sendChunk(chunk: { bytes: Uint8Array } | undefined): Promise<void>;
  rto: number;
  srtt: number | undefined;
  updateRto(roundTrip: number): void;
  timer1Expired(): void;
  timer1Cancel(): void;
  timer3Expired(): void;
  timer3Cancel(): void;
}

function sctpOf(rtc: RTCPeerConnection): Sctp {
  return (rtc.sctpTransport as unknown as { sctp: Sctp }).sctp;
}

export interface SctpPair {
  viewer: WebRtcViewer;
  peer: WeriftPeer;
  session: Sctp;
  page: Sctp;
}

/** Runs `run` once the channels are open; `prepare` sees both ends before anything is sent. */
export async function withSctpPair(
  run: (pair: SctpPair) => Promise<void>,
  prepare: (session: Sctp, page: Sctp) => void = () => {},
): Promise<void> {
  const transport = await createTransport({
    iceServers: [],
    iceAddresses: ["127.0.0.1"],
    startBitrate: 1e6,
    maxBitrate: 1e6,
  });
  try {
    const viewer = transport.viewer() as WebRtcViewer;
    const { rtc } = (viewer as unknown as { options: { peer: { rtc: RTCPeerConnection } } }).options
      .peer;
    const session = sctpOf(rtc);
    const peer = await connectWerift(viewer, {
      prepare: (rtc) => prepare(session, sctpOf(rtc)),
    });
    try {
      const { control, motion } = peer;
      await until("channels", () => control.readyState === "open" && motion.readyState === "open");
      const page = sctpOf(peer.rtc);
      await until(
        "what opened them to be acknowledged",
        () => session.sentQueue.length + page.sentQueue.length === 0,
      );
      await run({ viewer, peer, session, page });
    } finally {
      await peer.close();
    }
  } finally {
    await transport.close();
  }
}

/** Where a packet's first chunk begins (RFC 9260, 3); werift sends one chunk a packet. */
const FIRST_CHUNK = 12;

export function chunkType(packet: Buffer): number {
  return packet[FIRST_CHUNK];
}

export function chunkFlags(packet: Buffer): number {
  return packet[FIRST_CHUNK + 1];
}

/** The number (TSN) of a packet's data chunk; RFC 9260, 3.3.1. */
export function dataTsn(packet: Buffer): number | undefined {
  return chunkType(packet) === 0 ? packet.readUInt32BE(FIRST_CHUNK + 4) : undefined;
}

/** The number `count` after `tsn`. */
export function tsnAfter(tsn: number, count: number): number {
  return (tsn + count) % 2 ** 32;
}

/** Has `pass` decide about each packet that `sctp` would send. */
export function filterSent(sctp: Sctp, pass: (packet: Buffer) => boolean): void {
  const send = sctp.transport.send.bind(sctp.transport);
  sctp.transport.send = async (packet) => {
    if (pass(packet)) await send(packet);
  };
}

/** Has `pass` decide about each packet that comes to `sctp`; returns what takes one in after all. */
export function filterReceived(
  sctp: Sctp,
  pass: (packet: Buffer) => boolean,
): (packet: Buffer) => Promise<void> {
  const receive = sctp.handleData.bind(sctp);
  sctp.handleData = async (packet) => {
    if (pass(packet)) await receive(packet);
  };
  return receive;
}

/** Ends the timer of what `sctp` has sent, as time would. */
export function expire(sctp: Sctp): void {
  sctp.timer3Cancel();
  sctp.timer3Expired();
}
