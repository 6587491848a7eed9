import { join } from "node:path";
import { InputRouter } from "../input/router.ts";
import { FrameRing } from "../media/frame_ring.ts";
import { monotonicMs } from "../media/clock.ts";
import type {
  AudioPipeline,
  DisplayEvent,
  DisplaySource,
  GameExit,
  GameProcess,
  InputDevices,
  Transport,
  VideoPipeline,
} from "../media/stages.ts";
import type { ControlFromViewer, ControlToViewer } from "../protocol/control.ts";
import type { ToSession } from "../protocol/node.ts";
import type { SessionInfo, SessionSpec, VideoMode } from "../protocol/session.ts";
import { logger } from "../system/log.ts";
import { ControlSocket } from "./control_socket.ts";
import { IdrGate } from "./idr_gate.ts";
import { defaultLimits, type LifeEvent, SessionLife } from "./life.ts";
import { Microphone } from "./microphone.ts";
import { exitFailure, sentence, soundNotice, warning } from "./reasons.ts";
import type { SessionStages, XServer } from "./stages.ts";
import { startBitrate, StreamQuality } from "./stream_quality.ts";
import { type Viewer, Viewers } from "./viewers.ts";

const log = logger("session");
/** Room in the frame ring; a player may change up to this size while playing. */
const MAX_WIDTH = 3840;
const MAX_HEIGHT = 2160;
/** A window that looks like the empty screen for so long is taken for the game's picture too. */
const BLACK_WINDOW_MS = 3000;
/** What a stage may take to close; then the process ends, and the house removes what is left of it. */
const CLOSE_MS = 10_000;

type Stage = "display" | "encoder" | "sound" | "input devices" | "X server" | "game";

/** Messages that a viewer who joins later must see too; the newest of each kind is kept. */
type Sticky = Extract<ControlToViewer, { type: "cursor" | "pointer-lock" }>;

/**
 * One play session: wires display, video, audio, input, transport and game, and obeys its
 * {@linkcode SessionLife}. `run` resolves when everything it started is gone.
 */
export class Session {
  readonly #life: SessionLife;
  readonly #ring = FrameRing.allocate(MAX_WIDTH, MAX_HEIGHT);
  readonly #idrGate = new IdrGate();
  readonly #sticky = new Map<Sticky["type"], Sticky>();
  readonly #startedAt = Date.now();
  readonly #microphone = new Microphone(() => this.#audio);
  readonly #quality: StreamQuality;
  readonly #socket: ControlSocket;
  readonly #viewers: Viewers;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #finished = Promise.withResolvers<void>();
  /** How the stages that were or are being started are closed. */
  readonly #closers = new Map<Stage, () => Promise<void>>();
  #display: DisplaySource | undefined;
  #xserver: XServer | undefined;
  #video: VideoPipeline | undefined;
  #audio: AudioPipeline | undefined;
  #devices: InputDevices | undefined;
  #router: InputRouter | undefined;
  #game: GameProcess | undefined;
  #soundProblem: string | undefined;
  #awaitsWindow = false;
  #lastUpdate = "";
  #sharing: SessionInfo["sharing"];

  /**
   * Opens the session's control socket and its media port; nothing of the game runs yet.
   *
   * @param closeMs how long a stage may take to close in the end
   */
  static async open(
    spec: SessionSpec,
    stages: SessionStages,
    closeMs = CLOSE_MS,
  ): Promise<Session> {
    const transport = await stages.transport({
      iceServers: spec.iceServers,
      iceAddresses: spec.iceAddresses,
      sharedPort: spec.udpPort === undefined
        ? undefined
        : { port: spec.udpPort, sessionId: spec.id, runDir: spec.runDir },
      udpPorts: spec.udpPorts,
      startBitrate: startBitrate(spec),
      maxBitrate: spec.maxBitrateMbps * 1e6,
    });
    return new Session(spec, stages, transport, closeMs);
  }

