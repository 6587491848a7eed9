/** nal_unit_type values of H.264 table 7-1 that matter here. */
export const NAL_SLICE = 1;
export const NAL_IDR = 5;
export const NAL_SEI = 6;
export const NAL_SPS = 7;
export const NAL_PPS = 8;

/** One NAL unit inside a byte stream. */
export interface NalUnit {
  /** nal_unit_type, 0–31. */
  type: number;
  /** Header byte and payload, without start code and trailing zero bytes; a view, not a copy. */
  data: Uint8Array<ArrayBuffer>;
}

/**
 * Splits an H.264 byte stream at its start codes (Rec. ITU-T H.264, Annex B).
 *
 * Whatever comes before the first start code and empty units are skipped, so any bytes are safe.
 */
export function nalUnits(stream: Uint8Array<ArrayBuffer>): NalUnit[] {
  const units: NalUnit[] = [];
  let start = -1;
  for (let one = stream.indexOf(1, 2); one >= 0; one = stream.indexOf(1, one + 1)) {
    if (stream[one - 1] !== 0 || stream[one - 2] !== 0) continue;
    if (start >= 0) add(units, stream, start, one - 2);
    start = one + 1;
  }
  if (start >= 0) add(units, stream, start, stream.length);
  return units;
}

function add(units: NalUnit[], stream: Uint8Array<ArrayBuffer>, start: number, end: number): void {
  // trailing_zero_8bits and the zero_byte of a four-byte start code belong to no unit.
  while (end > start && stream[end - 1] === 0) end--;
  if (end > start) units.push({ type: stream[start] & 31, data: stream.subarray(start, end) });
}

/** Joins NAL units into one access unit, each behind a four-byte start code. */
export function joinNalUnits(units: NalUnit[]): Uint8Array<ArrayBuffer> {
  const length = units.reduce((sum, unit) => sum + 4 + unit.data.length, 0);
  const stream = new Uint8Array(length);
  let position = 0;
  for (const { data } of units) {
    stream[position + 3] = 1;
    stream.set(data, position + 4);
    position += 4 + data.length;
  }
  return stream;
}
