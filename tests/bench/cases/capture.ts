import {
  captureLatency,
  nextCommit,
  sleepUntil,
  startStampedDisplay,
} from "../../../src/cli/bench/capture_latency.ts";
import { stampIn, StampingClient } from "../../../src/cli/bench/stamping_client.ts";
import { monotonicMs } from "../../../src/media/clock.ts";
import type { VideoMode } from "../../../src/protocol/session.ts";
import { modeName, MODES } from "../modes.ts";
import { type Case, summarize } from "../result.ts";
import { Screencopy } from "../screencopy.ts";
import { startSway } from "../sway.ts";

/** Pictures at the start that are left out: both sides' first ones fault their memory in. */
const WARM_UP = 30;

/** From a game's commit until its pixels can be read by the encoder. */
export const capture: Case = {
  name: "capture",
  summary: "commit → readable frame, against sway and wlr-screencopy",
  async run({ quick, log }) {
    const rounds = quick ? 1 : 3;
    const count = quick ? 60 : 300;
    const ours = MODES.map((): number[] => []);
    const theirs = MODES.map((): number[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, mode] of MODES.entries()) {
        log(`round ${round + 1} of ${rounds}, ${modeName(mode)}`);
        const display = await startStampedDisplay(mode);
        try {
          ours[index].push(...captureLatency(display, mode, WARM_UP + count).slice(WARM_UP));
        } finally {
          await display.close();
        }
        theirs[index].push(...await screencopyLatency(mode, count));
      }
    }
    return MODES.map((mode, index) =>
      summarize(`commit → readable frame, ${modeName(mode)}`, "ms", ours[index], {
        peer: "sway + wlr-screencopy",
        peerSamples: theirs[index],
        target: { max: 0.1, of: "ratio" },
      })
    );
  },
};

/**
 * The same client in sway, whose output is copied whenever it changes. The copy has been asked for
 * when the client commits, as a streamer does that waits for the next picture.
 */
async function screencopyLatency(mode: VideoMode, count: number): Promise<number[]> {
  const sway = await startSway(mode);
  let client: StampingClient | undefined;
  let copy: Screencopy | undefined;
  try {
    client = new StampingClient(sway.socketPath, mode.width, mode.height);
    copy = new Screencopy(sway.socketPath);
    const found: number[] = [];
    for (let i = 0; i < WARM_UP + count; i++) {
      copy.request();
      const { number, atMs } = client.commit();
      for (;;) {
        copy.finish();
        if (stampIn(copy.pixels, copy.stride, 4) === number) break;
        copy.request();
      }
      found.push(monotonicMs() - atMs);
      sleepUntil(nextCommit(atMs, mode.fps));
    }
    if (copy.width !== mode.width || copy.height !== mode.height) {
      throw new Error(
        `expected sway's output to be ${modeName(mode)}, it is ${copy.width}×${copy.height}`,
      );
    }
    return found.slice(WARM_UP);
  } finally {
    client?.close();
    copy?.close();
    await sway.close();
  }
}
