/**
 * Plays the Test card once, without a viewer: the real compositor, sandbox, input devices, sound and
 * encoder. What an update must still be able to do before it is kept, and the shortest proof that a
 * machine works.
 */
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { readStripFromLuma, type StripContent } from "../display/testcard/strip.ts";
import { InputRouter } from "../input/router.ts";
import { monotonicMs } from "../media/clock.ts";
import type { EncodedFrame } from "../media/encoded.ts";
import { type CapturedFrame, FrameReader, FrameRing, FrameWriter } from "../media/frame_ring.ts";
import type { AudioPipeline, DisplaySource, GameProcess, InputDevices } from "../media/stages.ts";
import { encodeInput, type InputEvent } from "../protocol/input.ts";
import type { Capability } from "../protocol/library.ts";
import type { SessionSpec } from "../protocol/session.ts";
import { liveStages } from "./live_stages.ts";
import type { SessionStages } from "./stages.ts";

/** Small: whether it works does not hang on the size, and a slow machine is done sooner. */
const MODE = { width: 320, height: 180, fps: 10 };
const BITRATE = 2_000_000;
/** A machine under load, or one that is only emulated, is slow but not broken. */
const PATIENCE_MS = 60_000;
/** A game that has not seen a press by then had not opened its new gamepad yet. */
const PAD_AGAIN_MS = 1000;
const PAD_TITLE = "A gamepad reaches the game";
const KEY_SPACE = 57;
const PLAYER = "self-test";

export interface SelfTestOptions {
  dataDir: string;
  /** Longest wait for each thing that must happen, ms; absent: a minute. */
  patienceMs?: number;
  /** Without gamepads the machine is not what it is meant to be: an appliance. */
  requireGamepad?: boolean;
  /** The real ones, unless a test plays another machine. */
  stages?: SessionStages;
}

/**
 * Runs the test and returns a row for each thing that was seen or not. A row that is `missing` is one
 * without which nobody can play; of the rows that depend on one that failed there is none.
 */
export async function selfTest(options: SelfTestOptions): Promise<Capability[]> {
  // A short path: it holds sockets.
  const runDir = await mkdtemp(join(await runFolder(), "gamelan-st-"));
  const test = new SelfTest(runDir, options);
  try {
    return await test.run();
  } finally {
    await test.close();
    await Deno.remove(runDir, { recursive: true }).catch(() => {});
  }
}

async function runFolder(): Promise<string> {
  const shm = await Deno.stat("/dev/shm").then((stat) => stat.isDirectory, () => false);
  return shm ? "/dev/shm" : "/tmp";
}

class SelfTest {
  readonly #ring = FrameRing.allocate(MODE.width, MODE.height);
  readonly #reader = new FrameReader(this.#ring);
  readonly #rows: Capability[] = [];
  readonly #patienceMs: number;
  readonly #stages: SessionStages;
  #display: DisplaySource | undefined;
  #audio: AudioPipeline | undefined;
  #devices: InputDevices | undefined;
  #game: GameProcess | undefined;
  #gone: string | undefined;

  constructor(readonly runDir: string, readonly options: SelfTestOptions) {
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#stages = options.stages ?? liveStages;
  }

