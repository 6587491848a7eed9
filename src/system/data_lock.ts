import { join, resolve } from "node:path";

/** Who uses a data directory: the coordinator its accounts and keys, the node its games and saves. */
export type DataUser = "house" | "node";

/**
 * Takes a data directory for one process, until it is disposed of or the process ends; the kernel
 * gives the lock back also after a crash (flock(2)). Sessions do not hold it.
 *
 * @throws where another process has it, naming that process
 */
export function lockDataDir(dataDir: string, user: DataUser): Disposable {
  const path = join(resolve(dataDir), `${user}.lock`);
  const file = Deno.openSync(path, { read: true, write: true, create: true });
  if (!file.tryLockSync(true)) {
    const holder = new TextDecoder().decode(readStart(file)).trim();
    file.close();
    throw new Error(
      `another Gamelan${holder && ` (process ${holder})`} uses the data directory ${dataDir}; ` +
        "stop it, or choose another one by --data-dir",
    );
  }
  file.truncateSync();
  file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  return { [Symbol.dispose]: () => file.close() };
}

function readStart(file: Deno.FsFile): Uint8Array {
  const buffer = new Uint8Array(20);
  return buffer.subarray(0, file.readSync(buffer) ?? 0);
}
