import { CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, libc } from "../../../ffi/libc.ts";
import { monotonicMs } from "../../media/clock.ts";
import type { EncodedFrame } from "../../media/encoded.ts";
import type { VideoPipeline } from "../../media/stages.ts";
import type { VideoMode } from "../../protocol/session.ts";
import { startVideo } from "../../video/pipeline.ts";
import { nextCommit, type StampedDisplay } from "./capture_latency.ts";

/** A machine whose processors others have is late with a picture; that it is slow is for who compares. */
const LOST_MS = 30_000;
/** Fewer say nothing. */
const LEAST_PICTURES = 12;

/** A value for each picture, ms, and what the whole took. */
export interface StreamCost {
  /** From just before a commit is sent until its access unit is on this thread. */
  packetMs: number[];
  /** In the encoder. */
  encodeMs: number[];
  /** CPU time of all threads a picture, without the client's drawing. */
  cpuMs: number;
  /** Mean bytes of an access unit. */
  bytes: number;
}

/**
 * Streams a stamped display one picture at a time at the rate of the mode, from commit to access
 * unit, as a session does.
 *
 * @param warmUp   pictures at the start that are left out
 * @param withinMs a slow machine ends after so long, with fewer than `count` pictures
 */
export async function streamCost(
  { client, ring }: StampedDisplay,
  mode: VideoMode,
  { bitrate, count, warmUp, withinMs = Infinity }: {
    bitrate: number;
    count: number;
    warmUp: number;
    withinMs?: number;
  },
): Promise<StreamCost> {
  const video = await startVideo({ ring, settings: { mode, bitrate } });
  const cost: StreamCost = { packetMs: [], encodeMs: [], cpuMs: 0, bytes: 0 };
  const deadline = monotonicMs() + withinMs;
  try {
    let cpuStart = 0;
    let drawing = 0;
    for (let i = 0; i < warmUp + count; i++) {
      if (i === warmUp) cpuStart = cpuTime(CLOCK_PROCESS_CPUTIME_ID);
      const drawStart = cpuTime(CLOCK_THREAD_CPUTIME_ID);
      const arrived = nextPicture(video);
      const { atMs } = client.commit();
      if (i >= warmUp) drawing += cpuTime(CLOCK_THREAD_CPUTIME_ID) - drawStart;
      const { frame, arrivedMs } = await arrived;
      if (i >= warmUp) {
        const { encodeStartMs, encodedMs } = frame.timings;
        cost.packetMs.push(arrivedMs - atMs);
        cost.encodeMs.push(encodedMs - encodeStartMs);
        cost.bytes += frame.data.length;
        if (cost.packetMs.length >= LEAST_PICTURES && monotonicMs() > deadline) break;
      }
      const wait = Math.max(0, nextCommit(atMs, mode.fps) - monotonicMs());
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    const measured = cost.packetMs.length;
    cost.cpuMs = (cpuTime(CLOCK_PROCESS_CPUTIME_ID) - cpuStart - drawing) / measured;
    cost.bytes /= measured;
  } finally {
    await video.close();
  }
  return cost;
}

/** The next picture that was committed; those that refresh an unchanged one have no commit. */
function nextPicture(video: VideoPipeline): Promise<{ frame: EncodedFrame; arrivedMs: number }> {
  return new Promise((resolve, reject) => {
    const lost = setTimeout(
      () => reject(new Error(`a picture was not encoded in ${LOST_MS / 1000} s`)),
      LOST_MS,
    );
    video.onFrame = (frame) => {
      const arrivedMs = monotonicMs();
      if (frame.timings.commitMs === 0) return;
      clearTimeout(lost);
      resolve({ frame, arrivedMs });
    };
    video.onError = (message) => reject(new Error(message));
  });
}

/** ms (clock_gettime(2)). */
function cpuTime(clock: number): number {
  const time = new BigInt64Array(2);
  libc.clock_gettime(clock, new Uint8Array(time.buffer));
  return Number(time[0]) * 1e3 + Number(time[1]) / 1e6;
}
