import { join } from "node:path";
import { startXvfb } from "../../x11/xvfb.ts";
import { modeName, MODES } from "../modes.ts";
import { type Case, percentile, type Result, summarize } from "../result.ts";
import { ffmpegPipeline, ourPipeline, pipelineCost } from "../x11_pipelines.ts";

/** What moves: everything, as in a game, or a quarter of the screen, as a video on a desktop. */
const CONTENTS = ["screen", "window"] as const;

/** Rounds of a content that are measured again where the machine was busy with something else. */
const MAX_REPEATS = 2;

/** CPU time of a desktop's pictures, from the X server to H.264. */
export const encodeCpu: Case = {
  name: "encode-cpu",
  summary: "CPU a picture of an X desktop to H.264, against ffmpeg -f x11grab",
  async run({ quick, log }) {
    const rounds = quick ? 1 : 3;
    const windowMs = quick ? 3000 : 5000;
    const results: Result[] = [];
    for (
      const [mode, content] of MODES.flatMap((mode) => CONTENTS.map((c) => [mode, c] as const))
    ) {
      const server = await startXvfb(mode.width, mode.height);
      const animation = startAnimation(server.display, content);
      const ours: number[] = [];
      const theirs: number[] = [];
      try {
        await animation.ready;
        let repeats = quick ? 0 : MAX_REPEATS;
        while (ours.length < rounds) {
          const our = await pipelineCost(ourPipeline, server.display, mode, windowMs);
          const peer = await pipelineCost(ffmpegPipeline, server.display, mode, windowMs);
          const describe = (name: string, { cpuMs, pictures, bytes }: typeof our) =>
            `${name} ${cpuMs.toFixed(2)} ms, ${
              Math.round(pictures / windowMs * 1000)
            } pictures/s, ${(bytes / 1000).toFixed(1)} kB each`;
          log(
            `${modeName(mode)} ${content}: ${describe("ours", our)}; ${describe("ffmpeg", peer)}`,
          );
          if (!(our.undisturbed && peer.undisturbed) && repeats-- > 0) {
            log("the machine was busy with something else: once more");
            continue;
          }
          ours.push(our.cpuMs);
          theirs.push(peer.cpuMs);
        }
      } finally {
        await animation.close();
        await server.kill();
      }
      const result = summarize(
        `CPU a picture, X11 ${modeName(mode)}, moving ${content}`,
        "ms CPU",
        ours,
        {
          peer: "ffmpeg -f x11grab, same x264 settings",
          peerSamples: theirs,
          target: { max: 0.65, of: "ratio" },
        },
      );
      // Rounds are pairs in time: what slows one slows the other.
      result.ratio = percentile(ours.map((value, round) => value / theirs[round]), 0.5);
      results.push(result);
    }
    return results;
  },
};

function startAnimation(display: string, content: string) {
  const script = join(import.meta.dirname!, "../x11_animation.ts");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-prompt", "--no-check", script, display, content],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = child.stdout.getReader();
  return {
    ready: output.read().then(({ done }) => {
      if (done) throw new Error("the X client ended; what it said is above");
    }),
    async close() {
      child.kill("SIGKILL");
      await child.status;
      await output.cancel().catch(() => {});
    },
  };
}
