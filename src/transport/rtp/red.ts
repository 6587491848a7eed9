/**
 * Redundant audio: each packet repeats the one before it.
 * Source: RFC 2198; use with Opus as in `red/48000/2` with `a=fmtp:63 111/111`.
 */

/** Longest block that a 10-bit length can say. */
const MAX_BLOCK = 1023;
/** Largest distance that a 14-bit timestamp offset can say. */
const MAX_OFFSET = 16383;

export interface AudioBlock {
  /** Of the codec. */
  payloadType: number;
  timestamp: number;
  data: Uint8Array;
}

/** Payload with `primary` and, where it fits the format, `previous` before it. */
export function writeRed(
  primary: AudioBlock,
  previous: AudioBlock | undefined,
): Uint8Array<ArrayBuffer> {
  const offset = previous ? (primary.timestamp - previous.timestamp) >>> 0 : 0;
  const redundant = previous && previous.data.length <= MAX_BLOCK && offset > 0 &&
      offset <= MAX_OFFSET
    ? previous.data
    : undefined;
  const head = redundant ? 5 : 1;
  const bytes = new Uint8Array(head + (redundant?.length ?? 0) + primary.data.length);
  if (redundant) {
    bytes[0] = 0x80 | previous!.payloadType;
    bytes[1] = offset >> 6;
    bytes[2] = (offset & 63) << 2 | redundant.length >> 8;
    bytes[3] = redundant.length & 255;
    bytes.set(redundant, head);
  }
  bytes[head - 1] = primary.payloadType;
  bytes.set(primary.data, head + (redundant?.length ?? 0));
  return bytes;
}

/**
 * The blocks of a payload, oldest first, the primary last; undefined where it is malformed.
 * Timestamps are absolute, modulo 2^32.
 */
export function readRed(payload: Uint8Array, timestamp: number): AudioBlock[] | undefined {
  const heads: { payloadType: number; offset: number; length: number }[] = [];
  let at = 0;
  while (at < payload.length && payload[at] & 0x80) {
    if (at + 4 > payload.length) return undefined;
    heads.push({
      payloadType: payload[at] & 127,
      offset: payload[at + 1] << 6 | payload[at + 2] >> 2,
      length: (payload[at + 2] & 3) << 8 | payload[at + 3],
    });
    at += 4;
  }
  if (at >= payload.length) return undefined;
  const payloadType = payload[at++];
  const blocks: AudioBlock[] = [];
  for (const { payloadType, offset, length } of heads) {
    if (at + length > payload.length) return undefined;
    blocks.push({
      payloadType,
      timestamp: (timestamp - offset) >>> 0,
      data: payload.subarray(at, at + length),
    });
    at += length;
  }
  blocks.push({ payloadType, timestamp, data: payload.subarray(at) });
  return blocks;
}
