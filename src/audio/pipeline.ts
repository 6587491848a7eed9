import type { EncodedAudio } from "../media/encoded.ts";
import type { AudioPipeline } from "../media/stages.ts";
import { logger } from "../system/log.ts";
import { prepareWorker, takeWorker } from "../system/worker_module.ts";
import { Microphone } from "./microphone.ts";
import { startPulseAudio } from "./pulseaudio.ts";
import { GAME_SINK, makeSoundFolder, type SoundFolder, type SoundServer } from "./sound_server.ts";
import type { AudioWorkerMessage, AudioWorkerStart } from "./worker.ts";
import { PAUSED, STOP, SURROUND, WORDS } from "./worker_control.ts";

const log = logger("audio");

export interface AudioSettings {
  /** Private directory of the session; the server's files go into `<runDir>/sound`. */
  runDir: string;
  sessionId: string;
  /** Length of a packet; 10 ms halves the packets a second for 5 ms more latency. Default 10. */
  packetMs?: 5 | 10 | 20;
  /** bit/s of stereo; default 128,000. */
  bitrate?: number;
  /** bit/s of 5.1; default 256,000. */
  surroundBitrate?: number;
  /** The player has 5.1 speakers: libraries that ask for a layout are told 5.1. Default: stereo. */
  surround?: boolean;
  /** Passed to the encoder, see {@linkcode OpusSettings}. Default 0. */
  expectedLossPercent?: number;
}

/** A server that dies more often than so within the time is given up. */
const MAX_RESTARTS = 3;
const RESTART_WINDOW_MS = 60000;
/** Longest wait for the first recording. */
const RECORDING_MS = 10000;

const MODULE = new URL("./worker.ts", import.meta.url);

/** Starts the sound's Worker ahead of {@linkcode startAudio}. */
export function prepareAudio(): Promise<void> {
  return prepareWorker("audio", MODULE);
}

/**
 * Starts a session's sound: a private server, its capture and the encoder in a Worker.
 *
 * Resolves when the server serves, so that a game can start; `onError` tells where recording does
 * not begin then. Throws with the reason and the package to install where sound cannot work on this
 * machine; nothing is left behind then.
 */
export async function startAudio(settings: AudioSettings): Promise<AudioPipeline> {
  const files = await makeSoundFolder(settings.runDir, settings.surround ?? false);
  // libpulse reads it in this process (capture, microphone), wherever a stream is opened.
  Deno.env.set("PULSE_CLIENTCONFIG", files.clientConfig);
  try {
    const server = await startPulseAudio(files);
    return new Pipeline(settings, files, server);
  } catch (error) {
    await Deno.remove(files.folder, { recursive: true }).catch(() => {});
    throw error;
  }
}

class Pipeline implements AudioPipeline {
  onPacket: (packet: EncodedAudio) => void = () => {};
  onError: (message: string) => void = () => {};
  readonly game: AudioPipeline["game"];
  readonly #files: SoundFolder;
  readonly #worker: Worker;
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * WORDS));
  readonly #workerEnded: Promise<void>;
  readonly #microphone: Microphone;
  readonly #log;
  #server: SoundServer;
  #watching: Promise<void>;
  #restarts: number[] = [];
  #closing: Promise<void> | undefined;
  /** Until the first recording. */
  readonly #patience: ReturnType<typeof setTimeout>;

  constructor(settings: AudioSettings, files: SoundFolder, server: SoundServer) {
    const address = `unix:${files.socket}`;
    this.#log = log.with({ session: settings.sessionId });
    this.#files = files;
    this.#server = server;
    this.game = {
      env: {
        PULSE_SERVER: address,
        // Libraries that ask ALSA get the server too, where its pulse plug-in is installed.
        ALSA_CONFIG_PATH: `/usr/share/alsa/alsa.conf:${files.alsaConfig}`,
        ALSOFT_CONF: files.openalConfig,
      },
      sockets: [files.socket, files.alsaConfig, files.openalConfig],
    };
    this.#microphone = new Microphone(address);
    this.#worker = takeWorker("audio", MODULE);
    let lost = "it did not answer";
    this.#patience = setTimeout(
      () => this.onError(`The game's sound is off: it cannot be recorded: ${lost}`),
      RECORDING_MS,
    );
    const ended = Promise.withResolvers<void>();
    this.#workerEnded = ended.promise;
    this.#worker.onmessage = ({ data }: MessageEvent<AudioWorkerMessage>) => {
      if (data.type === "packet") this.onPacket(data.packet);
      else if (data.type === "recording") clearTimeout(this.#patience);
      else if (data.type === "lost") {
        lost = data.message;
        this.#log.warn("capture was interrupted", { why: data.message });
      } else if (data.type === "failed") {
        clearTimeout(this.#patience);
        this.onError(`The game's sound is off: ${data.message}`);
      } else ended.resolve();
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      clearTimeout(this.#patience);
      ended.resolve();
      this.onError(`The game's sound is off: the audio worker failed: ${event.message}`);
    };
    this.#worker.postMessage(
      {
        capture: { server: address, source: `${GAME_SINK}.monitor` },
        packets: {
          packetMs: settings.packetMs ?? 10,
          bitrate: settings.bitrate ?? 128000,
          surroundBitrate: settings.surroundBitrate ?? 256000,
          expectedLossPercent: settings.expectedLossPercent ?? 0,
        },
        control: this.#control.buffer,
      } satisfies AudioWorkerStart,
    );
    this.#watching = this.#watch(server);
  }

  /** Starts the server again when it ends, and reports it. Resolves when nothing is left to watch. */
  async #watch(server: SoundServer): Promise<void> {
    for (let current = server;;) {
      const how = await current.exited;
      if (this.#closing) return;
      this.#log.error("the sound server ended", { how });
      const now = Date.now();
      this.#restarts = this.#restarts.filter((time) => now - time < RESTART_WINDOW_MS);
      if (this.#restarts.length >= MAX_RESTARTS) {
        this.#giveUp(`The sound server stopped too often (last: ${how}). The sound stays off.`);
        return;
      }
      this.#restarts.push(now);
      try {
        current = this.#server = await startPulseAudio(this.#files);
      } catch (error) {
        this.#giveUp(
          `The sound server stopped (${how}) and cannot be started again: ${
            (error as Error).message
          }`,
        );
        return;
      }
      if (this.#closing) return await current.stop();
      this.onError(
        `The sound server stopped (${how}) and was started again. ` +
          "If the game stays silent, restart it.",
      );
    }
  }

  #stopWorker(): void {
    Atomics.store(this.#control, STOP, 1);
    Atomics.notify(this.#control, STOP);
  }

  /** No server will come back: nobody shall look for one any more. */
  #giveUp(message: string): void {
    this.#stopWorker();
    this.onError(message);
  }

  pause(paused: boolean): void {
    Atomics.store(this.#control, PAUSED, paused ? 1 : 0);
  }

  surround(wanted: boolean): void {
    Atomics.store(this.#control, SURROUND, wanted ? 1 : 0);
  }

  microphone(packet: Uint8Array | undefined): void {
    if (this.#closing) return;
    if (packet === undefined) this.#microphone.stop();
    else this.#microphone.push(packet);
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    clearTimeout(this.#patience);
    this.#stopWorker();
    // Wakes the Worker and a blocked microphone too: their connections break.
    await this.#server.stop();
    await this.#watching;
    await this.#microphone.stop();
    await this.#workerEnded;
    this.#worker.terminate();
    await Deno.remove(this.#files.folder, { recursive: true }).catch(() => {});
  }
}
