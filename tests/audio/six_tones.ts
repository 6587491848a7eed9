/** A 5.1 game that is easy to tell apart: a tone of its own on each channel. */
import assert from "node:assert/strict";
import type { Speakers } from "./speakers.ts";
import { Player, sine, toneAmplitude } from "./tone.ts";

/** One tone a channel, in the order of WAVE files: FL, FR, centre, LFE, RL, RR. */
const TONES = [400, 600, 900, 100, 1300, 1700];
/** Of each tone, 0–1. */
export const AMPLITUDE = 0.2;

/** Plays the six tones until it is closed. */
export function playTones(server: string): { close(): Promise<void> } {
  let playing = true;
  const done = (async () => {
    const player = new Player(server, 6);
    for (let part = 0; playing; part++) {
      const tones = TONES.map((hz) => sine(hz, 10, 1, AMPLITUDE, part * 480));
      await player.write(new Int16Array(480 * 6).map((_, i) => tones[i % 6][Math.floor(i / 6)]));
    }
    await player.close();
  })();
  return {
    close: () => {
      playing = false;
      return done;
    },
  };
}

/**
 * Records until what the speakers play fits `wanted`, one row a speaker and one column a tone; fails
 * with what was heard last.
 */
export async function assertHeard(speakers: Speakers, wanted: number[][]): Promise<void> {
  let heard: string[][] = [];
  const rounded = (row: number[]) => row.map((amplitude) => amplitude.toFixed(2));
  for (let tries = 0; tries < 8; tries++) {
    const channels = await speakers.record(1500);
    const amplitudes = channels.map((samples) =>
      TONES.map((hz) => toneAmplitude(samples.slice(-19200), hz))
    );
    heard = amplitudes.map(rounded);
    // A busy machine drops pieces now and then, which smears the tones.
    if (wanted.every((row, i) => row.every((a, j) => Math.abs(a - amplitudes[i][j]) < 0.03))) {
      return;
    }
  }
  assert.deepEqual(heard.slice(0, wanted.length), wanted.map(rounded));
}

/** Each channel comes out of its own speaker: for {@linkcode assertHeard}. */
export const eachOnItsOwn = TONES.map((_, i) => TONES.map((_, j) => i === j ? AMPLITUDE : 0));
