import { IdleSession } from "../../../src/node/session_process.ts";
import { packageSession } from "../packaged_session.ts";
import { pictureHeight } from "../picture_height.ts";
import { PlayedSession } from "../played_session.ts";
import { type Memory, memory as memoryOf } from "../process_stat.ts";
import { type BenchContext, type Case, summarize } from "../result.ts";

const MODE = { width: 1920, height: 1080, fps: 60 };
/** The session's process gives freed memory back ten seconds after its start. */
const SETTLED_MS = 12_000;
/** How long pictures of the full size are waited for. */
const PATIENCE_S = 20;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * What a session process takes while it plays, as users run it: from the bundle of the one-file
 * executable, beside the process that a house keeps ready for the next session. This process stands
 * for the house, which runs the same Deno. The first start is without Deno's cache, as after an update.
 */
export const memory: Case = {
  name: "memory",
  summary: "memory of a session process with the Test card at 1080p60 and one viewer",
  async run(context) {
    await using packaged = await packageSession();
    const starts = context.quick ? 1 : 3;
    const bundled: Memory[] = [];
    const source: Memory[] = [];
    for (let start = 0; start < starts; start++) {
      bundled.push(...await played(context, "bundle", packaged.program));
      source.push(...await played(context, "source"));
    }
    if (bundled.length === 0) {
      throw new Error("expected a machine with time for 1080p60; run this when nothing else runs");
    }
    const target = { max: 150, of: "p50" as const };
    const of = (samples: Memory[], which: keyof Memory) => samples.map((sample) => sample[which]);
    return [
      summarize("memory of a session, 1080p60 (PSS)", "MB", of(bundled, "pss"), { target }),
      summarize("  its own pages (anonymous)", "MB", of(bundled, "anonymous")),
      summarize("  with all pages of shared files (RSS)", "MB", of(bundled, "rss")),
      summarize("  from the source tree (PSS)", "MB", of(source, "pss")),
    ];
  },
};

/**
 * Samples of one session, a second apart, after it gave back what its start took. Only those count
 * while the pictures have their full size: on a busy machine the session goes down, and smaller
 * pictures take less memory.
 */
async function played(
  { quick, log }: BenchContext,
  from: string,
  program?: string[],
): Promise<Memory[]> {
  const session = await PlayedSession.start({ kind: "testcard" }, MODE, undefined, program);
  const directory = await Deno.makeTempDir({ prefix: "gl-bench-next-" });
  const next = IdleSession.start(directory, program);
  const { packets } = session.peer;
  let height: number | undefined;
  const look = async (ms: number) => {
    await sleep(ms);
    height = pictureHeight(packets.map(({ payload }) => payload)) ?? height;
    return packets.splice(0).filter(({ header }) => header.marker).length;
  };
  try {
    await look(SETTLED_MS);
    const samples: Memory[] = [];
    const wanted = quick ? 3 : 10;
    let pictures = 0;
    for (let second = 0; second < PATIENCE_S && samples.length < wanted; second++) {
      const more = await look(1000);
      if (height !== MODE.height) continue;
      pictures += more;
      samples.push(memoryOf(session.pid));
    }
    const last = samples.at(-1);
    log(
      last
        ? `${from}: ${(pictures / samples.length).toFixed(0)} pictures a second; ` +
          `PSS ${last.pss.toFixed(0)}, anonymous ${last.anonymous.toFixed(0)}`
        : `${from}: not counted, the machine is too busy for ${MODE.height} lines: got ${height}`,
    );
    return samples;
  } finally {
    await next.dispose();
    await session.close();
    await Deno.remove(directory, { recursive: true });
  }
}
