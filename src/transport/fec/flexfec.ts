/**
 * Parity packets for RTP: FlexFEC as browsers receive it (`flexfec-03`).
 *
 * Source: draft-ietf-payload-flexible-fec-scheme-03 section 4.2 (header), 6.2 and 6.3 (what is
 * XORed). The later RFC 8627 has another header, which browsers do not read.
 */
import {
  type ExtensionIds,
  MAX_HEADER_BYTES,
  type RtpPacket,
  writeRtpHeader,
} from "../rtp/packet.ts";

/** Media packets of one group: what the two shorter masks of the header can name. */
export const MAX_GROUP = 46;
const SHORT_MASK_PACKETS = 15;
const RTP_HEADER = 12;
/** Of the FlexFEC header before the mask. */
const FIXED_HEADER = 18;

/** Payloads of the parity packets of one group, all of the same length. */
export function writeFlexFec(
  packets: RtpPacket[],
  masks: number[],
  parity: number,
  ids: ExtensionIds,
): Uint8Array[] {
  if (packets.length === 0 || packets.length > MAX_GROUP || masks.length !== packets.length) {
    throw new RangeError(
      `expected 1–${MAX_GROUP} packets with a mask each, got ${packets.length} and ${masks.length}`,
    );
  }
  const longest = Math.max(...packets.map(({ payload }) => payload.length));
  // All XOR is on 32-bit words: the parts after the fixed RTP header start on one.
  const words = Math.ceil((MAX_HEADER_BYTES + longest) / 4);
  const sums = Array.from({ length: parity }, () => new Uint32Array(words));
  const lengths = new Uint16Array(parity);
  const packet = new Uint32Array(words);
  const bytes = new Uint8Array(packet.buffer);
  let protectedBytes = 0;
  for (const [i, media] of packets.entries()) {
    packet.fill(0);
    // The transport-wide number changes on the way; both sides count it as 0.
    const header = writeRtpHeader(bytes, 0, { ...media, transportSequence: 0 }, ids);
    bytes.set(media.payload, header);
    const length = header + media.payload.length - RTP_HEADER;
    protectedBytes = Math.max(protectedBytes, length);
    const used = Math.ceil((RTP_HEADER + length) / 4);
    for (let row = 0; row < parity; row++) {
      if (!(masks[i] >> row & 1)) continue;
      lengths[row] ^= length;
      const sum = sums[row];
      for (let word = 0; word < used; word++) sum[word] ^= packet[word];
    }
  }
  return sums.map((sum, row) => {
    const covered = masks.map((mask) => (mask >> row & 1) === 1);
    return payload(new Uint8Array(sum.buffer), protectedBytes, lengths[row], packets[0], covered);
  });
}

function payload(
  sum: Uint8Array,
  protectedBytes: number,
  length: number,
  first: RtpPacket,
  covered: boolean[],
): Uint8Array {
  const maskBytes = covered.length <= SHORT_MASK_PACKETS ? 2 : 6;
  const header = FIXED_HEADER + maskBytes;
  const out = new Uint8Array(header + protectedBytes);
  const view = new DataView(out.buffer);
  // No retransmission, flexible mask; P, X, CC, M, PT and timestamp of all covered packets.
  out[0] = sum[0] & 0x3f;
  out[1] = sum[1];
  view.setUint16(2, length);
  out.set(sum.subarray(4, 8), 4);
  // One protected stream.
  out[8] = 1;
  view.setUint32(12, first.ssrc);
  view.setUint16(16, first.extendedSequence & 0xffff);
  writeMask(out, maskBytes, covered);
  out.set(sum.subarray(RTP_HEADER, RTP_HEADER + protectedBytes), header);
  return out;
}

/** Each part of the mask begins with a bit that says whether it is the last part. */
function writeMask(out: Uint8Array, maskBytes: number, covered: boolean[]): void {
  out[FIXED_HEADER + (maskBytes === 2 ? 0 : 2)] |= 0x80;
  for (const [i, isCovered] of covered.entries()) {
    if (!isCovered) continue;
    const bit = i < SHORT_MASK_PACKETS ? i + 1 : i + 2;
    out[FIXED_HEADER + (bit >> 3)] |= 0x80 >> (bit & 7);
  }
}
