import { NAL_SPS } from "../../src/video/bitstream/annexb.ts";
import { parseSps } from "../../src/video/bitstream/sps.ts";

/** RFC 6184, 5.7.1: a packet of several NAL units, each after its size in two bytes. */
const STAP_A = 24;

/**
 * Lines of the pictures that the last sequence parameter set in H.264 payloads of RTP announces, or
 * undefined where there is none. A session on a busy machine goes down from what it was asked for.
 */
export function pictureHeight(payloads: Iterable<Uint8Array>): number | undefined {
  let height: number | undefined;
  for (const payload of payloads) {
    for (const unit of units(payload)) {
      if ((unit[0] & 31) === NAL_SPS) height = parseSps(unit).height;
    }
  }
  return height;
}

function* units(payload: Uint8Array): Generator<Uint8Array> {
  if ((payload[0] & 31) !== STAP_A) return yield payload;
  for (let at = 1; at + 2 < payload.length;) {
    const size = payload[at] << 8 | payload[at + 1];
    yield payload.subarray(at + 2, at + 2 + size);
    at += 2 + size;
  }
}
