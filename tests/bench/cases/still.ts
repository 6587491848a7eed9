import { join } from "node:path";
import { StampingClient } from "../../../src/cli/bench/stamping_client.ts";
import { PlayedSession } from "../played_session.ts";
import { cpuMs } from "../process_stat.ts";
import { type Case, summarize } from "../result.ts";

const MODE = { width: 1920, height: 1080, fps: 60 };
const WINDOW_MS = 2000;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a session costs while its game draws nothing and a viewer watches. */
export const still: Case = {
  name: "still",
  summary: "CPU of a session process on a still screen at 1080p60 with one viewer",
  async run({ quick }) {
    // A program that shows nothing itself; the picture is ours.
    const source = { kind: "command" as const, argv: ["/bin/sleep", "3600"], x11: false };
    const percent: number[] = [];
    for (let start = 0; start < (quick ? 1 : 3); start++) {
      let client: StampingClient | undefined;
      const session = await PlayedSession.start(source, MODE, (runDir) => {
        client = new StampingClient(join(runDir, "wayland-0"), MODE.width, MODE.height);
        client.commit();
      });
      try {
        // The picture's refreshes to full quality and the connection's start are over by then.
        await sleep(6000);
        for (let window = 0; window < (quick ? 3 : 10); window++) {
          const before = cpuMs(session.pid);
          const from = performance.now();
          await sleep(WINDOW_MS);
          percent.push((cpuMs(session.pid) - before) / (performance.now() - from) * 100);
        }
      } finally {
        client?.close();
        await session.close();
      }
    }
    const target = { max: 2, of: "p50" as const };
    return [summarize("CPU on a still screen, 1080p60", "% of a core", percent, { target })];
  },
};
