/** −3 dB. */
const CENTRE = Math.SQRT1_2;

/**
 * 5.1 to stereo: each front channel keeps its level, centre and the rear channel of its side come in
 * 3 dB lower, the LFE channel is left out, and what is too loud is clipped (W3C Web Audio, section
 * "Down-mix": 5.1 to stereo; ITU-R BS.775). PulseAudio's own mix makes the rear nearly inaudible.
 *
 * `surround`: interleaved front left, centre, front right, rear left, rear right, LFE. Stereo sound
 * comes out unchanged.
 */
export function downmix(surround: Int16Array): Int16Array<ArrayBuffer> {
  const frames = surround.length / 6;
  const stereo = new Int16Array(frames * 2);
  for (let frame = 0; frame < frames; frame++) {
    const at = frame * 6;
    const centre = surround[at + 1];
    stereo[frame * 2] = clip(surround[at] + CENTRE * (centre + surround[at + 3]));
    stereo[frame * 2 + 1] = clip(surround[at + 2] + CENTRE * (centre + surround[at + 4]));
  }
  return stereo;
}

/**
 * Whether the rear or the LFE channel sounds; `surround` as in {@linkcode downmix}. The centre says
 * nothing: the sound server plays mono there.
 */
export function usesSurround(surround: Int16Array): boolean {
  for (let at = 0; at < surround.length; at += 6) {
    if (surround[at + 3] || surround[at + 4] || surround[at + 5]) return true;
  }
  return false;
}

function clip(value: number): number {
  return value > 32767 ? 32767 : value < -32768 ? -32768 : Math.round(value);
}
