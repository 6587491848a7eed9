import type { FrameRing } from "../media/frame_ring.ts";
import type {
  AudioPipeline,
  DesktopView,
  DisplaySource,
  GameEnvironment,
  GameProcess,
  InputDevices,
  Transport,
  TransportOptions,
  VideoPipeline,
  VideoSettings,
} from "../media/stages.ts";
import type { KeyboardLayout, SessionSpec, VideoMode } from "../protocol/session.ts";

/** An X server for one X11 game, as a client of the session's compositor. */
export interface XServer {
  display: string;
  xauthority: string;
  requestClose(): void;
  close(): Promise<void>;
}

/** What a game wants of its session beside what every game gets. */
export interface GameNeeds {
  /** It is an X11 game: {@linkcode SessionStages.xserver}. */
  x11: boolean;
  /** It reads keyboard, mouse and touch screen from /dev/input. */
  evdev: boolean;
}

/** How a session gets its stages; tests give doubles. */
export interface SessionStages {
  compositor(options: {
    socketPath: string;
    mode: VideoMode;
    keyboard: KeyboardLayout;
    ring: FrameRing;
  }): DisplaySource;
  desktop(options: { display: string; mode: VideoMode; ring: FrameRing }): DisplaySource;
  xserver(options: {
    waylandDisplay: string;
    runDir: string;
    mode: VideoMode;
    /** The first window was shown; until then the screen is the server's empty one. */
    onMapped: () => void;
    /** Another part of its desktop is to be shown. */
    onView: (view: DesktopView) => void;
    onExit: (reason: string) => void;
  }): Promise<XServer>;
  video(options: { ring: FrameRing; settings: VideoSettings }): Promise<VideoPipeline>;
  audio(
    options: { runDir: string; sessionId: string; surround?: boolean },
  ): Promise<AudioPipeline>;
  transport(options: TransportOptions): Promise<Transport>;
  devices(options: { runDir: string; sessionId: string; evdev: boolean }): Promise<InputDevices>;
  needs(spec: SessionSpec): Promise<GameNeeds>;
  /** Starts the game of `spec`; undefined where the source has none (a running desktop). */
  game(spec: SessionSpec, environment: GameEnvironment): Promise<GameProcess | undefined>;
}
