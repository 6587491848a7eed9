/**
 * A real session process with a viewer, and the node agent's part played by the benchmark.
 */
import { join } from "node:path";
import { SessionLink } from "../../src/node/session_link.ts";
import { IdleSession, logTail } from "../../src/node/session_process.ts";
import type { ViewerTransport } from "../../src/media/stages.ts";
import type { SessionSource, VideoMode } from "../../src/protocol/session.ts";
import type { IceCandidate } from "../../src/protocol/signal.ts";
import { connectWerift, until, type WeriftPeer } from "../transport/werift_peer.ts";

const START_MS = 30_000;

/** A session that plays for one connected viewer. */
export class PlayedSession {
  private constructor(
    readonly pid: number,
    readonly peer: WeriftPeer,
    readonly runDir: string,
    readonly close: () => Promise<void>,
  ) {}

  /**
   * Starts one and resolves when the viewer receives pictures. Throws with the session's log where
   * it fails.
   *
   * @param onPlayable called when Wayland clients may connect in the session's directory
   * @param program what runs the session's process; by default the source tree
   */
  static async start(
    source: SessionSource,
    mode: VideoMode,
    onPlayable: (runDir: string) => void = () => {},
    program?: string[],
  ): Promise<PlayedSession> {
    const directory = await Deno.makeTempDir({ prefix: "gl-bench-" });
    const runDir = join(directory, "run");
    await Deno.mkdir(runDir);
    const idle = IdleSession.start(directory, program);
    const logFile = await idle.assign({
      id: "bench",
      title: "Bench",
      owner: "bench",
      ownerName: "Bench",
      sharing: "private",
      node: "bench",
      gameId: "bench",
      source,
      mode,
      keyboard: { layout: "us", variant: "" },
      iceServers: [],
      iceAddresses: ["127.0.0.1"],
      runDir,
      dataDir: join(directory, "data"),
      graceSeconds: 60,
      orphanSeconds: 60,
      maxBitrateMbps: 50,
      limits: { memoryMb: 4096, cpus: 0, pids: 512, scratchMb: 512 },
    }, directory);
    let peer: WeriftPeer | undefined;
    const close = async () => {
      await peer?.close();
      link?.send({ type: "end", reason: "The benchmark is over" });
      await idle.exited;
      link?.close();
      await Deno.remove(directory, { recursive: true });
    };
    let link: SessionLink | undefined;
    try {
      link = await SessionLink.connect(join(runDir, "control.sock"), START_MS);
      peer = await watch(link, mode, () => onPlayable(runDir));
      const { packets } = peer;
      await until("pictures of the session", () => packets.length > 0, START_MS);
      return new PlayedSession(idle.child.pid, peer, runDir, close);
    } catch (error) {
      const tail = logTail(logFile, 20).join("\n");
      await close();
      throw new Error(`the session does not play: ${(error as Error).message}\n${tail}`);
    }
  }
}

/** Joins as a viewer through the agent's link, as a page does through the coordinator. */
async function watch(
  link: SessionLink,
  mode: VideoMode,
  onPlayable: () => void,
): Promise<WeriftPeer> {
  const viewerId = "viewer";
  const offered = Promise.withResolvers<string>();
  const early: IceCandidate[] = [];
  // Only what the peer needs of a viewer's transport; the rest is inside the session's process.
  const viewer = {
    onCandidate: (candidate: IceCandidate) => void early.push(candidate),
    offer: () => offered.promise,
    answer: (sdp: string) => {
      link.send({ type: "signal", viewerId, message: { type: "answer", sdp } });
      return Promise.resolve();
    },
  };
  let playable = false;
  link.onMessage = (message) => {
    if (message.type === "update") {
      const { state, step, reason } = message.session;
      // The game is started when the display takes clients.
      if (!playable && (step === "game" || step === "first-frame")) {
        playable = true;
        onPlayable();
      }
      if (state === "failed" || state === "ended") offered.reject(new Error(reason ?? state));
    } else if (message.message.type === "offer") offered.resolve(message.message.sdp);
    else if (message.message.type === "candidate") viewer.onCandidate(message.message.candidate);
  };
  link.onClose = () => offered.reject(new Error("the session's process ended"));
  link.read();
  link.send({ type: "viewer-join", viewerId, name: "Bench", role: "player" });
  link.send({ type: "signal", viewerId, message: { type: "join", mode } });
  const peer = await connectWerift(viewer as unknown as ViewerTransport);
  for (const candidate of early) viewer.onCandidate(candidate);
  return peer;
}
