/**
 * A play session in this page: connection, input, statistics and what the player sees of them as
 * signals. The components read the signals; nothing of the framework is between an event of the
 * player's hand and the wire.
 */
import { batch, signal } from "@preact/signals";
import type { ControlToViewer, QualitySettings } from "../../src/protocol/control.ts";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { consumePads } from "../gamepad/poller.ts";
import { suspendNavigation } from "../navigation/navigation.ts";
import { messageOf } from "../state/api.ts";
import { house } from "../state/house.ts";
import { preferences, preferredMode } from "../state/preferences.ts";
import { ClipboardShare } from "./clipboard.ts";
import { Connection, type ConnectionState } from "./connection.ts";
import { cursorStyle } from "./cursor.ts";
import { diagnose } from "./diagnosis.ts";
import { captureKeyboard, type Shortcut } from "./input/keyboard.ts";
import { GamePads } from "./input/pads.ts";
import { capturePointer, type PointerCapture } from "./input/pointer.ts";
import { InputSender } from "./input/sender.ts";
import { captureTouch } from "./input/touch.ts";
import { Microphone } from "./microphone.ts";
import { saveScreenshot } from "./screenshot.ts";
import { Statistics } from "./stats/statistics.ts";

const SAMPLE_MS = 1000;
const PING_MS = 1000;
/** What hinders is told once it lasted so many samples: a game that falls still is no hindrance. */
const LASTING_SAMPLES = 3;
/** The first pings come faster: frame times need the clocks' relation. */
const FIRST_PINGS = 5;

export interface PlayerActions {
  /** Player shortcuts and the pad's menu combination. */
  onShortcut(shortcut: Shortcut): void;
}

export class PlayerSession {
  readonly connection = signal<ConnectionState>("connecting");
  readonly info = signal<SessionInfo | undefined>(undefined);
  /** Why the session is out of this page's hands. */
  readonly bye = signal<string | undefined>(undefined);
  readonly pictureShown = signal(false);
  readonly pointerLock = signal<"free" | "wanted" | "locked">("free");
  /** Whether pads reach the game, and why not. */
  readonly padsReach = signal<{ available: boolean; reason?: string }>({ available: true });
  readonly notice = signal<{ level: "info" | "warning"; text: string } | undefined>(undefined);
  readonly diagnosis = signal<string | undefined>(undefined);
  readonly microphoneOn = signal(false);
  /** The browser refused sound before a gesture. */
  readonly soundBlocked = signal(false);
  /** Counts samples, for what redraws once a second. */
  readonly sampled = signal(0);

  readonly statistics = new Statistics();
  readonly sender: InputSender;
  readonly pads: GamePads;
  readonly #connection: Connection;
  readonly #microphone = new Microphone();
  readonly #video: HTMLVideoElement;
  readonly #clipboard: ClipboardShare;
  readonly #pointer: PointerCapture;
  #trace = 0;
  #pings = 0;
  #hindered = 0;
  #stops: (() => void)[] = [];
  #releasePads: (() => void) | undefined;
  #resumeNavigation: (() => void) | undefined;

