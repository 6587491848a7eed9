/** The Worker that owns the encoder. See messages.ts for what goes in and out. */
import { FrameReader, FrameRing } from "../media/frame_ring.ts";
import { Priority, setRealtime } from "../system/priority.ts";
import { sayLoaded } from "../system/worker_module.ts";
import { EncodeLoop } from "./encode_loop.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { softwareEncoder } from "./software/provider.ts";

const worker = self as unknown as DedicatedWorkerGlobalScope;
let loop: EncodeLoop | undefined;
let running = Promise.resolve();

function post(message: FromWorker, transfer: Transferable[] = []): void {
  worker.postMessage(message, transfer);
}

async function start({ ring, settings }: Extract<ToWorker, { type: "start" }>): Promise<void> {
  setRealtime(Priority.encoder, { inherited: true });
  try {
    loop = new EncodeLoop(new FrameReader(new FrameRing(ring)), settings, softwareEncoder, {
      frame: (frame) => post({ type: "frame", frame }, [frame.data.buffer]),
      load: (load) => post({ type: "load", load }),
      error: (message) => post({ type: "error", message }),
    });
  } catch (error) {
    return post({ type: "error", message: error instanceof Error ? error.message : String(error) });
  }
  post({ type: "ready" });
  await loop.run();
}

worker.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "start":
      running = start(data);
      break;
    case "configure":
      loop?.configure(data.settings);
      break;
    case "idr":
      loop?.requestIdr();
      break;
    case "pause":
      loop?.pause(data.paused);
      break;
    case "close":
      loop?.close();
      running.then(() => post({ type: "closed" }));
      break;
  }
};

sayLoaded();