  private constructor(
    readonly spec: SessionSpec,
    readonly stages: SessionStages,
    transport: Transport,
    readonly closeMs: number,
  ) {
    this.#sharing = spec.sharing;
    this.#quality = new StreamQuality(spec, {
      path: () => this.#viewers.leader?.estimate?.bitrate,
      configure: (settings) => this.#video?.configure(settings),
      reduced: (text) => this.#viewers.broadcast({ type: "notice", level: "warning", text }),
    });
    this.#life = new SessionLife({
      ...defaultLimits,
      graceMs: spec.graceSeconds * 1000,
      orphanMs: spec.orphanSeconds * 1000,
    }, monotonicMs());
    this.#viewers = new Viewers(
      transport,
      spec.iceServers,
      {
        signal: (viewerId, message) => this.#socket.send({ type: "signal", viewerId, message }),
        count: (count) => this.#viewerCount(count),
        connected: (viewer) => this.#viewerConnected(viewer),
        gone: (viewer) => this.#viewerGone(viewer),
        input: (viewer, record) => this.#router?.record(viewer.id, record),
        control: (viewer, message) => this.#control(viewer, message),
        microphone: (viewer, packet) => this.#microphone.packet(viewer, packet),
        surround: (heard) => this.#audio?.surround(heard),
        idrNeeded: () => this.#needIdr(),
        wanted: (viewer, mode) => {
          if (viewer.role !== "player") return;
          if (viewer === this.#viewers.leader || this.#viewers.connected.length === 0) {
            this.#setWantedMode(mode);
          }
        },
      },
    );
    this.#socket = new ControlSocket(join(spec.runDir, "control.sock"));
    this.#socket.onMessage = (message) => this.#agentMessage(message);
    this.#socket.onAgent = (present) => {
      this.#apply({ type: "agent", present });
      if (present) this.#sendUpdate(true);
    };
  }

  get info(): SessionInfo {
    const { spec } = this;
    return {
      id: spec.id,
      gameId: spec.gameId,
      title: spec.title,
      node: spec.node,
      owner: spec.owner,
      ownerName: spec.ownerName,
      sharing: this.#sharing,
      state: this.#life.state,
      step: this.#life.state === "starting" ? this.#life.step : undefined,
      reason: this.#life.reason,
      mode: this.#quality.wanted,
      viewers: this.#viewers.connected.length,
      startedAt: this.#startedAt,
    };
  }

  /** Runs the session to its end. Never rejects: what goes wrong is the reason of `failed`. */
  async run(): Promise<SessionInfo> {
    this.#timers.push(
      setInterval(() => {
        this.#apply({ type: "tick" });
        this.#viewers.flushRecords();
      }, 250),
      setInterval(() => this.#everySecond(), 1000),
    );
    // A start that hangs does not keep the session from its end.
    this.#start().catch((error) => {
      log.error("the session cannot start", { error });
      this.#apply({ type: "failed", reason: (error as Error).message });
    });
    await this.#finished.promise;
    await this.#close();
    return this.info;
  }

  /** Asks for the end in good order. */
  end(reason: string): void {
    this.#apply({ type: "end", reason });
  }

  async #start(): Promise<void> {
    const { spec, stages } = this;
    this.#apply({ type: "step", step: "display" });
    const places = { runDir: spec.runDir, sessionId: spec.id };
    const needs = stages.needs(spec);
    const [display, video, audio, devices] = await Promise.all([
      timed("display", this.#startDisplay()),
      this.#open("encoder", stages.video({ ring: this.#ring, settings: this.#quality.settings })),
      this.#open("sound", stages.audio({ ...places, surround: spec.surround }))
        .catch((error: Error) => this.#silent(error)),
      this.#open("input devices", needs.then(({ evdev }) => stages.devices({ ...places, evdev }))),
    ]);
    if (this.#life.over) return;
    this.#wire(video, audio, devices);
    this.#apply({ type: "step", step: "game" });
    let x11Display = display.x11Display;
    let xauthority = display.xauthority;
    if (display.waylandDisplay && (await needs).x11) {
      this.#awaitsWindow = true;
      const xserver = stages.xserver({
        waylandDisplay: display.waylandDisplay,
        runDir: spec.runDir,
        mode: this.#quality.wanted,
        onMapped: () => this.#windowMapped(),
        onView: (view) => this.#display?.setDesktopView(view),
        onExit: (reason) => this.#apply({ type: "failed", reason }),
      });
      this.#xserver = await this.#open("X server", xserver);
      x11Display = this.#xserver.display;
      xauthority = this.#xserver.xauthority;
    }
    if (this.#life.over) return;
    const game = stages.game(spec, {
      sessionId: spec.id,
      user: spec.owner,
      waylandDisplay: display.waylandDisplay,
      x11Display,
      xauthority,
      sound: audio?.game ?? { env: {}, sockets: [] },
      inputDirectory: devices.directory,
      mode: this.#quality.wanted,
      runDir: spec.runDir,
      dataDir: spec.dataDir,
    });
    this.#game = await this.#open("game", game);
    for (const text of this.#game?.warnings ?? []) this.#viewers.broadcast(warning(text));
    this.#game?.exited.then((exit) => this.#gameExited(exit));
    // The end may have been asked for while the game was being started.
    if (this.#life.state === "ending" && !this.#game) this.#apply({ type: "game-exited" });
  }

  /** Waits for a stage to start. Whatever becomes of that, {@linkcode #close} closes what it started. */
  #open<T extends { close(): Promise<void> } | GameProcess | undefined>(
    stage: Stage,
    starting: Promise<T>,
  ): Promise<T> {
    this.#closers.set(stage, async () => {
      // Why it did not start has been told.
      const started = await starting.catch(() => undefined);
      if (started) await ("close" in started ? started.close() : started.kill());
    });
    return timed(stage, starting);
  }

  #startDisplay(): Promise<Extract<DisplayEvent, { type: "ready" }>> {
    const { spec } = this;
    const ready = Promise.withResolvers<Extract<DisplayEvent, { type: "ready" }>>();
    const options = { mode: this.#quality.wanted, ring: this.#ring };
    const display = spec.source.kind === "x11"
      ? this.stages.desktop({ ...options, display: spec.source.display })
      : this.stages.compositor({
        ...options,
        socketPath: join(spec.runDir, "wayland-0"),
        keyboard: spec.keyboard,
      });
    display.onEvent = (event) => {
      if (event.type === "ready") ready.resolve(event);
      else if (event.type === "failed") ready.reject(new Error(event.message));
      this.#displayEvent(event);
    };
    this.#display = display;
    this.#closers.set("display", () => display.close());
    return ready.promise;
  }

  /** A game without sound is still a game. */
  #silent(error: Error): undefined {
    log.error("no sound", { error });
    this.#soundProblem = error.message;
  }

  #wire(
    video: VideoPipeline,
    audio: AudioPipeline | undefined,
    devices: InputDevices,
  ): void {
    this.#video = video;
    video.onFrame = (frame) => this.#viewers.video(frame);
    video.onLoad = (load) => this.#quality.load = load;
    video.onError = (reason) => this.#apply({ type: "failed", reason });
    // What was decided while it started.
    video.configure(this.#quality.settings);
    video.pause(this.#viewers.connected.length === 0);
    this.#audio = audio;
    if (audio) {
      audio.pause(this.#viewers.connected.length === 0);
      audio.onPacket = (packet) => this.#viewers.audio(packet);
      audio.onError = (message) => {
        this.#silent(new Error(message));
        this.#viewers.broadcast(soundNotice(message));
      };
    }
    this.#devices = devices;
    const router = this.#router = new InputRouter({
      display: (record) => this.#display?.input(record),
      devices,
    });
    devices.onRumble = (slot, strong, weak, ms) => {
      const owner = router.padOwner(slot);
      const transport = owner && this.#viewers.get(owner.viewerId)?.transport;
      transport?.sendControl({ type: "rumble", pad: owner!.pad, strong, weak, ms });
    };
    for (const viewer of this.#viewers.connected) {
      router.join(viewer.id, viewer.role);
      this.#tellPads(viewer);
    }
  }

  /** Whether gamepads reach the game; a viewer may be there before the devices are, and after. */
  #tellPads(viewer: Viewer): void {
    if (!this.#devices) return;
    const { available, reason } = this.#devices;
    viewer.transport!.sendControl({ type: "pads", available, reason });
  }

  #displayEvent(event: DisplayEvent): void {
    switch (event.type) {
      case "ready":
        return;
      case "first-frame":
        // An X server's empty screen is no picture of the game.
        if (!this.#awaitsWindow) this.#apply({ type: "first-frame" });
        return;
      case "cursor":
      case "pointer-lock":
        this.#sticky.set(event.type, event);
        return this.#viewers.broadcast(event);
      case "clipboard":
        return this.#viewers.broadcast(event);
      case "windows":
        return log.debug("windows", { titles: event.titles });
      case "client-error":
        return log.warn("client cut off", { pid: event.pid, error: event.message });
      case "failed":
        return this.#apply({ type: "failed", reason: event.message });
    }
  }

  /** An X11 game's window is there: the next picture is its first one. */
  #windowMapped(): void {
    const before = this.#ring.published;
    const since = monotonicMs();
    const timer = setInterval(() => {
      const waited = monotonicMs() - since;
      if (this.#ring.published === before && waited < BLACK_WINDOW_MS) return;
      clearInterval(timer);
      this.#apply({ type: "first-frame" });
    }, 20);
    this.#timers.push(timer);
  }

  #gameExited(exit: GameExit): void {
    const tail = this.#game?.tail() ?? [];
    log.info("game exited", { ...exit, tail });
    this.#apply({ type: "game-exited", failure: exitFailure(exit, tail) });
  }

  #agentMessage(message: ToSession): void {
    switch (message.type) {
      case "end":
        return this.end(message.reason);
      case "warn":
        return this.#viewers.broadcast(warning(message.text));
      case "share":
        this.#sharing = message.sharing;
        return this.#sendUpdate();
      case "viewer-join":
        return this.#viewers.join(message.viewerId, message.name, message.role);
      case "viewer-leave":
        this.#viewers.leave(message.viewerId);
        return;
      case "signal":
        this.#viewers.signal(message.viewerId, message.message);
    }
  }

  #viewerCount(count: number): void {
    this.#video?.pause(count === 0);
    this.#audio?.pause(count === 0);
    this.#apply({ type: "viewers", count });
    this.#sendUpdate();
  }

  #viewerConnected(viewer: Viewer): void {
    const transport = viewer.transport!;
    this.#router?.join(viewer.id, viewer.role);
    transport.sendControl({ type: "session", session: this.info });
    for (const message of this.#sticky.values()) transport.sendControl(message);
    this.#tellPads(viewer);
    if (this.#soundProblem) transport.sendControl(soundNotice(this.#soundProblem));
    for (const text of this.#game?.warnings ?? []) transport.sendControl(warning(text));
    this.#needIdr();
  }

  #needIdr(): void {
    const delayMs = this.#idrGate.ask(monotonicMs());
    if (delayMs === undefined) return;
    const make = () => {
      this.#idrGate.made(monotonicMs());
      this.#video?.requestIdr();
    };
    if (delayMs === 0) make();
    else setTimeout(make, delayMs);
  }

  #viewerGone(viewer: Viewer): void {
    this.#router?.leave(viewer.id);
    this.#microphone.release(viewer);
  }

  #control(viewer: Viewer, message: ControlFromViewer): void {
    if (viewer.role !== "player") return;
    switch (message.type) {
      case "quality": {
        const { mode, bitrate } = message.settings;
        if (bitrate !== undefined) this.#quality.wantBitrate(bitrate ? bitrate * 1e6 : undefined);
        if (mode !== undefined) this.#setWantedMode(mode ?? this.spec.mode);
        return this.#quality.decide();
      }
      case "keyboard":
        return this.#display?.setKeyboard(message.keyboard);
      case "clipboard":
        return this.#display?.setClipboard(message.text);
      case "microphone":
        if (message.on) this.#microphone.take(viewer);
        else this.#microphone.release(viewer);
        return;
      case "stats":
        return log.debug("viewer statistics", { viewer: viewer.id, ...message.stats });
    }
  }

  #setWantedMode(asked: VideoMode): void {
    if (!this.#quality.want(asked)) return;
    this.#display?.setMode(this.#quality.wanted);
    this.#quality.decide();
    this.#sendUpdate();
  }

  #everySecond(): void {
    this.#sendUpdate();
    const { leader } = this.#viewers;
    if (!leader) return;
    this.#quality.everySecond();
    const { settings, load } = this.#quality;
    for (const viewer of this.#viewers.connected) {
      viewer.transport!.sendControl({
        type: "stats",
        mode: settings.mode,
        fps: load.fps,
        targetMbps: settings.bitrate / 1e6,
        encoderLoad: load.load,
        lossPercent: (viewer.estimate?.loss ?? 0) * 100,
        rttMs: viewer.estimate?.rttMs ?? 0,
      });
    }
  }

  /** Tells agent and viewers what changed; nothing where nothing did. */
  #sendUpdate(force = false): void {
    const session = this.info;
    const text = JSON.stringify(session);
    if (text === this.#lastUpdate && !force) return;
    this.#lastUpdate = text;
    this.#socket.send({ type: "update", session });
    this.#viewers.broadcast({ type: "session", session });
  }

  #apply(event: LifeEvent): void {
    if (event.type === "failed") event = { ...event, reason: sentence(event.reason) };
    const before = this.#life.state;
    const actions = this.#life.apply(event, monotonicMs());
    if (this.#life.state !== before) {
      log.info(`${before} → ${this.#life.state}`, { reason: this.#life.reason });
    }
    for (const action of actions) {
      if (action === "request-close") this.#requestClose();
      else if (action === "terminate") this.#game?.terminate();
      else if (action === "kill") this.#game?.kill();
      else this.#finished.resolve();
    }
    if (event.type !== "tick" || this.#life.state !== before) this.#sendUpdate();
  }

  #requestClose(): void {
    if (this.spec.source.kind === "x11") this.#apply({ type: "game-exited" });
    else if (this.#xserver) this.#xserver.requestClose();
    else this.#display?.requestClose();
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#viewers.bye(this.#life.reason ?? "The session is over");
    await this.#closeStage("game");
    await Promise.all([
      this.#closed("the viewers", this.#viewers.close()),
      ...(["X server", "sound", "input devices", "encoder"] as const).map((stage) =>
        this.#closeStage(stage)
      ),
    ]);
    await this.#closeStage("display");
    this.#sendUpdate(true);
    await this.#closed("the control socket", this.#socket.close());
  }

  async #closeStage(stage: Stage): Promise<void> {
    await this.#closed(`the ${stage}`, this.#closers.get(stage)?.());
  }

  /** Waits until something is closed, but not for ever. Never rejects. */
  async #closed(what: string, closing: Promise<void> | undefined): Promise<void> {
    const late = Promise.withResolvers<void>();
    const message = `it took longer than ${this.closeMs / 1000} s`;
    const timer = setTimeout(() => late.reject(new Error(message)), this.closeMs);
    try {
      await Promise.race([closing, late.promise]);
    } catch (error) {
      log.error(`closing ${what} failed`, { error });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Logs how long a stage took to start. */
async function timed<T>(stage: string, starting: Promise<T>): Promise<T> {
  const begin = monotonicMs();
  const result = await starting;
  log.debug("stage started", { stage, ms: Math.round(monotonicMs() - begin) });
  return result;
}