  constructor(sessionId: string, video: HTMLVideoElement, actions: PlayerActions) {
    this.#video = video;
    this.sender = new InputSender(() => this.#connection?.link);
    this.pads = new GamePads(this.sender, () => actions.onShortcut("menu"));
    this.#connection = new Connection(sessionId, preferredMode, {
      onState: (state) => this.#stateChanged(state),
      onSession: (session) => this.info.value = session,
      onBye: (reason) => this.bye.value = reason,
      onMedia: (stream) => this.#showMedia(stream),
      onControl: (message) => this.#control(message),
    });
    this.#clipboard = new ClipboardShare(
      (text) => this.#connection.send({ type: "clipboard", text }),
      () => preferences.value.shareClipboard && this.sender.active,
    );
    this.#pointer = capturePointer(video, this.sender, (state) => this.pointerLock.value = state);
    this.#stops.push(
      captureKeyboard(this.sender, actions.onShortcut),
      captureTouch(video, this.sender, () => preferences.value.touchMode),
      every(SAMPLE_MS, () => this.#sample()),
      every(PING_MS, () => this.#ping()),
      this.#watchFrames(),
      onEvent(document, "visibilitychange", () => {
        if (document.hidden) this.sender.releaseAll();
      }),
      onEvent(globalThis, "pagehide", () => this.sender.releaseAll()),
      onEvent(globalThis, "pointerdown", () => this.#unblockSound()),
      onEvent(globalThis, "keydown", () => this.#unblockSound()),
    );
    this.setPlaying(true);
  }

  /** Input goes to the game (true) or to the pages and menus over it (false). */
  setPlaying(playing: boolean): void {
    if (playing === this.sender.active) return;
    if (!playing) {
      this.sender.releaseAll();
      this.#releasePads?.();
      this.pads.onCovered();
      this.#resumeNavigation?.();
      this.#releasePads = this.#resumeNavigation = undefined;
      if (this.#pointer.locked) document.exitPointerLock();
      this.sender.active = false;
      return;
    }
    this.sender.active = true;
    this.#resumeNavigation = suspendNavigation();
    this.#releasePads = consumePads(this.pads);
    this.pads.announce();
    this.#video.focus({ preventScroll: true });
  }

  /** Asks the session for another picture; null is automatic. */
  setQuality(settings: QualitySettings): void {
    this.#connection.send({ type: "quality", settings });
  }

  /** Frame records on while anyone wants them; the answer is the end of that wish. */
  trace(): () => void {
    if (this.#trace++ === 0) this.#connection.send({ type: "trace", on: true });
    let wanted = true;
    return () => {
      if (!wanted) return;
      wanted = false;
      if (--this.#trace === 0) this.#connection.send({ type: "trace", on: false });
    };
  }

  async toggleMicrophone(): Promise<void> {
    const peer = this.#connection.peer;
    try {
      if (this.#microphone.on) await this.#microphone.stop(peer);
      else await this.#microphone.start(peer);
    } catch (error) {
      this.notice.value = { level: "warning", text: messageOf(error) };
    }
    this.microphoneOn.value = this.#microphone.on;
    this.#connection.send({ type: "microphone", on: this.#microphone.on });
  }

  async screenshot(): Promise<void> {
    try {
      await saveScreenshot(this.#video, this.info.value?.title ?? "Gamelan");
      this.notice.value = { level: "info", text: "Screenshot saved to your downloads" };
    } catch (error) {
      this.notice.value = { level: "warning", text: messageOf(error) };
    }
  }

  get reconnects(): number {
    return this.#connection.reconnects;
  }

  /** Leaves; the game goes on for its grace time. */
  close(): void {
    this.setPlaying(false);
    for (const stop of this.#stops) stop();
    this.#pointer.stop();
    this.#clipboard.stop();
    this.#microphone.stop(this.#connection.peer).catch(() => {});
    this.#connection.close();
    this.#video.srcObject = null;
  }

  #stateChanged(state: ConnectionState): void {
    this.connection.value = state;
    if (state !== "connected") return;
    this.statistics.restart();
    this.#pings = 0;
    this.#ping();
    if (this.#trace > 0) this.#connection.send({ type: "trace", on: true });
    this.#tellWishes();
    if (this.sender.active) this.pads.announce();
    if (this.#microphone.on) {
      this.#microphone.attach(this.#connection.peer).catch(() => {});
      this.#connection.send({ type: "microphone", on: true });
    }
  }

  /** Picture and keyboard are set by whose session it is, not by a guest's device. */
  #tellWishes(): void {
    const user = house.value?.user;
    if (!user || this.info.value?.owner !== user.id) return;
    const { bitrate, height, fps, keyboard } = preferences.value;
    if (bitrate !== null) this.setQuality({ bitrate });
    // The session began with the mode of the device it was started on; this one may wish another.
    if (height !== null || fps !== null) this.setQuality({ mode: preferredMode() });
    this.#connection.send({ type: "keyboard", keyboard });
  }

  #showMedia(stream: MediaStream): void {
    this.#video.srcObject = stream;
    this.#video.volume = preferences.value.volume;
    this.#video.muted = preferences.value.muted;
    this.#play();
  }

  /** Sound needs a gesture in most browsers: without one the picture starts silent. */
  async #play(): Promise<void> {
    try {
      await this.#video.play();
      this.soundBlocked.value = false;
    } catch {
      if (this.connection.value === "over") return;
      this.#video.muted = true;
      this.soundBlocked.value = !preferences.value.muted;
      await this.#video.play().catch(() => {});
    }
  }

  #unblockSound(): void {
    // A modifier key alone is no gesture: unmuting by it would stop the picture.
    if (!this.soundBlocked.value || navigator.userActivation?.isActive === false) return;
    this.soundBlocked.value = false;
    this.#video.muted = preferences.value.muted;
    this.#play();
  }

  #control(message: ControlToViewer): void {
    switch (message.type) {
      case "pong":
        this.statistics.clock.add(message.t, performance.now(), message.now);
        break;
      case "session":
        this.info.value = message.session;
        break;
      case "cursor":
        this.#video.style.cursor = cursorStyle(message);
        break;
      case "pointer-lock":
        this.#pointer.setWanted(message.locked);
        break;
      case "clipboard":
        this.#clipboard.received(message.text);
        break;
      case "rumble":
        this.pads.rumble(message.pad, message.strong, message.weak, message.ms);
        break;
      case "pads":
        this.padsReach.value = message;
        break;
      case "frames":
        this.statistics.framesSent(message.frames);
        break;
      case "stats":
        this.statistics.session = message;
        break;
      case "notice":
        this.notice.value = message;
        break;
    }
  }

  #ping(): void {
    this.#connection.send({ type: "ping", t: performance.now() });
    if (++this.#pings < FIRST_PINGS) setTimeout(() => this.#ping(), 60);
  }

  #watchFrames(): () => void {
    const video = this.#video;
    if (!("requestVideoFrameCallback" in video)) {
      const timer = onEvent(video, "timeupdate", () => this.pictureShown.value = true);
      return timer;
    }
    let handle = 0;
    const next: VideoFrameRequestCallback = (now, metadata) => {
      this.statistics.frameShown(now, metadata);
      if (!this.pictureShown.value) this.pictureShown.value = true;
      handle = video.requestVideoFrameCallback(next);
    };
    handle = video.requestVideoFrameCallback(next);
    return () => video.cancelVideoFrameCallback(handle);
  }

  async #sample(): Promise<void> {
    const peer = this.#connection.peer;
    if (!peer || this.connection.value !== "connected") return;
    const { statistics } = this;
    const interval = await statistics.sample(peer, performance.now());
    const { session } = statistics;
    const mode = session?.mode ?? this.info.value?.mode;
    batch(() => {
      this.sampled.value++;
      if (!interval || !mode) return;
      const { shownFps: _shown, jitterMs: _jitter, ...stats } = interval;
      this.#connection.send({ type: "stats", stats });
      const sentence = document.hidden ? undefined : diagnose({
        ...interval,
        fps: interval.fps,
        mode,
        sessionFps: session?.fps,
        encoderLoad: session?.encoderLoad,
        dropped: interval.fps > 0 ? interval.droppedFrames / interval.fps : 0,
        targetMbps: session?.targetMbps,
        fixedMbps: preferences.value.bitrate,
        network: networkType(),
      });
      this.#hindered = sentence === undefined ? 0 : this.#hindered + 1;
      this.diagnosis.value = this.#hindered >= LASTING_SAMPLES ? sentence : undefined;
    });
  }
}

/** Network Information API, where there is one. */
function networkType(): string | undefined {
  return (navigator as Navigator & { connection?: { type?: string } }).connection?.type;
}

function every(ms: number, action: () => void): () => void {
  const timer = setInterval(action, ms);
  return () => clearInterval(timer);
}

function onEvent(target: EventTarget, type: string, listener: (event: Event) => void): () => void {
  target.addEventListener(type, listener);
  return () => target.removeEventListener(type, listener);
}
