import type { EncodedAudio, EncodedFrame } from "../media/encoded.ts";
import type { PathEstimate, Transport, ViewerTransport } from "../media/stages.ts";
import { monotonicMs } from "../media/clock.ts";
import type { ControlFromViewer, ControlToViewer, FrameRecord } from "../protocol/control.ts";
import type { IceServer, VideoMode } from "../protocol/session.ts";
import type { SignalFromViewer, SignalToViewer } from "../protocol/signal.ts";
import { logger } from "../system/log.ts";

const log = logger("viewers");
/** Frame records of this many pictures wait at most for their last packet. */
const MAX_RECORDS = 240;

/** One page that takes part in the session. */
export interface Viewer {
  id: string;
  name: string;
  role: "player" | "spectator";
  /** The present connection; a page that reconnects gets a new one. */
  transport?: ViewerTransport;
  connected: boolean;
  /** When it first joined, to find the leading viewer. */
  joinedMs: number;
  estimate?: PathEstimate;
  /** Frame records wanted. */
  trace: boolean;
}

/** What viewers cause in the rest of the session. */
export interface ViewersHandler {
  signal(viewerId: string, message: SignalToViewer): void;
  /** The number of connected viewers changed. */
  count(connected: number): void;
  connected(viewer: Viewer): void;
  /** The viewer's input is no longer to be trusted to be held: release it. */
  gone(viewer: Viewer): void;
  input(viewer: Viewer, record: Uint8Array): void;
  control(viewer: Viewer, message: ControlFromViewer): void;
  microphone(viewer: Viewer, packet: Uint8Array): void;
  /** Whether one of the connected viewers hears 5.1; told when it changes. */
  surround(heard: boolean): void;
  idrNeeded(): void;
  /** The leading player says what the screen would like. */
  wanted(viewer: Viewer, mode: VideoMode): void;
}

/** The viewers of a session: their connections, and everything that is sent to all of them. */
export class Viewers {
  readonly #viewers = new Map<string, Viewer>();
  /** Records of pictures that are not sent yet, and those that are but not delivered yet. */
  readonly #pending = new Map<number, FrameRecord>();
  #delivered: FrameRecord[] = [];
  #surroundHeard = false;

  constructor(
    readonly transport: Transport,
    readonly iceServers: IceServer[],
    readonly handler: ViewersHandler,
  ) {}

  get connected(): Viewer[] {
    return [...this.#viewers.values()].filter((viewer) => viewer.connected);
  }

  /** Whose path decides the quality: the connected player who joined first, else any viewer. */
  get leader(): Viewer | undefined {
    const rank = (viewer: Viewer) => (viewer.role === "player" ? 0 : 1e15) + viewer.joinedMs;
    return this.connected.sort((a, b) => rank(a) - rank(b))[0];
  }

  get(viewerId: string): Viewer | undefined {
    return this.#viewers.get(viewerId);
  }

  join(id: string, name: string, role: Viewer["role"]): void {
    if (this.#viewers.has(id)) return;
    this.#viewers.set(id, {
      id,
      name,
      role,
      connected: false,
      joinedMs: monotonicMs(),
      trace: false,
    });
  }

  async leave(id: string): Promise<void> {
    const viewer = this.#viewers.get(id);
    if (!viewer) return;
    this.#viewers.delete(id);
    this.handler.gone(viewer);
    this.#setConnected(viewer, false);
    await viewer.transport?.close();
  }

  /** A signalling message of the viewer's page. */
  async signal(id: string, message: SignalFromViewer): Promise<void> {
    const viewer = this.#viewers.get(id);
    if (!viewer) return log.debug("signal of an unknown viewer", { viewer: id });
    try {
      if (message.type === "join") {
        if (message.mode) this.handler.wanted(viewer, message.mode);
        await this.#connect(viewer);
      } else if (message.type === "answer") await viewer.transport?.answer(message.sdp);
      else await viewer.transport?.addCandidate(message.candidate);
    } catch (error) {
      log.warn("signalling failed", { viewer: id, type: message.type, error });
      if (message.type !== "candidate") {
        this.handler.signal(id, {
          type: "bye",
          reason: `The connection could not be made: ${(error as Error).message}`,
        });
      }
    }
  }

