import { AV_PKT_FLAG_KEY } from "../../../ffi/libavcodec.ts";
import {
  AV_OPT_SEARCH_CHILDREN,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AVERROR_EAGAIN,
  freeFunction,
} from "../../../ffi/libavutil.ts";
import { cstring } from "../../../ffi/libc.ts";
import type { I420Planes } from "../../media/frame_ring.ts";
import { joinNalUnits, NAL_SEI, nalUnits } from "../bitstream/annexb.ts";
import type { EncodedPicture, EncoderRate, EncoderSettings, VideoEncoder } from "../encoder.ts";
import { errorText, type Libav, LIBAV_PACKAGES, loadLibav, pointerTo } from "./libav.ts";
import type { Preset } from "./presets.ts";
import { x264Options, x264Rate } from "./x264_options.ts";

/** Shared memory that libavcodec may reference, so that it does not copy pictures out of it. */
interface SharedMemory {
  buffer: SharedArrayBuffer;
  address: bigint;
  /** AVBufferRef * */
  reference: Deno.PointerObject;
}

/** libx264 through libavcodec. Open one with {@linkcode openX264}. */
class X264Encoder implements VideoEncoder {
  readonly #libav: Libav;
  readonly #context: Deno.PointerObject;
  readonly #contextFields: DataView;
  readonly #frame: Deno.PointerObject;
  readonly #frameFields: DataView;
  readonly #packet: Deno.PointerObject;
  readonly #packetFields: DataView;
  /** Where the last picture lay. */
  #memory: SharedMemory | undefined;
  #pictures = 0n;
  #rate: EncoderRate;
  #closed = false;

  constructor(readonly settings: EncoderSettings, libav: Libav, context: Deno.PointerObject) {
    this.#libav = libav;
    this.#rate = settings;
    this.#context = context;
    const { frame, packet, codecContext } = libav.layout;
    this.#frame = libav.util.av_frame_alloc()!;
    this.#packet = libav.codec.av_packet_alloc()!;
    this.#contextFields = fieldsOf(context, Math.max(...Object.values(codecContext)) + 8);
    this.#frameFields = fieldsOf(this.#frame, frame.size);
    this.#packetFields = fieldsOf(this.#packet, Math.max(...Object.values(packet)) + 8);
    this.#frameFields.setInt32(frame.width, settings.width, true);
    this.#frameFields.setInt32(frame.height, settings.height, true);
    this.#frameFields.setInt32(frame.format, AV_PIX_FMT_YUV420P, true);
  }

