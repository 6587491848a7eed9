import type { WorkerName } from "../../system/worker_module.ts";

/** Entry modules of the Workers, which no import statement reaches; relative to the source tree. */
export const packagedWorkers: Record<WorkerName, string> = {
  "display": "src/display/worker.ts",
  "x11-source": "src/display/x11/worker.ts",
  "window-manager": "src/display/xwayland/worker.ts",
  "video": "src/video/worker.ts",
  "audio": "src/audio/worker.ts",
};
