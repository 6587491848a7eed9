import { startStampedDisplay } from "../../../src/cli/bench/capture_latency.ts";
import { streamCost } from "../../../src/cli/bench/stream_cost.ts";
import { bitrateOf, modeName, MODES } from "../modes.ts";
import { type Case, type Result, summarize } from "../result.ts";

/** From a game's commit to its access unit on the thread that sends it. */
export const packet: Case = {
  name: "packet",
  summary: "commit → H.264 access unit on the main thread",
  async run({ quick, log }) {
    const rounds = quick ? 1 : 3;
    const count = quick ? 60 : 300;
    const packetMs = MODES.map((): number[] => []);
    const encodeMs = MODES.map((): number[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, mode] of MODES.entries()) {
        const display = await startStampedDisplay(mode);
        try {
          const cost = await streamCost(display, mode, {
            bitrate: bitrateOf(mode),
            count,
            warmUp: 60,
          });
          packetMs[index].push(...cost.packetMs);
          encodeMs[index].push(...cost.encodeMs);
          log(
            `${modeName(mode)}: ${cost.cpuMs.toFixed(2)} ms CPU and ${
              Math.round(cost.bytes / 1000)
            } kB a picture`,
          );
        } finally {
          await display.close();
        }
      }
    }
    return MODES.flatMap((mode, index): Result[] => [
      summarize(`commit → packet, ${modeName(mode)}`, "ms", packetMs[index]),
      summarize(`  of which encoding, ${modeName(mode)}`, "ms", encodeMs[index]),
    ]);
  },
};
