/**
 * `window.gamelan` on the player's page: the live statistics for scripts.
 *
 * - `gamelan.stats()` answers {@linkcode ExposedStats}, a plain object that survives JSON.
 * - `gamelan.trace(true)` asks the session for frame records, so that `stages` fills also while
 *   the statistics overlay is closed; `gamelan.trace(false)` ends that.
 */
import { connectedPads } from "../gamepad/poller.ts";
import type { PlayerSession } from "./session.ts";
import { type StageTimes, totalOf } from "./stats/latency.ts";

/** Times in ms, rates a second, over the last second unless said otherwise. */
export interface ExposedStats {
  /** connecting, connected, reconnecting, over */
  connection: string;
  /** SessionState, or null before the session told. */
  session: string | null;
  /** StartStep while it starts. */
  step: string | null;
  reason: string | null;
  /** Links replaced since the page opened. */
  reconnects: number;
  /** Size of the shown picture, pixels; 0 before the first. */
  width: number;
  height: number;
  /** Decoded pictures. */
  fps: number;
  /** Pictures shown (video frame callbacks). */
  shownFps: number;
  framesDecoded: number;
  framesShown: number;
  framesDropped: number;
  freezes: number;
  bitrateMbps: number;
  /** 0–1 */
  loss: number;
  rttMs: number;
  jitterMs: number;
  jitterBufferMs: number;
  decodeMs: number;
  presentMs: number;
  codec: string | null;
  decoder: string | null;
  /** Medians of each stage over the last 5 s; needs tracing (see above). */
  stages: StageTimes;
  /** Sum of `stages`. */
  totalMs: number;
  /** Frames that the medians are of. */
  tracedFrames: number;
  /** Sound: packets since the link is up, energy as in webrtc-stats totalAudioEnergy. */
  audio: { packets: number; energy: number; level: number; muted: boolean; blocked: boolean };
  /** What the session reports of its side. */
  sessionStats: {
    width: number;
    height: number;
    modeFps: number;
    fps: number;
    targetMbps: number;
    encoderLoad: number;
    lossPercent: number;
  } | null;
  /** Pads in the game's slots, and pads that the browser sees. */
  pads: { slot: number; name: string; rumble: boolean }[];
  browserPads: number;
  padsReach: { available: boolean; reason?: string };
  inputsSent: number;
  pointerLock: string;
  diagnosis: string | null;
  notice: string | null;
}

interface GamelanWindow {
  gamelan?: { stats(): ExposedStats; trace(on: boolean): void };
}

/** Puts `window.gamelan` there; the answer takes it away. */
export function exposeStats(session: PlayerSession, video: HTMLVideoElement): () => void {
  const holder = globalThis as unknown as GamelanWindow;
  let endTrace: (() => void) | undefined;
  holder.gamelan = {
    stats: () => readStats(session, video),
    trace(on) {
      endTrace?.();
      endTrace = on ? session.trace() : undefined;
    },
  };
  return () => {
    endTrace?.();
    delete holder.gamelan;
  };
}

const STAGE_WINDOW_MS = 5000;

function readStats(session: PlayerSession, video: HTMLVideoElement): ExposedStats {
  const { statistics } = session;
  const { interval, counters, session: reported } = statistics;
  const info = session.info.value;
  const stages = statistics.stages(performance.now(), STAGE_WINDOW_MS);
  return {
    connection: session.connection.value,
    session: info?.state ?? null,
    step: info?.step ?? null,
    reason: session.bye.value ?? info?.reason ?? null,
    reconnects: session.reconnects,
    width: video.videoWidth,
    height: video.videoHeight,
    fps: interval?.fps ?? 0,
    shownFps: interval?.shownFps ?? 0,
    framesDecoded: counters?.framesDecoded ?? 0,
    framesShown: statistics.shownTotal,
    framesDropped: counters?.framesDropped ?? 0,
    freezes: counters?.freezeCount ?? 0,
    bitrateMbps: interval?.bitrateMbps ?? 0,
    loss: interval?.loss ?? 0,
    rttMs: interval?.rttMs ?? statistics.clock.rttMs ?? 0,
    jitterMs: interval?.jitterMs ?? 0,
    jitterBufferMs: interval?.jitterBufferMs ?? 0,
    decodeMs: interval?.decodeMs ?? 0,
    presentMs: interval?.presentMs ?? 0,
    codec: counters?.codec ?? null,
    decoder: counters?.decoder ?? null,
    stages,
    totalMs: totalOf(stages),
    tracedFrames: statistics.frames.length,
    audio: {
      packets: counters?.audioPacketsReceived ?? 0,
      energy: counters?.totalAudioEnergy ?? 0,
      level: counters?.audioLevel ?? 0,
      muted: video.muted,
      blocked: session.soundBlocked.value,
    },
    sessionStats: reported
      ? {
        width: reported.mode.width,
        height: reported.mode.height,
        modeFps: reported.mode.fps,
        fps: reported.fps,
        targetMbps: reported.targetMbps,
        encoderLoad: reported.encoderLoad,
        lossPercent: reported.lossPercent,
      }
      : null,
    pads: session.pads.pads,
    browserPads: connectedPads.value.length,
    padsReach: {
      available: session.padsReach.value.available,
      reason: session.padsReach.value.reason,
    },
    inputsSent: session.sender.sent,
    pointerLock: session.pointerLock.value,
    diagnosis: session.diagnosis.value ?? null,
    notice: session.notice.value?.text ?? null,
  };
}
