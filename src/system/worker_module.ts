/** Entry modules of the session's Workers. In a bundle each is a file `<name>.js` beside the main one. */
export type WorkerName = "display" | "x11-source" | "window-manager" | "video" | "audio";

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