  async run(): Promise<Capability[]> {
    if (!await this.#step("game", "A game in its sandbox", () => this.#startGame())) {
      return this.#rows;
    }
    const router = new InputRouter({
      display: (record) => this.#display!.input(record),
      devices: this.#devices!,
    });
    router.join(PLAYER, "player");
    await this.#step("key", "A key reaches the game", () =>
      this.#press(router, () => [
        { kind: "key", timeMs: monotonicMs(), code: KEY_SPACE, down: true },
        { kind: "key", timeMs: monotonicMs() + 1, code: KEY_SPACE, down: false },
      ]));
    if (this.#devices!.available || this.options.requireGamepad) {
      await this.#step("gamepad", PAD_TITLE, () => this.#pressPad(router));
    } else {
      this.#rows.push({
        id: "gamepad",
        title: PAD_TITLE,
        status: "warning",
        evidence: this.#devices!.reason!,
        fix: "See `gamelan doctor`.",
      });
    }
    await this.#step("encoder", "The picture is encoded", () => this.#encode());
    return this.#rows;
  }

  async close(): Promise<void> {
    await this.#game?.kill();
    await this.#audio?.close();
    await this.#devices?.close();
    await this.#display?.close();
  }

  /** Notes how a step went; its result is the evidence. False where it failed. */
  async #step(id: string, title: string, work: () => Promise<string>): Promise<boolean> {
    try {
      this.#rows.push({ id, title, status: "ok", evidence: await work() });
      return true;
    } catch (error) {
      const { message } = error as Error;
      this.#rows.push({ id, title, status: "missing", evidence: message, fix: "See the log." });
      return false;
    }
  }

  async #startGame(): Promise<string> {
    const began = monotonicMs();
    const { runDir, options } = this;
    const places = { runDir, sessionId: PLAYER };
    const socketPath = join(runDir, "wayland-0");
    this.#display = this.#stages.compositor({
      socketPath,
      mode: MODE,
      keyboard: { layout: "us", variant: "" },
      ring: this.#ring,
    });
    const ready = Promise.withResolvers<void>();
    this.#display.onEvent = (event) => {
      if (event.type === "ready") ready.resolve();
      else if (event.type === "failed") ready.reject(new Error(event.message));
    };
    await ready.promise;
    this.#devices = await this.#stages.devices({ ...places, evdev: false });
    const silent = await this.#stages.audio(places).then(
      (audio) => void (this.#audio = audio),
      (error: Error) => error.message,
    );
    this.#game = await this.#stages.game(testcardSpec(runDir, options.dataDir), {
      ...places,
      user: PLAYER,
      waylandDisplay: socketPath,
      sound: this.#audio?.game ?? { env: {}, sockets: [] },
      inputDirectory: this.#devices.directory,
      mode: MODE,
      dataDir: options.dataDir,
    });
    this.#game!.exited.then(({ code, signal }) => {
      this.#gone = `the Test card ended with ${signal ?? `code ${code}`}: ${
        this.#game!.tail().at(-1) ?? "it said nothing"
      }`;
    });
    const strip = await this.#waitFor("the Test card's picture", () => true);
    const took = `drew picture ${strip.frame} after ${Math.round(monotonicMs() - began)} ms`;
    return silent === undefined ? took : `${took}, without sound: ${silent}`;
  }

  /**
   * Sends input and waits until the Test card has counted a press.
   *
   * @param againMs  sends it again where so much time has gone by without
   * @param refused  why it will never come, as soon as that is known
   */
  async #press(
    router: InputRouter,
    events: () => InputEvent[],
    againMs = Infinity,
    refused: () => string | undefined = () => undefined,
  ): Promise<string> {
    const before = await this.#waitFor("a picture before the press", () => true);
    const press = () => events().forEach((event) => router.record(PLAYER, encodeInput(event)));
    const began = monotonicMs();
    let pressed = began;
    press();
    await this.#waitFor("the press on the picture", ({ presses }) => {
      if (presses !== before.presses) return true;
      if (refused() !== undefined) throw new Error(refused());
      if (monotonicMs() - pressed > againMs) {
        pressed = monotonicMs();
        press();
      }
      return false;
    });
    return `seen on the picture after ${(monotonicMs() - began).toFixed(1)} ms`;
  }

  async #pressPad(router: InputRouter): Promise<string> {
    const devices = this.#devices!;
    if (!devices.available) throw new Error(devices.reason);
    let refused: string | undefined;
    devices.onError = (message) => refused ??= message;
    const pad = 0;
    const state = (buttons: number): InputEvent => ({
      kind: "pad-state",
      timeMs: monotonicMs(),
      pad,
      buttons,
      axes: [0, 0, 0, 0],
      triggers: [0, 0],
    });
    const timeMs = monotonicMs();
    const name = "Self-test pad";
    router.record(PLAYER, encodeInput({ kind: "pad-connect", timeMs, pad, name, rumble: false }));
    // The game opens a new device when it hears of it; a press before that is nobody's.
    const press = () => [state(0), state(1), state(0)];
    return await this.#press(router, press, PAD_AGAIN_MS, () => refused);
  }

  async #encode(): Promise<string> {
    const frame = await this.#nextFrame("a picture to encode");
    const ring = FrameRing.allocate(MODE.width, MODE.height);
    const video = await this.#stages.video({ ring, settings: { mode: MODE, bitrate: BITRATE } });
    try {
      const encoded = new Promise<EncodedFrame>((resolve, reject) => {
        video.onFrame = resolve;
        video.onError = (message) => reject(new Error(message));
        setTimeout(() => reject(new Error("nothing was encoded")), this.#patienceMs);
      });
      video.pause(false);
      video.requestIdr();
      copyFrame(frame, new FrameWriter(ring));
      const { data, keyFrame, timings } = await encoded;
      if (!keyFrame) throw new Error("expected the first picture to stand alone (an IDR)");
      const ms = (timings.encodedMs - timings.encodeStartMs).toFixed(1);
      return `${MODE.width}×${MODE.height} in ${ms} ms, ${data.length} bytes`;
    } finally {
      await video.close();
    }
  }

  /** The first strip that `accept` takes. */
  async #waitFor(what: string, accept: (strip: StripContent) => boolean): Promise<StripContent> {
    for (const begin = monotonicMs(); monotonicMs() - begin < this.#patienceMs;) {
      const { y, yStride, width, height } = await this.#nextFrame(what);
      const strip = readStripFromLuma(y, yStride, width, height);
      if (strip && accept(strip)) return strip;
    }
    throw this.#missing(what);
  }

  async #nextFrame(what: string): Promise<CapturedFrame> {
    for (const begin = monotonicMs(); monotonicMs() - begin < this.#patienceMs;) {
      if (this.#gone !== undefined) throw new Error(this.#gone);
      const frame = this.#reader.take();
      if (frame) return frame;
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
    throw this.#missing(what);
  }

  #missing(what: string): Error {
    return new Error(this.#gone ?? `${what} did not come within ${this.#patienceMs / 1000} s`);
  }
}

function copyFrame(frame: CapturedFrame, writer: FrameWriter): void {
  const planes = writer.planes(frame.width, frame.height);
  planes.y.set(frame.y);
  planes.u.set(frame.u);
  planes.v.set(frame.v);
  writer.publish(frame);
}

function testcardSpec(runDir: string, dataDir: string): SessionSpec {
  return {
    id: PLAYER,
    title: "Test card",
    owner: PLAYER,
    ownerName: "",
    sharing: "private",
    node: "here",
    gameId: "testcard",
    source: { kind: "testcard" },
    mode: MODE,
    keyboard: { layout: "us", variant: "" },
    iceServers: [],
    iceAddresses: [],
    runDir,
    dataDir,
    graceSeconds: 0,
    orphanSeconds: 0,
    maxBitrateMbps: BITRATE / 1e6,
    limits: { memoryMb: 1024, cpus: 0, pids: 256, scratchMb: 64 },
  };
}
