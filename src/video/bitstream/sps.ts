import { NAL_SPS } from "./annexb.ts";
import { BitReader } from "./bit_reader.ts";

/** What a sequence parameter set says of the pictures (Rec. ITU-T H.264, 7.3.2.1.1 and E.1.1). */
export interface SequenceParameters {
  /** 66 Baseline, 77 Main, 100 High. */
  profileIdc: number;
  /** constraint_set0_flag is bit 7; constrained baseline has bit 6 with profile 66. */
  constraintFlags: number;
  /** Ten times the level, 52 for 5.2. */
  levelIdc: number;
  /** Pixels after cropping. */
  width: number;
  height: number;
  maxNumRefFrames: number;
  /** Absent where the stream does not say (colour then is the decoder's guess). */
  colour?: {
    fullRange: boolean;
    primaries: number;
    transfer: number;
    /** matrix_coefficients; 5 and 6 are BT.601. */
    matrix: number;
  };
  /** bitstream_restriction; without it a decoder may hold pictures back. */
  restriction?: { maxNumReorderFrames: number; maxDecFrameBuffering: number };
}

const EXTENDED_SAR = 255;
/** Profiles whose SPS has chroma format and scaling lists. */
const HIGH_PROFILES = [44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244];

/**
 * Reads a sequence parameter set.
 *
 * @param nal the NAL unit with its header byte, without start code
 * @throws RangeError where it is not an SPS, ends early or has values outside the standard's
 */
export function parseSps(nal: Uint8Array): SequenceParameters {
  if (nal.length < 4 || (nal[0] & 31) !== NAL_SPS) {
    throw new RangeError(`expected a sequence parameter set (type 7), got type ${nal[0] & 31}`);
  }
  const reader = new BitReader(nal.subarray(1));
  const profileIdc = reader.bits(8);
  const constraintFlags = reader.bits(8);
  const levelIdc = reader.bits(8);
  within("seq_parameter_set_id", reader.unsigned(), 31);
  const chroma = HIGH_PROFILES.includes(profileIdc) ? readChroma(reader) : 1;
  within("log2_max_frame_num_minus4", reader.unsigned(), 12);
  skipPictureOrder(reader);
  const maxNumRefFrames = within("max_num_ref_frames", reader.unsigned(), 16);
  reader.flag();
  const size = readSize(reader, chroma);
  const sps = { profileIdc, constraintFlags, levelIdc, maxNumRefFrames, ...size };
  return reader.flag() ? { ...sps, ...readVui(reader) } : sps;
}

function within(name: string, value: number, most: number): number {
  if (value > most) throw new RangeError(`expected ${name} up to ${most}, got ${value}`);
  return value;
}

/** Returns chroma_format_idc. */
function readChroma(reader: BitReader): number {
  const chroma = within("chroma_format_idc", reader.unsigned(), 3);
  if (chroma === 3) reader.flag();
  within("bit_depth_luma_minus8", reader.unsigned(), 6);
  within("bit_depth_chroma_minus8", reader.unsigned(), 6);
  reader.flag();
  if (reader.flag()) {
    for (let list = 0; list < (chroma === 3 ? 12 : 8); list++) {
      if (reader.flag()) skipScalingList(reader, list < 6 ? 16 : 64);
    }
  }
  return chroma;
}

function skipScalingList(reader: BitReader, size: number): void {
  let last = 8;
  for (let i = 0; i < size; i++) {
    const next = (last + reader.signed() + 256) % 256;
    if (next === 0) return;
    last = next;
  }
}

function skipPictureOrder(reader: BitReader): void {
  const type = within("pic_order_cnt_type", reader.unsigned(), 2);
  if (type === 0) within("log2_max_pic_order_cnt_lsb_minus4", reader.unsigned(), 12);
  if (type !== 1) return;
  reader.flag();
  reader.signed();
  reader.signed();
  const cycle = within("num_ref_frames_in_pic_order_cnt_cycle", reader.unsigned(), 255);
  for (let i = 0; i < cycle; i++) reader.signed();
}

function readSize(reader: BitReader, chroma: number): { width: number; height: number } {
  // 1055 macroblocks is the widest of level 6.2: sqrt(MaxFS * 8), table A-1.
  const widthInMbs = within("pic_width_in_mbs_minus1", reader.unsigned(), 1054) + 1;
  const heightInUnits = within("pic_height_in_map_units_minus1", reader.unsigned(), 1054) + 1;
  const frameOnly = reader.flag();
  if (!frameOnly) reader.flag();
  reader.flag();
  const fields = frameOnly ? 1 : 2;
  let width = widthInMbs * 16;
  let height = heightInUnits * 16 * fields;
  if (reader.flag()) {
    const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
    const unitY = (chroma === 1 ? 2 : 1) * fields;
    width -= (reader.unsigned() + reader.unsigned()) * unitX;
    height -= (reader.unsigned() + reader.unsigned()) * unitY;
  }
  if (width <= 0 || height <= 0) {
    throw new RangeError(`expected a picture after cropping, got ${width}×${height}`);
  }
  return { width, height };
}

function readVui(reader: BitReader): Pick<SequenceParameters, "colour" | "restriction"> {
  const vui: Pick<SequenceParameters, "colour" | "restriction"> = {};
  if (reader.flag() && reader.bits(8) === EXTENDED_SAR) reader.bits(32);
  if (reader.flag()) reader.flag();
  if (reader.flag()) {
    reader.bits(3);
    const fullRange = reader.flag();
    const described = reader.flag();
    const [primaries, transfer, matrix] = described
      ? [reader.bits(8), reader.bits(8), reader.bits(8)]
      : [2, 2, 2];
    vui.colour = { fullRange, primaries, transfer, matrix };
  }
  if (reader.flag()) {
    reader.unsigned();
    reader.unsigned();
  }
  if (reader.flag()) {
    reader.bits(32);
    reader.bits(32);
    reader.flag();
  }
  const nalHrd = reader.flag();
  if (nalHrd) skipHrd(reader);
  const vclHrd = reader.flag();
  if (vclHrd) skipHrd(reader);
  if (nalHrd || vclHrd) reader.flag();
  reader.flag();
  if (reader.flag()) {
    reader.flag();
    for (let i = 0; i < 4; i++) reader.unsigned();
    vui.restriction = {
      maxNumReorderFrames: within("max_num_reorder_frames", reader.unsigned(), 16),
      maxDecFrameBuffering: within("max_dec_frame_buffering", reader.unsigned(), 16),
    };
  }
  return vui;
}

function skipHrd(reader: BitReader): void {
  const count = within("cpb_cnt_minus1", reader.unsigned(), 31) + 1;
  reader.bits(8);
  for (let i = 0; i < count; i++) {
    reader.unsigned();
    reader.unsigned();
    reader.flag();
  }
  reader.bits(20);
}
