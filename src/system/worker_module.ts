import { collectGarbage } from "./freed_memory.ts";

/** Entry modules of the session's Workers. In a bundle each is a file `<name>.js` beside the main one. */
export type WorkerName = "display" | "x11-source" | "window-manager" | "video" | "audio";

/** Workers that were started ahead and have no work yet. */
const prepared = new Map<WorkerName, Worker>();

/** What a Worker that can be prepared says first. */
const LOADED = "loaded";

/**
 * Starts a Worker ahead of its use: {@linkcode takeWorker} finds its modules loaded. It must call
 * {@linkcode sayLoaded} and do nothing else before its first message.
 *
 * Resolves when its modules are loaded, and never where it is dismissed before.
 */
export function prepareWorker(name: WorkerName, inSource: URL): Promise<void> {
  if (prepared.has(name)) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  prepared.set(name, startWorker(name, inSource, resolve));
  return promise;
}

/**
 * In a Worker that can be prepared: its modules are loaded. Call it last. What loading left behind is
 * collected here: nobody waits yet, a session gets the Worker later.
 */
export function sayLoaded(): void {
  collectGarbage();
  (globalThis as unknown as { postMessage(message: unknown): void }).postMessage(LOADED);
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

function startWorker(name: WorkerName, inSource: URL, onLoaded = () => {}): Worker {
  const worker = new Worker(workerModule(name, inSource), { type: "module", name });
  // The first listener: whoever uses the Worker hears nothing of this.
  worker.addEventListener("message", function hear(event) {
    if (event.data !== LOADED) return;
    event.stopImmediatePropagation();
    worker.removeEventListener("message", hear);
    onLoaded();
  });
  return worker;
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
