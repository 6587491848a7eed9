import { startAudio } from "../../../src/audio/pipeline.ts";
import { soundLatency } from "../sound_latency.ts";
import { type Case, summarize } from "../result.ts";

/** From a game's write of a sound to the Opus packet on the thread that sends it. */
export const sound: Case = {
  name: "sound",
  summary: "a game's sound → Opus packet on the main thread",
  async run({ quick, log }) {
    const runDir = await Deno.makeTempDir({ prefix: "gamelan-bench-sound-" });
    try {
      const audio = await startAudio({ runDir, sessionId: "bench" });
      try {
        const samples = await soundLatency(audio, quick ? 5 : 40);
        log(`${samples.length} tones, with 10 ms in the game's own buffer`);
        return [summarize("sound → packet", "ms", samples)];
      } finally {
        await audio.close();
      }
    } finally {
      await Deno.remove(runDir, { recursive: true });
    }
  },
};
