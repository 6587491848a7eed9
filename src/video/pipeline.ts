import type { FrameRing } from "../media/frame_ring.ts";
import type { VideoPipeline, VideoSettings } from "../media/stages.ts";
import { VideoMode } from "../protocol/session.ts";
import { logger } from "../system/log.ts";
import { prepareWorker, takeWorker } from "../system/worker_module.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

const log = logger("video");

/** How long an encoder may take to finish its picture when it is closed. */
const CLOSE_TIMEOUT_MS = 2000;
/** bit/s; below it no picture is readable, above it no level of H.264 that browsers know allows it. */
const MIN_BITRATE = 100_000;
const MAX_BITRATE = 240_000_000;

const MODULE = new URL("./worker.ts", import.meta.url);

/** Starts the encoder's Worker ahead of {@linkcode startVideo}. */
export function prepareVideo(): Promise<void> {
  return prepareWorker("video", MODULE);
}

/**
 * Starts the encoder of a session in its own Worker: H.264 pictures of what is newest in `ring`.
 *
 * Rejects with Error where no encoder can be opened; the message names the Debian packages.
 * Nothing is encoded until the ring has a picture; the first one is an IDR.
 */
export async function startVideo(
  { ring, settings }: { ring: FrameRing; settings: VideoSettings },
): Promise<VideoPipeline> {
  const checked = checkSettings(settings);
  const pipeline = new WorkerPipeline(takeWorker("video", MODULE));
  try {
    await pipeline.start({ type: "start", ring: ring.buffer, settings: checked });
  } catch (error) {
    await pipeline.close();
    throw error;
  }
  return pipeline;
}

/** Throws Error where the mode is not one of the protocol's; bitrates are held within limits. */
function checkSettings({ mode, bitrate }: VideoSettings): VideoSettings {
  const result = VideoMode.safeParse(mode);
  if (!result.success || !Number.isFinite(bitrate)) {
    throw new RangeError(
      `expected a video mode such as 1280×720 at 60 fps and a bitrate, got ${
        JSON.stringify({ mode, bitrate })
      }`,
    );
  }
  const held = Math.round(Math.min(MAX_BITRATE, Math.max(MIN_BITRATE, bitrate)));
  return { mode: result.data, bitrate: held };
}

class WorkerPipeline implements VideoPipeline {
  onFrame: VideoPipeline["onFrame"] = () => {};
  onLoad: VideoPipeline["onLoad"] = () => {};
  onError: VideoPipeline["onError"] = (message) => log.error(message);
  readonly #worker: Worker;
  readonly #ready = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  #closing = false;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(`The video encoder's thread ended: ${event.message}`);
      this.#closed.resolve();
    };
  }

  start(message: ToWorker): Promise<void> {
    this.#send(message);
    return this.#ready.promise;
  }

  configure(settings: VideoSettings): void {
    this.#send({ type: "configure", settings: checkSettings(settings) });
  }

  requestIdr(): void {
    this.#send({ type: "idr" });
  }

  pause(paused: boolean): void {
    this.#send({ type: "pause", paused });
  }

  async close(): Promise<void> {
    if (!this.#closing) {
      this.#send({ type: "close" });
      this.#closing = true;
    }
    const timeout = setTimeout(() => this.#closed.resolve(), CLOSE_TIMEOUT_MS);
    await this.#closed.promise;
    clearTimeout(timeout);
    this.#worker.terminate();
  }

  #send(message: ToWorker): void {
    if (!this.#closing) this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        return this.#ready.resolve();
      case "closed":
        return this.#closed.resolve();
      case "error":
        return this.#fail(message.message);
    }
    if (this.#closing) return;
    if (message.type === "frame") this.onFrame(message.frame);
    else this.onLoad(message.load);
  }

  /** Before the start's end it rejects the start; later it is reported. */
  #fail(message: string): void {
    this.#ready.promise.then(
      () => this.#closing || this.onError(message),
      () => {},
    );
    this.#ready.reject(new Error(message));
  }
}
