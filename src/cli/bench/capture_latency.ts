import { join } from "node:path";
import { startCompositor } from "../../display/compositor_source.ts";
import { monotonicMs } from "../../media/clock.ts";
import { FrameReader, FrameRing } from "../../media/frame_ring.ts";
import type { DisplaySource } from "../../media/stages.ts";
import type { VideoMode } from "../../protocol/session.ts";
import { readStamp, StampingClient } from "./stamping_client.ts";

/** A picture that has not come by then will not come. */
const LOST_MS = 2000;

/** A compositor with one stamping client. */
export interface StampedDisplay {
  ring: FrameRing;
  client: StampingClient;
  close(): Promise<void>;
}

/** Starts the compositor of a session with a client of the mode's size. */
export async function startStampedDisplay(mode: VideoMode): Promise<StampedDisplay> {
  const directory = await Deno.makeTempDir({ prefix: "gl-bench-" });
  const ring = FrameRing.allocate(mode.width, mode.height);
  const socketPath = join(directory, "wayland-0");
  const keyboard = { layout: "us", variant: "" };
  let display: DisplaySource | undefined;
  const remove = async () => {
    await display?.close();
    await Deno.remove(directory, { recursive: true });
  };
  try {
    const started = display = startCompositor({ socketPath, mode, keyboard, ring });
    await new Promise<void>((resolve, reject) => {
      started.onEvent = (event) => {
        if (event.type === "ready") resolve();
        else if (event.type === "failed") reject(new Error(event.message));
      };
    });
    const client = new StampingClient(socketPath, mode.width, mode.height);
    const close = async () => {
      client.close();
      await remove();
    };
    return { ring, client, close };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Milliseconds from just before a commit is sent until this thread has found the picture in the
 * ring, for each of `count` commits one after the other at the rate of the stream. Blocks the thread.
 */
export function captureLatency(
  { client, ring }: StampedDisplay,
  { fps }: VideoMode,
  count: number,
): number[] {
  const reader = new FrameReader(ring);
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    const { number, atMs } = client.commit();
    for (;;) {
      if (!reader.waitSync(LOST_MS)) throw new Error(`picture ${number} did not come in 2 s`);
      const frame = reader.take();
      if (frame && readStamp(frame) === number) break;
    }
    found.push(monotonicMs() - atMs);
    sleepUntil(nextCommit(atMs, fps));
  }
  return found;
}

/** Somewhat more than a frame interval later, so that no two commits fall into one. */
export function nextCommit(atMs: number, fps: number): number {
  return atMs + 1050 / fps;
}

const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread. */
export function sleepUntil(timeMs: number): void {
  Atomics.wait(never, 0, 0, Math.max(0, timeMs - monotonicMs()));
}
