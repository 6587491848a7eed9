/** One plain sentence about what keeps the picture from being smooth. Pure. */

export interface StreamHealth {
  /** Frames a second shown, and what was asked for. */
  fps: number;
  mode: { width: number; height: number; fps: number };
  /** What the session encodes a second: a still game needs few frames. */
  sessionFps?: number;
  /** Encode time as a share of the frame interval. */
  encoderLoad?: number;
  /** 0–1 */
  loss: number;
  rttMs?: number;
  /** Half of the spread of arrival times. */
  jitterMs?: number;
  decodeMs?: number;
  /** Share of decoded frames that were not shown. */
  dropped: number;
  /** Mbit/s that the session aims at. */
  targetMbps?: number;
  /** The player's fixed bitrate, if set. */
  fixedMbps?: number | null;
  /** navigator.connection.type where the browser tells. */
  network?: string;
}

const SMALLER: [height: number, name: string][] = [
  [2160, "1440p"],
  [1440, "1080p"],
  [1080, "720p"],
  [720, "480p"],
];

/** The next smaller size's name, if there is one. */
function smaller(height: number): string | undefined {
  return SMALLER.find(([above]) => height >= above)?.[1];
}

/** The sentence, or undefined while all is well. The most certain cause comes first. */
export function diagnose(health: StreamHealth): string | undefined {
  const { mode } = health;
  const name = `${mode.height}p${mode.fps}`;
  const smallerSize = smaller(mode.height);
  const frameMs = 1000 / mode.fps;
  const network = networkName(health.network);

  if ((health.encoderLoad ?? 0) > 0.95) {
    const advice = smallerSize ? `: try ${smallerSize}` : ": try fewer frames a second";
    return `This machine cannot encode ${name}${advice}.`;
  }
  if (health.loss >= 0.015) {
    return `Your ${network} is losing ${Math.round(health.loss * 100)} % of packets.`;
  }
  if (health.decodeMs !== undefined && health.decodeMs > frameMs) {
    const advice = smallerSize ? `: try ${smallerSize}` : "";
    return `This device needs ${Math.round(health.decodeMs)} ms to decode a picture, ` +
      `too long for ${mode.fps} a second${advice}.`;
  }
  if ((health.jitterMs ?? 0) > 2 * frameMs) {
    return `Your ${network} delivers unevenly (pictures arrive up to ` +
      `${Math.round(health.jitterMs!)} ms apart from their time).`;
  }
  if ((health.rttMs ?? 0) > 80) {
    return `The way to the machine and back takes ${Math.round(health.rttMs!)} ms: ` +
      "controls will feel late.";
  }
  if (health.targetMbps !== undefined && health.targetMbps < lowBitrate(mode)) {
    if (health.fixedMbps != null && health.fixedMbps <= health.targetMbps * 1.05) {
      return `The bitrate is set to ${format(health.fixedMbps)} Mbit/s, which is little for ` +
        `${name}.`;
    }
    const advice = smallerSize ? `: ${smallerSize} will look sharper` : "";
    return `Your ${network} carries only ${format(health.targetMbps)} Mbit/s${advice}.`;
  }
  if (health.dropped > 0.1) {
    return "This browser does not show every picture it gets: close other tabs, or try fullscreen.";
  }
  const expected = Math.min(mode.fps, health.sessionFps ?? 0);
  if (expected > 20 && health.fps < expected * 0.8) {
    return `Only ${Math.round(health.fps)} of ${Math.round(expected)} pictures a second arrive.`;
  }
  return undefined;
}

/** Mbit/s under which a mode looks blurred: about 0.02 bit a pixel. */
function lowBitrate(mode: StreamHealth["mode"]): number {
  return mode.width * mode.height * mode.fps * 0.02 / 1e6;
}

function networkName(type: string | undefined): string {
  if (type === "wifi") return "Wi-Fi";
  if (type === "cellular") return "mobile network";
  return "network";
}

const format = (mbps: number) => mbps < 10 ? mbps.toFixed(1) : String(Math.round(mbps));