  async #connect(viewer: Viewer): Promise<void> {
    const before = viewer.transport;
    // Taken before anything is waited for: of two joins at once, each closes the one before it.
    const transport = viewer.transport = this.transport.viewer();
    const isCurrent = () =>
      viewer.transport === transport && this.#viewers.get(viewer.id) === viewer;
    transport.onCandidate = (candidate) =>
      this.handler.signal(viewer.id, { type: "candidate", candidate });
    transport.onState = (state) => {
      if (!isCurrent()) return;
      log.info("viewer " + state, { viewer: viewer.id, name: viewer.name });
      if (state !== "connected") this.handler.gone(viewer);
      this.#setConnected(viewer, state === "connected");
    };
    transport.onInput = (record) => this.handler.input(viewer, record);
    transport.onControl = (message) => {
      if (message.type === "ping") {
        transport.sendControl({ type: "pong", t: message.t, now: monotonicMs() });
      } else if (message.type === "trace") viewer.trace = message.on;
      else this.handler.control(viewer, message);
    };
    transport.onMicrophone = (packet) => this.handler.microphone(viewer, packet);
    transport.onIdrNeeded = () => this.handler.idrNeeded();
    transport.onEstimate = (estimate) => viewer.estimate = estimate;
    transport.onSent = (rtpTimestamp, sentMs) => {
      if (viewer === this.leader) this.#sent(rtpTimestamp, sentMs);
    };
    await before?.close();
    const sdp = await transport.offer();
    if (!isCurrent()) return;
    this.handler.signal(viewer.id, { type: "offer", sdp, iceServers: this.iceServers });
  }

  #setConnected(viewer: Viewer, connected: boolean): void {
    if (viewer.connected === connected) return;
    viewer.connected = connected;
    if (connected) this.handler.connected(viewer);
    this.handler.count(this.connected.length);
  }

  video(frame: EncodedFrame): void {
    const viewers = this.connected;
    if (viewers.some((viewer) => viewer.trace)) this.#record(frame);
    for (const viewer of viewers) viewer.transport!.sendVideo(frame);
  }

  audio(packet: EncodedAudio): void {
    let surroundHeard = false;
    for (const { transport } of this.connected) {
      transport!.sendAudio(packet);
      surroundHeard ||= transport!.hearsSurround;
    }
    if (surroundHeard === this.#surroundHeard) return;
    this.#surroundHeard = surroundHeard;
    this.handler.surround(surroundHeard);
  }

  /** Sends to all. What a player copied is for players: a spectator only watches. */
  broadcast(message: ControlToViewer): void {
    for (const viewer of this.connected) {
      if (message.type === "clipboard" && viewer.role !== "player") continue;
      viewer.transport!.sendControl(message);
    }
  }

  bye(reason: string): void {
    for (const id of this.#viewers.keys()) this.handler.signal(id, { type: "bye", reason });
  }

  /** Sends the records of the pictures that left since the last call to whoever traces them. */
  flushRecords(): void {
    if (this.#delivered.length === 0) return;
    const message: ControlToViewer = { type: "frames", frames: this.#delivered };
    this.#delivered = [];
    for (const viewer of this.connected) {
      if (viewer.trace) viewer.transport!.sendControl(message);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#viewers.keys()].map((id) => this.leave(id)));
    await this.transport.close();
  }

  #record(frame: EncodedFrame): void {
    const { inputMs, commitMs, capturedMs, encodeStartMs, encodedMs } = frame.timings;
    if (this.#pending.size >= MAX_RECORDS) {
      this.#pending.delete(this.#pending.keys().next().value!);
    }
    this.#pending.set(frame.rtpTimestamp, [
      frame.rtpTimestamp,
      inputMs,
      commitMs,
      capturedMs,
      encodeStartMs,
      encodedMs,
      0,
      frame.data.length,
      frame.keyFrame ? 1 : 0,
    ]);
  }

  #sent(rtpTimestamp: number, sentMs: number): void {
    const record = this.#pending.get(rtpTimestamp);
    if (!record) return;
    this.#pending.delete(rtpTimestamp);
    record[6] = sentMs;
    this.#delivered.push(record);
  }
}
