/**
 * H.264 access units into RTP payloads and the NAL unit scanner for them.
 * Source: RFC 6184, packetization-mode 1 (single NAL units, STAP-A, FU-A); ITU-T H.264 Annex B.
 */

/**
 * Largest payload of one packet in bytes. A parity packet of it, with the RTP header and extension
 * (20), the FlexFEC header (24), the extensions of what it protects (12) and the authentication tag
 * (16), has 1,232 bytes, which passes every IPv6 path (minimum MTU 1,280).
 */
export const MAX_PAYLOAD_BYTES = 1160;

const NAL_IDR = 5;
const NAL_ACCESS_UNIT_DELIMITER = 9;
const NAL_FILLER = 12;
const STAP_A = 24;
const FU_A = 28;

/** The NAL units of an Annex B byte stream, without start codes, as views of `stream`. */
export function splitAnnexB(stream: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let start = -1;
  let zero = stream.indexOf(0);
  while (zero >= 0 && zero + 2 < stream.length) {
    if (stream[zero + 1] !== 0) {
      zero = stream.indexOf(0, zero + 2);
    } else if (stream[zero + 2] === 1) {
      if (start >= 0) pushTrimmed(units, stream, start, zero);
      start = zero + 3;
      zero = stream.indexOf(0, start);
    } else {
      zero++;
      if (stream[zero] !== 0) zero = stream.indexOf(0, zero);
    }
  }
  if (start >= 0) pushTrimmed(units, stream, start, stream.length);
  return units;
}

/** Zero bytes before a start code belong to the byte stream, not to the NAL unit (Annex B.1.1). */
function pushTrimmed(units: Uint8Array[], stream: Uint8Array, start: number, end: number): void {
  while (end > start && stream[end - 1] === 0) end--;
  if (end > start) units.push(stream.subarray(start, end));
}

/** One access unit as RTP payloads; the marker bit belongs on the last one. */
export interface PacketizedFrame {
  /** In sending order. Shared by all viewers; never written to again. */
  payloads: Uint8Array[];
  /** Sum of the payloads' lengths. */
  bytes: number;
  /** True where an IDR slice is inside. */
  keyFrame: boolean;
}

/**
 * Cuts an Annex B access unit into RTP payloads of at most `maxPayload` bytes.
 *
 * Small neighbours share a packet (STAP-A), large NAL units are fragmented (FU-A) into equal pieces
 * of the largest size, so that a frame's packets can leave by one segmented send. Access unit
 * delimiters and filler data are left out.
 */
export function packetizeH264(
  accessUnit: Uint8Array,
  maxPayload = MAX_PAYLOAD_BYTES,
): PacketizedFrame {
  const units = splitAnnexB(accessUnit).filter((unit) => {
    const type = unit[0] & 31;
    return type !== NAL_ACCESS_UNIT_DELIMITER && type !== NAL_FILLER;
  });
  const payloads: Uint8Array[] = [];
  let group: Uint8Array[] = [];
  let groupBytes = 1;
  const flush = () => {
    if (group.length === 1) payloads.push(group[0].slice());
    else if (group.length > 1) payloads.push(aggregate(group, groupBytes));
    group = [];
    groupBytes = 1;
  };
  for (const unit of units) {
    if (unit.length > maxPayload) {
      flush();
      fragment(unit, maxPayload, payloads);
      continue;
    }
    if (group.length > 0 && groupBytes + 2 + unit.length > maxPayload) flush();
    group.push(unit);
    groupBytes += 2 + unit.length;
  }
  flush();
  return {
    payloads,
    bytes: payloads.reduce((sum, payload) => sum + payload.length, 0),
    keyFrame: units.some((unit) => (unit[0] & 31) === NAL_IDR),
  };
}

function aggregate(units: Uint8Array[], bytes: number): Uint8Array {
  const packet = new Uint8Array(bytes);
  // The aggregate is as important as its most important part (RFC 6184 section 5.7).
  const importance = Math.max(...units.map((unit) => unit[0] & 0x60));
  const forbidden = units.some((unit) => unit[0] & 0x80) ? 0x80 : 0;
  packet[0] = forbidden | importance | STAP_A;
  let at = 1;
  for (const unit of units) {
    packet[at] = unit.length >> 8;
    packet[at + 1] = unit.length & 255;
    packet.set(unit, at + 2);
    at += 2 + unit.length;
  }
  return packet;
}

function fragment(unit: Uint8Array, maxPayload: number, payloads: Uint8Array[]): void {
  const room = maxPayload - 2;
  const count = Math.ceil((unit.length - 1) / room);
  const pieces = new Uint8Array(unit.length - 1 + 2 * count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const from = 1 + i * room;
    const to = Math.min(unit.length, from + room);
    const start = i === 0 ? 0x80 : 0;
    const end = i === count - 1 ? 0x40 : 0;
    pieces[at] = (unit[0] & 0xe0) | FU_A;
    pieces[at + 1] = start | end | (unit[0] & 31);
    pieces.set(unit.subarray(from, to), at + 2);
    payloads.push(pieces.subarray(at, at + 2 + to - from));
    at += 2 + to - from;
  }
}
