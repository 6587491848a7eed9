/**
 * The audio Worker: records the game's sound and encodes it. It is blocked in libpulse's poll while
 * nothing comes; a Worker that blocks receives no messages, so it is stopped through shared memory.
 */
import { monotonicMs } from "../media/clock.ts";
import type { EncodedAudio } from "../media/encoded.ts";
import { Priority, setRealtime } from "../system/priority.ts";
import { sayLoaded } from "../system/worker_module.ts";
import { Capture, type CaptureSettings } from "./capture.ts";
import { Packetizer, type PacketizerSettings } from "./packetizer.ts";
import { PAUSED, STOP, SURROUND } from "./worker_control.ts";

/** The first and only message to the Worker. */
export interface AudioWorkerStart {
  capture: CaptureSettings;
  packets: PacketizerSettings;
  /** Int32 words, see worker_control.ts. */
  control: SharedArrayBuffer;
}

export type AudioWorkerMessage =
  | { type: "packet"; packet: EncodedAudio }
  /** Recording from the server has begun (again). */
  | { type: "recording" }
  /** The connection is lost; it is tried again until the Worker is stopped. */
  | { type: "lost"; message: string }
  /** It cannot work at all, such as without libopus. */
  | { type: "failed"; message: string }
  | { type: "ended" };

/** Longest wait before the stop word is looked at. */
const WAKE_MS = 500;
const RETRY_MS = 50;

const post = (message: AudioWorkerMessage, transfer: Transferable[] = []) =>
  self.postMessage(message, transfer);

/** Records until the connection is lost (throws) or the Worker is stopped (returns). */
function record(start: AudioWorkerStart, packetizer: Packetizer): void {
  const control = new Int32Array(start.control);
  const capture = new Capture(start.capture);
  let announced = false;
  try {
    while (Atomics.load(control, STOP) === 0) {
      capture.wait(WAKE_MS, (samples) => {
        packetizer.paused = Atomics.load(control, PAUSED) !== 0;
        packetizer.surroundWanted = Atomics.load(control, SURROUND) !== 0;
        packetizer.push(samples, monotonicMs());
      });
      if (!announced && capture.ready) {
        announced = true;
        post({ type: "recording" });
      }
      capture.setQuiet(packetizer.quiet);
    }
  } finally {
    capture.close();
  }
}

function run(start: AudioWorkerStart): void {
  const control = new Int32Array(start.control);
  const stopped = () => Atomics.load(control, STOP) !== 0;
  // libpulse reads on a thread of its own.
  setRealtime(Priority.sound, { inherited: true });
  const packetizer = new Packetizer(start.packets, (packet) => {
    const { data, surround } = packet;
    post({ type: "packet", packet }, surround ? [data.buffer, surround.buffer] : [data.buffer]);
  });
  while (!stopped()) {
    try {
      record(start, packetizer);
    } catch (error) {
      if (stopped()) break;
      post({ type: "lost", message: (error as Error).message });
      Atomics.wait(control, STOP, 0, RETRY_MS);
    }
  }
  packetizer.close();
}

self.onmessage = ({ data }: MessageEvent<AudioWorkerStart>) => {
  try {
    run(data);
  } catch (error) {
    post({ type: "failed", message: (error as Error).message });
  }
  post({ type: "ended" });
};

sayLoaded();
