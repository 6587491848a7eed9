/** Entry modules of the session's Workers. In a bundle each is a file `<name>.js` beside the main one. */
export type WorkerName = "display" | "x11-source" | "window-manager" | "video" | "audio";

/** Workers that were started ahead and have no work yet. */
const prepared = new Map<WorkerName, Worker>();

/**
 * Starts a Worker ahead of its use: {@linkcode takeWorker} finds its modules loaded. It must do
 * nothing before its first message.
 */
export function prepareWorker(name: WorkerName, inSource: URL): void {
  if (!prepared.has(name)) prepared.set(name, startWorker(name, inSource));
}

/** The Worker that was prepared, or a new one. */
export function takeWorker(name: WorkerName, inSource: URL): Worker {
  const worker = prepared.get(name) ?? startWorker(name, inSource);
  prepared.delete(name);
  return worker;
}

/** Ends a prepared Worker that is not needed. */
export function dismissWorker(name: WorkerName): void {
  prepared.get(name)?.terminate();
  prepared.delete(name);
}

function startWorker(name: WorkerName, inSource: URL): Worker {
  return new Worker(workerModule(name, inSource), { type: "module", name });
}

/**
 * The module URL to start a Worker from, in the source tree and in a bundled executable alike.
 *
 * `inSource` is `new URL("./worker.ts", import.meta.url)` of the calling module; a bundle has moved
 * that module, so there the file is looked for beside the bundle.
 */
export function workerModule(name: WorkerName, inSource: URL): URL {
  const bundled = !import.meta.url.endsWith("/src/system/worker_module.ts");
  return bundled ? new URL(`./${name}.js`, import.meta.url) : inSource;
}