  encode(picture: I420Planes, { forceIdr }: { forceIdr: boolean }): EncodedPicture {
    if (this.#closed) throw new Error("expected an open encoder; it was closed");
    const { codec } = this.#libav;
    this.#describe(picture, forceIdr);
    this.#check("takes no picture", codec.avcodec_send_frame(this.#context, this.#frame));
    const result = codec.avcodec_receive_packet(this.#context, this.#packet);
    if (result === AVERROR_EAGAIN) {
      throw new Error("libx264 held a picture back, expected one packet for each picture");
    }
    this.#check("gives no packet", result);
    try {
      return this.#takePacket();
    } finally {
      codec.av_packet_unref(this.#packet);
    }
  }

  setBitrate(rate: EncoderRate): void {
    if (this.#closed || rate.fps === this.#rate.fps && rate.bitrate === this.#rate.bitrate) return;
    this.#rate = rate;
    const { bitrate, vbv } = x264Rate(this.settings.fps, rate.fps, rate.bitrate);
    const { codecContext } = this.#libav.layout;
    // libx264's wrapper compares these with its own before every picture and reconfigures.
    this.#contextFields.setBigInt64(codecContext.bit_rate, BigInt(bitrate), true);
    this.#contextFields.setBigInt64(codecContext.rc_max_rate, BigInt(bitrate), true);
    this.#contextFields.setInt32(codecContext.rc_buffer_size, vbv, true);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { codec, util, layout } = this.#libav;
    codec.avcodec_free_context(pointerTo(this.#context));
    codec.av_packet_free(pointerTo(this.#packet));
    // The reference belongs to #memory, not to the frame.
    this.#frameFields.setBigUint64(layout.frame.buf, 0n, true);
    util.av_frame_free(pointerTo(this.#frame));
    this.#forgetMemory();
  }

  /** Points the AVFrame at the picture. */
  #describe(picture: I420Planes, forceIdr: boolean): void {
    const fields = this.#frameFields;
    const { frame } = this.#libav.layout;
    const memory = this.#memoryOf(picture.y.buffer);
    const planes = [picture.y, picture.u, picture.v];
    const strides = [picture.yStride, picture.uvStride, picture.uvStride];
    for (const [index, plane] of planes.entries()) {
      const rows = index === 0 ? this.settings.height : this.settings.height / 2;
      if (plane.length < strides[index] * rows || plane.buffer !== picture.y.buffer) {
        throw new RangeError(
          `expected a plane of ${strides[index]}×${rows} bytes, got ${plane.length}`,
        );
      }
      const address = memory.address + BigInt(plane.byteOffset);
      fields.setBigUint64(frame.data + 8 * index, address, true);
      fields.setInt32(frame.linesize + 4 * index, strides[index], true);
    }
    fields.setBigUint64(frame.buf, BigInt(Deno.UnsafePointer.value(memory.reference)), true);
    fields.setBigInt64(frame.pts, this.#pictures++, true);
    fields.setInt32(frame.pict_type, forceIdr ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE, true);
  }

  /**
   * A reference to the whole buffer: av_frame_ref copies every picture whose `buf[0]` is null.
   * The field keeps the buffer alive as long as the reference. libx264 has copied a picture when its
   * bits are out, so that nothing of the last one's is read any more.
   */
  #memoryOf(buffer: SharedArrayBuffer): SharedMemory {
    if (this.#memory?.buffer === buffer) return this.#memory;
    this.#forgetMemory();
    const pointer = Deno.UnsafePointer.of(new Uint8Array(buffer));
    const reference = this.#libav.util.av_buffer_create(
      pointer,
      BigInt(buffer.byteLength),
      freeFunction(),
      null,
      0,
    );
    if (reference === null) throw new Error("libavutil could not allocate a buffer reference");
    const address = BigInt(Deno.UnsafePointer.value(pointer));
    return this.#memory = { buffer, address, reference };
  }

  #forgetMemory(): void {
    if (this.#memory) this.#libav.util.av_buffer_unref(pointerTo(this.#memory.reference));
    this.#memory = undefined;
  }

  #takePacket(): EncodedPicture {
    const { packet } = this.#libav.layout;
    const address = this.#packetFields.getBigUint64(packet.data, true);
    const data = new Uint8Array(this.#packetFields.getInt32(packet.size, true));
    Deno.UnsafePointerView.copyInto(Deno.UnsafePointer.create(address)!, data);
    const keyFrame = (this.#packetFields.getInt32(packet.flags, true) & AV_PKT_FLAG_KEY) !== 0;
    return { data: keyFrame ? withoutSei(data) : data, keyFrame };
  }

  #check(what: string, result: number): void {
    if (result >= 0) return;
    throw new Error(`libx264 ${what}: ${errorText(this.#libav, result)} (${result})`);
  }
}

/** libx264 puts 700 bytes of its own settings before its first picture, half of a small IDR. */
function withoutSei(data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const units = nalUnits(data);
  const kept = units.filter((unit) => unit.type !== NAL_SEI);
  return kept.length === units.length ? data : joinNalUnits(kept);
}

function fieldsOf(pointer: Deno.PointerObject, bytes: number): DataView {
  return new DataView(Deno.UnsafePointerView.getArrayBuffer(pointer, bytes));
}

/**
 * Opens libx264 for pictures of one size.
 *
 * @param threads slices that are encoded in parallel, 1–16
 * @throws Error where libavcodec is missing or lacks libx264, or refuses the settings
 */
export function openX264(settings: EncoderSettings, preset: Preset, threads: number): VideoEncoder {
  const { width, height } = settings;
  if (!(width > 0 && height > 0) || width % 2 || height % 2) {
    throw new RangeError(`expected an even picture size, got ${width}×${height}`);
  }
  const libav = loadLibav();
  const codec = libav.codec.avcodec_find_encoder_by_name(cstring("libx264"));
  if (codec === null) {
    throw new Error(`libavcodec ${libav.version} has no libx264; ${LIBAV_PACKAGES}`);
  }
  const context = libav.codec.avcodec_alloc_context3(codec);
  if (context === null) throw new Error("libavcodec could not allocate a context; out of memory");
  try {
    for (const [name, value] of Object.entries(x264Options(settings, preset, threads))) {
      const result = libav.util.av_opt_set(
        context,
        cstring(name),
        cstring(value),
        AV_OPT_SEARCH_CHILDREN,
      );
      if (result < 0) {
        throw new Error(`libx264 refuses ${name}=${value}: ${errorText(libav, result)}`);
      }
    }
    const result = libav.codec.avcodec_open2(context, codec, null);
    if (result < 0) {
      throw new Error(
        `libx264 cannot encode ${width}×${height} at ${settings.fps} fps: ${
          errorText(libav, result)
        }`,
      );
    }
    return new X264Encoder(settings, libav, context);
  } catch (error) {
    libav.codec.avcodec_free_context(pointerTo(context));
    throw error;
  }
}
