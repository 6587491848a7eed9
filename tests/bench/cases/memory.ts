import { PlayedSession } from "../played_session.ts";
import { memory as memoryOf } from "../process_stat.ts";
import { type Case, summarize } from "../result.ts";

const MODE = { width: 1920, height: 1080, fps: 60 };
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a session process takes while it plays. */
export const memory: Case = {
  name: "memory",
  summary: "memory of a session process with the Test card at 1080p60 and one viewer",
  async run({ quick, log }) {
    const starts = quick ? 1 : 3;
    const pss: number[] = [];
    const rss: number[] = [];
    const own: number[] = [];
    for (let start = 0; start < starts; start++) {
      const session = await PlayedSession.start({ kind: "testcard" }, MODE);
      try {
        await sleep(quick ? 3000 : 10_000);
        for (let sample = 0; sample < 10; sample++) {
          session.peer.packets.length = 0;
          await sleep(1000);
          const { packets } = session.peer;
          const fps = packets.filter(({ header }) => header.marker).length;
          const now = memoryOf(session.pid);
          if (sample === 9) {
            log(`${fps} pictures a second; RSS ${now.rss.toFixed(0)}, PSS ${now.pss.toFixed(0)}`);
          }
          pss.push(now.pss);
          rss.push(now.rss);
          own.push(now.anonymous);
        }
      } finally {
        await session.close();
      }
    }
    const target = { max: 150, of: "p50" as const };
    return [
      summarize("memory of a session, 1080p60 (PSS)", "MB", pss, { target }),
      summarize("  its own pages (anonymous)", "MB", own),
      summarize("  with all pages of shared files (RSS)", "MB", rss),
    ];
  },
};
