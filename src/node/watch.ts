import { logger } from "../system/log.ts";

const log = logger("node");
/** What changes together is told once. */
const PAUSE_MS = 300;

/**
 * Calls `changed` after something in a folder has changed (not in those below it).
 *
 * @param folder  it exists
 * @returns what ends it
 */
export function watchFolder(
  folder: string,
  changed: () => void | Promise<void>,
  pauseMs = PAUSE_MS,
): () => Promise<void> {
  const watcher = Deno.watchFs(folder, { recursive: false });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let told: Promise<void> = Promise.resolve();
  const tell = () => {
    timer = undefined;
    told = told.then(changed).catch((error) =>
      log.warn("a change of a folder was not taken up", { folder, error })
    );
  };
  const watching = (async () => {
    for await (const { kind } of watcher) {
      if (kind !== "access") timer ??= setTimeout(tell, pauseMs);
    }
  })();
  return async () => {
    watcher.close();
    await watching;
    clearTimeout(timer);
    await told;
  };
}
