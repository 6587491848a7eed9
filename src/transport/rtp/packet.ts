/**
 * RTP packets as the senders of this folder describe them, and their header on the wire.
 * Source: RFC 3550 section 5.1, RFC 8285 (one-byte extension headers).
 */

export const PLAYOUT_DELAY_URI = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
export const TRANSPORT_CC_URI =
  "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
export const AUDIO_LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

/** Ids (1–14) that the answer accepted; 0 where an extension was not accepted. */
export interface ExtensionIds {
  playoutDelay: number;
  transportCc: number;
  audioLevel: number;
}

/** One packet before encryption. */
export interface RtpPacket {
  payloadType: number;
  marker: boolean;
  /** Rollover counter × 65,536 + sequence number (RFC 3711 section 3.3.1). */
  extendedSequence: number;
  timestamp: number;
  ssrc: number;
  /** Transport-wide sequence number, 0–65,535. */
  transportSequence: number;
  /** dBov from -127 to 0; only written on audio. */
  level?: number;
  video: boolean;
  payload: Uint8Array;
}

export const MAX_HEADER_BYTES = 32;

/**
 * Writes the header of `packet` at `offset` and returns its length in bytes, a multiple of 4.
 *
 * The playout delay is 0–0 on all video: render a frame as soon as it is decoded.
 */
export function writeRtpHeader(
  target: Uint8Array,
  offset: number,
  packet: RtpPacket,
  ids: ExtensionIds,
): number {
  const { timestamp, ssrc } = packet;
  const sequence = packet.extendedSequence & 0xffff;
  target[offset + 1] = (packet.marker ? 0x80 : 0) | packet.payloadType;
  target[offset + 2] = sequence >> 8;
  target[offset + 3] = sequence & 255;
  target[offset + 4] = timestamp >>> 24;
  target[offset + 5] = timestamp >>> 16;
  target[offset + 6] = timestamp >>> 8;
  target[offset + 7] = timestamp;
  target[offset + 8] = ssrc >>> 24;
  target[offset + 9] = ssrc >>> 16;
  target[offset + 10] = ssrc >>> 8;
  target[offset + 11] = ssrc;
  let at = offset + 16;
  if (ids.transportCc) {
    target[at] = ids.transportCc << 4 | 1;
    target[at + 1] = packet.transportSequence >> 8;
    target[at + 2] = packet.transportSequence & 255;
    at += 3;
  }
  if (packet.video && ids.playoutDelay) {
    target[at] = ids.playoutDelay << 4 | 2;
    target[at + 1] = target[at + 2] = target[at + 3] = 0;
    at += 4;
  }
  if (packet.level !== undefined && ids.audioLevel) {
    target[at] = ids.audioLevel << 4;
    target[at + 1] = Math.min(127, Math.max(0, Math.round(-packet.level)));
    at += 2;
  }
  const extended = at > offset + 16;
  target[offset] = 0x80 | (extended ? 0x10 : 0);
  if (!extended) return 12;
  while ((at - offset) & 3) target[at++] = 0;
  target[offset + 12] = 0xbe;
  target[offset + 13] = 0xde;
  target[offset + 14] = 0;
  target[offset + 15] = (at - offset - 16) >> 2;
  return at - offset;
}

/** A received packet; `payload` is a view without padding. */
export interface ReceivedRtp {
  payloadType: number;
  sequence: number;
  timestamp: number;
  ssrc: number;
  payload: Uint8Array;
}

/** Reads a decrypted RTP packet, or undefined where it is not one (RFC 3550 section 5.1). */
export function readRtp(bytes: Uint8Array): ReceivedRtp | undefined {
  if (bytes.length < 12 || bytes[0] >> 6 !== 2) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 12 + 4 * (bytes[0] & 15);
  if (bytes[0] & 0x10) {
    if (start + 4 > bytes.length) return undefined;
    start += 4 + 4 * view.getUint16(start + 2);
  }
  let end = bytes.length;
  if (bytes[0] & 0x20) {
    const padding = bytes[end - 1];
    if (padding === 0) return undefined;
    end -= padding;
  }
  if (start > end) return undefined;
  return {
    payloadType: bytes[1] & 127,
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
    payload: bytes.subarray(start, end),
  };
}
