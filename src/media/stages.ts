/**
 * The stages of a session and how they touch. The session wires them; no stage knows another.
 *
 * display → FrameRing → video → EncodedFrame → transport → viewers
 * sound → EncodedAudio → transport
 * viewers → input records → display (seat) and devices (uinput)
 */
import type { IceCandidate } from "../protocol/signal.ts";
import type { IceServer, KeyboardLayout, VideoMode } from "../protocol/session.ts";
import type { ControlFromViewer, ControlToViewer } from "../protocol/control.ts";
import type { EncodedAudio, EncodedFrame } from "./encoded.ts";

/** What a display tells the session. */
export type DisplayEvent =
  /** Clients may connect now. `waylandDisplay`: absolute socket path; `x11Display`: such as ":5". */
  | { type: "ready"; waylandDisplay?: string; x11Display?: string; xauthority?: string }
  /** The first picture of a window is in the ring. */
  | { type: "first-frame" }
  | Extract<ControlToViewer, { type: "cursor" | "pointer-lock" | "clipboard" }>
  /** Windows that are mapped, topmost last. Empty again when the game closed them all. */
  | { type: "windows"; titles: string[] }
  /** A client broke the protocol and was cut off; for the log. */
  | { type: "client-error"; pid: number; message: string }
  /** The display itself cannot go on. */
  | { type: "failed"; message: string };

/** What an X11 game needs of its X server's desktop, and which part of it is shown. */
export interface DesktopView {
  /** Process id of the X server, a client of the compositor. */
  server: number;
  /** Pixels that the desktop has at least, however small the stream's picture is. */
  room?: { width: number; height: number };
  /** The part to show, in pixels of the desktop; absent: all of it. */
  part?: { x: number; y: number; width: number; height: number };
}

/** Something that draws into a FrameRing: our compositor, or a running X11 desktop. */
export interface DisplaySource {
  onEvent: (event: DisplayEvent) => void;
  /** One input record of src/protocol/input.ts, already validated. */
  input(record: Uint8Array): void;
  setMode(mode: VideoMode): void;
  setKeyboard(layout: KeyboardLayout): void;
  setClipboard(text: string): void;
  /** Scales a part of an X server's desktop to the picture, also for input. */
  setDesktopView(view: DesktopView): void;
  /** Asks every window to close (xdg_toplevel.close, WM_DELETE_WINDOW). */
  requestClose(): void;
  close(): Promise<void>;
}

export interface VideoSettings {
  mode: VideoMode;
  /** bit/s */
  bitrate: number;
}

/** Once a second, for statistics and the congestion controller. */
export interface VideoLoad {
  /** Pictures encoded in the interval, a second. */
  fps: number;
  /** Median encode time, ms. */
  encodeMs: number;
  /** Encode time as a share of the frame interval; over 1 the machine cannot keep up. */
  load: number;
}

/** Takes pictures from a FrameRing and encodes the newest one. */
export interface VideoPipeline {
  onFrame: (frame: EncodedFrame) => void;
  onLoad: (load: VideoLoad) => void;
  onError: (message: string) => void;
  /** Size, rate and bitrate; takes effect with the next picture, an IDR where the size changed. */
  configure(settings: VideoSettings): void;
  /** The next picture is an IDR; encodes the last one again where nothing new comes. */
  requestIdr(): void;
  /** Stops encoding while nobody watches. */
  pause(paused: boolean): void;
  close(): Promise<void>;
}

/** The session's private sound server, capture and Opus encoder. */
export interface AudioPipeline {
  onPacket: (packet: EncodedAudio) => void;
  onError: (message: string) => void;
  /** Environment for the game: PULSE_SERVER and the like, and the socket paths to bind into its sandbox. */
  readonly game: { env: Record<string, string>; sockets: string[] };
  /** Stops encoding while nobody listens. */
  pause(paused: boolean): void;
  /** Whether a viewer hears 5.1 ({@linkcode EncodedAudio.surround}). */
  surround(wanted: boolean): void;
  /** Opus packets (48 kHz) of the player's microphone; undefined ends it. */
  microphone(packet: Uint8Array | undefined): void;
  close(): Promise<void>;
}

