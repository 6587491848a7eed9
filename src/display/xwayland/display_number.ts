const FIRST = 20;
const LAST = 9999;

/** A display number that no other X server takes while it is held. */
export interface ClaimedDisplay {
  number: number;
  /** Names the server's process as the holder, for others that look whether it lives. */
  setHolder(pid: number): void;
  /** Removes the lock and the socket that a killed server leaves. */
  release(): void;
}

/**
 * Claims a free display number by its lock file /tmp/.X<number>-lock, as X servers do
 * (Xserver(1), "-nolock"): created exclusively, so two sessions never get the same one. A lock that a
 * killed session left is passed over: taking it away could race with another that does the same.
 * `directory` is /tmp but for tests. Throws where none is free.
 */
export function claimDisplay(directory = "/tmp"): ClaimedDisplay {
  const listening = listeningSockets();
  for (let number = FIRST; number <= LAST; number++) {
    const socket = `${directory}/.X11-unix/X${number}`;
    // A server that runs without a lock file, such as one started with -displayfd.
    if (listening.has(socket) || listening.has("@" + socket)) continue;
    const lock = `${directory}/.X${number}-lock`;
    if (!createLock(lock)) continue;
    return {
      number,
      setHolder: (pid) => Deno.writeTextFileSync(lock, lockText(pid)),
      release() {
        removeIfThere(socket);
        removeIfThere(lock);
      },
    };
  }
  throw new Error(`expected a free X display number from ${FIRST} to ${LAST}, got none`);
}

/** Ten digits and a line feed, as X servers write and expect it. */
const lockText = (pid: number) => String(pid).padStart(10) + "\n";

function createLock(path: string): boolean {
  try {
    Deno.writeTextFileSync(path, lockText(Deno.pid), { createNew: true, mode: 0o644 });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** Paths of listening Unix sockets, abstract ones with an @ in front (proc(5), /proc/net/unix). */
function listeningSockets(): Set<string> {
  const lines = Deno.readTextFileSync("/proc/net/unix").split("\n");
  return new Set(lines.map((line) => line.split(/\s+/)[7] ?? "").filter((path) => path !== ""));
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
