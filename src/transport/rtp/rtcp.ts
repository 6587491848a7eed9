/**
 * RTCP: reads what viewers report and writes sender reports.
 * Source: RFC 3550 section 6, RFC 4585 (NACK, PLI), RFC 5104 (FIR), transport-wide congestion
 * control (draft-holmer-rmcat-transport-wide-cc-extensions-01), REMB (draft-alvestrand-rmcat-remb).
 */

/** How one transport-wide packet fared. `receivedMs`: on the receiver's clock; undefined: lost. */
export interface PacketArrival {
  transportSequence: number;
  receivedMs: number | undefined;
}

export type RtcpMessage =
  | {
    type: "report";
    ssrc: number;
    /** 0–1 since the last report. */
    fractionLost: number;
    /** Middle 32 bits of the NTP time of the last sender report; 0: none yet. */
    lastSenderReport: number;
    /** 1/65,536 s since that report arrived. */
    delaySinceLast: number;
  }
  | { type: "nack"; ssrc: number; sequences: number[] }
  | { type: "picture-loss"; ssrc: number }
  | { type: "transport-cc"; arrivals: PacketArrival[] }
  | { type: "remb"; bitrate: number }
  | { type: "bye"; ssrc: number };

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const BYE = 203;
const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
const NACK = 1;
const TRANSPORT_CC = 15;
const PLI = 1;
const FIR = 4;
const APPLICATION = 15;
/** A feedback packet that claims more packets than this is not from a sane receiver. */
const MAX_ARRIVALS = 16384;

/**
 * Reads a decrypted compound packet. Parts that are malformed or unknown are left out: RTCP is a
 * stream of hints, and one bad part must not cost the others.
 */
export function readRtcp(bytes: Uint8Array): RtcpMessage[] {
  const messages: RtcpMessage[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 4 <= bytes.length;) {
    if (bytes[at] >> 6 !== 2) break;
    const count = bytes[at] & 31;
    const end = at + 4 + 4 * view.getUint16(at + 2);
    if (end > bytes.length) break;
    const body = new DataView(bytes.buffer, bytes.byteOffset + at + 4, end - at - 4);
    readPart(bytes[at + 1], count, body, messages);
    at = end;
  }
  return messages;
}

function readPart(type: number, count: number, body: DataView, messages: RtcpMessage[]): void {
  switch (type) {
    case SENDER_REPORT:
      return readReports(body, 24, count, messages);
    case RECEIVER_REPORT:
      return readReports(body, 4, count, messages);
    case BYE:
      for (let i = 0; i < count && 4 * i + 4 <= body.byteLength; i++) {
        messages.push({ type: "bye", ssrc: body.getUint32(4 * i) });
      }
      return;
    case TRANSPORT_FEEDBACK:
      if (body.byteLength < 8) return;
      if (count === NACK) messages.push(readNack(body));
      else if (count === TRANSPORT_CC) {
        const arrivals = readTransportCc(body);
        if (arrivals) messages.push({ type: "transport-cc", arrivals });
      }
      return;
    case PAYLOAD_FEEDBACK:
      if (body.byteLength < 8) return;
      if (count === PLI) messages.push({ type: "picture-loss", ssrc: body.getUint32(4) });
      else if (count === FIR && body.byteLength >= 16) {
        messages.push({ type: "picture-loss", ssrc: body.getUint32(8) });
      } else if (count === APPLICATION) readRemb(body, messages);
  }
}

function readReports(body: DataView, start: number, count: number, messages: RtcpMessage[]): void {
  for (let i = 0; i < count; i++) {
    const at = start + 24 * i;
    if (at + 24 > body.byteLength) return;
    messages.push({
      type: "report",
      ssrc: body.getUint32(at),
      fractionLost: body.getUint8(at + 4) / 256,
      lastSenderReport: body.getUint32(at + 16),
      delaySinceLast: body.getUint32(at + 20),
    });
  }
}

function readNack(body: DataView): RtcpMessage {
  const sequences: number[] = [];
  for (let at = 8; at + 4 <= body.byteLength; at += 4) {
    const first = body.getUint16(at);
    const mask = body.getUint16(at + 2);
    sequences.push(first);
    for (let bit = 0; bit < 16; bit++) {
      if (mask >> bit & 1) sequences.push((first + bit + 1) & 0xffff);
    }
  }
  return { type: "nack", ssrc: body.getUint32(4), sequences };
}