/** One connected page. */
export interface ViewerTransport {
  onCandidate: (candidate: IceCandidate) => void;
  /** Connected, and later lost: `lost` may come back to `connected`, `closed` may not. */
  onState: (state: "connected" | "lost" | "closed") => void;
  /** A validated input record with the channel it came by. */
  onInput: (record: Uint8Array) => void;
  onControl: (message: ControlFromViewer) => void;
  /** Opus packets of the microphone. */
  onMicrophone: (packet: Uint8Array) => void;
  /** The decoder needs an IDR (PLI, FIR, or joined). */
  onIdrNeeded: () => void;
  /** What the path to this viewer carries now. */
  onEstimate: (estimate: PathEstimate) => void;
  /**
   * The last packet of the frame with this RTP timestamp left for the viewer at `sentMs`
   * (monotonicMs); `bytes`: all its packets on the wire. Not called for a frame that was dropped.
   */
  onSent: (rtpTimestamp: number, sentMs: number, bytes: number) => void;
  /** It takes 5.1 sound where there is some, else stereo; known once it is connected. */
  readonly hearsSurround: boolean;
  /** SDP offer; candidates follow by onCandidate. */
  offer(): Promise<string>;
  answer(sdp: string): Promise<void>;
  addCandidate(candidate: IceCandidate): Promise<void>;
  sendVideo(frame: EncodedFrame): void;
  sendAudio(packet: EncodedAudio): void;
  sendControl(message: ControlToViewer): void;
  close(): Promise<void>;
}

export interface PathEstimate {
  /** bit/s for video */
  bitrate: number;
  /** 0–1, of the last interval */
  loss: number;
  rttMs: number;
  /** Queueing delay over the path's base, ms */
  queueMs: number;
}

export interface TransportOptions {
  iceServers: IceServer[];
  /** Addresses offered as host candidates; empty: all of the machine's. */
  iceAddresses: string[];
  /** The node's UDP port, which its sessions share; absent: a port of the session's own. */
  sharedPort?: { port: number; sessionId: string; runDir: string };
  /** The session's own port is one of these, inclusive; absent: any free one. */
  udpPorts?: [number, number];
  /** bit/s */
  startBitrate: number;
  maxBitrate: number;
}

/** Makes viewers. One a session; prepares certificates and offers ahead. */
export interface Transport {
  viewer(): ViewerTransport;
  close(): Promise<void>;
}

/** Gamepads (and keyboard, mouse, touch for evdev readers) as kernel devices of one session. */
export interface InputDevices {
  readonly available: boolean;
  /** Why not, for the player. */
  readonly reason?: string;
  /** Directory to bind as /dev/input in the sandbox, where devices are available. */
  readonly directory?: string;
  onRumble: (pad: number, strong: number, weak: number, ms: number) => void;
  /** The kernel did not make a device, or did not take an event: what it said. */
  onError: (message: string) => void;
  /** A pad event of player slot `pad` (0–3), as a record of src/protocol/input.ts. */
  input(record: Uint8Array): void;
  close(): Promise<void>;
}

/** What a game is given by its session. */
export interface GameEnvironment {
  sessionId: string;
  /** User id, for the save directories. */
  user: string;
  waylandDisplay?: string;
  x11Display?: string;
  xauthority?: string;
  sound: { env: Record<string, string>; sockets: string[] };
  inputDirectory?: string;
  mode: VideoMode;
  /** Private directory of the session on the host. */
  runDir: string;
  dataDir: string;
}

export interface GameExit {
  /** Exit code, or undefined where a signal ended it. */
  code?: number;
  signal?: string;
  /** The memory limit ended it. */
  outOfMemory: boolean;
}

/** A game that runs in its sandbox, with all processes it started. */
export interface GameProcess {
  /** Resolves when the last process of the game is gone, also those that detached. */
  readonly exited: Promise<GameExit>;
  /** What the player should know from the start, a sentence each. */
  readonly warnings: string[];
  /** Last lines of its output, for the failure message. */
  tail(): string[];
  /** SIGTERM to all its processes. */
  terminate(): void;
  /** Kills all its processes and resolves when none is left. */
  kill(): Promise<void>;
}
