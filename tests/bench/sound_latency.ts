import type { EncodedAudio } from "../../src/media/encoded.ts";
import type { AudioPipeline } from "../../src/media/stages.ts";
import { Player, sine } from "../audio/tone.ts";

const PART_MS = 5;
/** The game's own buffer. */
const PLAYER_MS = 10;
/** Louder than any coding noise, in dBov. */
const LOUD = -30;
const QUIET_MS = 100;

/**
 * Plays `bursts` short tones into the session's sound server and measures for each the time from
 * the write of its first sample to the arrival of the first loud packet, in ms.
 *
 * It includes the player's buffer ({@linkcode PLAYER_MS} asked of the server), the server, the
 * capture, filling a packet and the encoder.
 */
export async function soundLatency(audio: AudioPipeline, bursts: number): Promise<number[]> {
  const before = audio.onPacket;
  const player = new Player(audio.game.env.PULSE_SERVER, 2, PLAYER_MS);
  const measured: number[] = [];
  const silence = new Int16Array(48 * PART_MS * 2);
  let quietMs = 0;
  let firstLoud: number | undefined;
  audio.onPacket = ({ level, durationMs }: EncodedAudio) => {
    quietMs = level > LOUD ? 0 : quietMs + durationMs;
    if (level <= LOUD) return;
    firstLoud ??= performance.now();
  };
  try {
    for (let burst = 0; burst < bursts; burst++) {
      // A tone that an underrun tears apart is over only when it has been quiet for a while. The
      // number of parts is odd, so that the bursts fall on all phases of a packet.
      for (let part = 0; part < 31 || (quietMs < QUIET_MS && part < 400); part++) {
        await player.write(silence);
      }
      firstLoud = undefined;
      const written = performance.now();
      for (let part = 0; part < 8; part++) await player.write(sine(1000, PART_MS, 2));
      for (let part = 0; part < 200 && firstLoud === undefined; part++) await player.write(silence);
      if (firstLoud === undefined) throw new Error("expected to hear the tone that was played");
      measured.push(firstLoud - written);
    }
  } finally {
    audio.onPacket = before;
    await player.close();
  }
  return measured;
}