function readRemb(body: DataView, messages: RtcpMessage[]): void {
  // "REMB"
  if (body.byteLength < 16 || body.getUint32(8) !== 0x52454d42) return;
  const exponent = body.getUint8(13) >> 2;
  const mantissa = (body.getUint8(13) & 3) << 16 | body.getUint16(14);
  messages.push({ type: "remb", bitrate: mantissa * 2 ** exponent });
}

const SMALL_DELTA = 1;
const LARGE_DELTA = 2;

function readTransportCc(body: DataView): PacketArrival[] | undefined {
  if (body.byteLength < 16) return undefined;
  const base = body.getUint16(8);
  const total = body.getUint16(10);
  if (total > MAX_ARRIVALS) return undefined;
  const statuses: number[] = [];
  let at = 16;
  while (statuses.length < total) {
    if (at + 2 > body.byteLength) return undefined;
    const chunk = body.getUint16(at);
    at += 2;
    if (!(chunk & 0x8000)) {
      const status = chunk >> 13 & 3;
      const run = Math.min(chunk & 0x1fff, total - statuses.length);
      if (run === 0) return undefined;
      for (let i = 0; i < run; i++) statuses.push(status);
    } else if (chunk & 0x4000) {
      for (let shift = 12; shift >= 0; shift -= 2) statuses.push(chunk >> shift & 3);
    } else {
      for (let shift = 13; shift >= 0; shift--) statuses.push(chunk >> shift & 1);
    }
  }
  const arrivals: PacketArrival[] = [];
  // 24 bits, multiples of 64 ms; it wraps after 12 days, which the tracker of arrivals survives.
  let quarterMs = (body.getUint32(12) >>> 8) * 256;
  for (let i = 0; i < total; i++) {
    const transportSequence = (base + i) & 0xffff;
    if (statuses[i] === SMALL_DELTA) {
      if (at + 1 > body.byteLength) return undefined;
      quarterMs += body.getUint8(at++);
    } else if (statuses[i] === LARGE_DELTA) {
      if (at + 2 > body.byteLength) return undefined;
      quarterMs += body.getInt16(at);
      at += 2;
    } else {
      arrivals.push({ transportSequence, receivedMs: undefined });
      continue;
    }
    arrivals.push({ transportSequence, receivedMs: quarterMs / 4 });
  }
  return arrivals;
}

/** What a sender report says of a stream. */
export interface SenderReport {
  ssrc: number;
  cname: string;
  /** Wall clock in ms since 1970 and the RTP timestamp of the same moment. */
  wallMs: number;
  rtpTimestamp: number;
  packets: number;
  /** Payload bytes. */
  octets: number;
}

/** Seconds between 1900 and 1970 (RFC 3550 section 4). */
const NTP_EPOCH = 2208988800;

/** The middle 32 bits of the NTP time, as receivers echo them. */
export function compactNtp(wallMs: number): number {
  const seconds = Math.floor(wallMs / 1000) + NTP_EPOCH;
  const fraction = Math.floor((wallMs % 1000) / 1000 * 65536);
  return ((seconds & 0xffff) * 65536 + fraction) >>> 0;
}

/** A compound packet: sender report and source description (CNAME). */
export function writeSenderReport(report: SenderReport): Uint8Array<ArrayBuffer> {
  const cname = new TextEncoder().encode(report.cname).subarray(0, 255);
  // SSRC, one item, the zero that ends the items, padded to 32 bits.
  const chunk = Math.ceil((4 + 2 + cname.length + 1) / 4) * 4;
  const bytes = new Uint8Array(28 + 4 + chunk);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x80);
  view.setUint8(1, SENDER_REPORT);
  view.setUint16(2, 6);
  view.setUint32(4, report.ssrc);
  view.setUint32(8, Math.floor(report.wallMs / 1000) + NTP_EPOCH);
  view.setUint32(12, Math.floor((report.wallMs % 1000) / 1000 * 2 ** 32));
  view.setUint32(16, report.rtpTimestamp);
  view.setUint32(20, report.packets);
  view.setUint32(24, report.octets);
  view.setUint8(28, 0x81);
  view.setUint8(29, SOURCE_DESCRIPTION);
  view.setUint16(30, chunk / 4);
  view.setUint32(32, report.ssrc);
  view.setUint8(36, 1);
  view.setUint8(37, cname.length);
  bytes.set(cname, 38);
  return bytes;
}
