/**
 * What a picture costs on the CPU from the game's buffer to H.264, for the benchmark.
 */
import { libc } from "../../ffi/libc.ts";
import { libyuv } from "../../ffi/libyuv.ts";
import { monotonicMs } from "../../src/media/clock.ts";
import { FrameReader, FrameRing, FrameWriter } from "../../src/media/frame_ring.ts";
import type { VideoSettings } from "../../src/media/stages.ts";
import { softwareEncoder } from "../../src/video/software/provider.ts";

const CLOCK_PROCESS_CPUTIME_ID = 2;

/** CPU time of all threads of this process, ms (clock_gettime(2)). */
export function processCpuMs(): number {
  const time = new BigInt64Array(2);
  libc.clock_gettime(CLOCK_PROCESS_CPUTIME_ID, new Uint8Array(time.buffer));
  return Number(time[0]) * 1e3 + Number(time[1]) / 1e6;
}

/** One value per picture, ms. */
export interface PictureCost {
  /** CPU time of conversion and encoding, all threads. */
  cpuMs: number[];
  convertMs: number[];
  encodeMs: number[];
  /** Encoded bytes. */
  bytes: number[];
}

/**
 * Converts and encodes pictures the way a session does, one after the other on this thread.
 *
 * @param pictures BGRA bytes (Wayland's xrgb8888) of the mode's size, tightly packed; they are read
 *   before each measurement, so making them costs nothing here
 * @param warmUp pictures at the start that are left out
 * @param effort 0 is the provider's best preset; by default its own choice
 */
export function measureVideoCost(
  pictures: Iterable<Uint8Array<ArrayBuffer>>,
  { mode: { width, height, fps }, bitrate }: VideoSettings,
  { warmUp = 10, effort }: { warmUp?: number; effort?: number } = {},
): PictureCost {
  const settings = { width, height, fps, bitrate };
  const encoder = softwareEncoder.open(settings, effort ?? softwareEncoder.startEffort(settings));
  const ring = FrameRing.allocate(width, height);
  const writer = new FrameWriter(ring);
  const reader = new FrameReader(ring);
  const cost: PictureCost = { cpuMs: [], convertMs: [], encodeMs: [], bytes: [] };
  try {
    let index = 0;
    for (const picture of pictures) {
      const cpu = processCpuMs();
      const start = monotonicMs();
      const { y, u, v, yStride, uvStride } = writer.planes(width, height);
      const { ARGBToI420 } = libyuv();
      ARGBToI420(picture, width * 4, y, yStride, u, uvStride, v, uvStride, width, height);
      const converted = monotonicMs();
      writer.publish({ width, height, inputMs: 0, commitMs: start, capturedMs: converted });
      const { data } = encoder.encode(reader.take()!, { forceIdr: false });
      const encoded = monotonicMs();
      if (index++ < warmUp) continue;
      cost.cpuMs.push(processCpuMs() - cpu);
      cost.convertMs.push(converted - start);
      cost.encodeMs.push(encoded - converted);
      cost.bytes.push(data.length);
    }
  } finally {
    encoder.close();
  }
  return cost;
}
