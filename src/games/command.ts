/**
 * Runs the system's own programs (apt-get, mkfs.erofs, tar, bwrap) and explains their failures.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

export interface CommandOptions {
  env?: Record<string, string>;
  signal?: AbortSignal;
  /** Called with each line of standard output as it comes. */
  onLine?: (line: string) => void;
  /** Exit codes that are no failure; default 0 only. */
  accept?: number[];
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A program ended with an unexpected exit code. */
export class CommandError extends Error {
  override name = "CommandError";
  constructor(readonly argv: string[], readonly code: number, readonly stderr: string) {
    const lines = stderr.trim().split("\n").filter((line) => line !== "").slice(-4).join("; ");
    super(`${argv[0]} ended with code ${code}${lines === "" ? "" : `: ${lines}`}`);
  }
}

/** Debian's administrator programs (mkfs.erofs, losetup) are not always on a user's PATH. */
export const SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The full path of a program, or undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  return SEARCH_PATH.split(":").map((folder) => join(folder, name)).find((path) =>
    existsSync(path)
  );
}

/** Which Debian package brings a program, for the message when it is missing. */
const PACKAGE_OF: Record<string, string> = {
  "mkfs.erofs": "erofs-utils",
  "fsck.erofs": "erofs-utils",
  "dpkg-deb": "dpkg",
  "apt-get": "apt",
  "unsquashfs": "squashfs-tools",
  "bwrap": "bubblewrap",
  "unzip": "unzip",
  "zstd": "zstd",
  "xz": "xz-utils",
  "fuse-overlayfs": "fuse-overlayfs",
};

/** The full path of a program. @throws where it is not installed, with the package that has it. */
export function requireProgram(name: string): string {
  const path = findProgram(name);
  if (path === undefined) {
    throw new Error(
      `The program ${name} is missing; install the Debian package ${PACKAGE_OF[name] ?? name}`,
    );
  }
  return path;
}

/** Lines of a byte stream, without their ends; also yields a last line without an end. */
export async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    const found = rest.split(/\r\n|\n|\r/);
    rest = found.pop()!;
    // A program that never ends its line must not fill our memory.
    if (rest.length > 65536) rest = rest.slice(-65536);
    yield* found;
  }
  if (rest !== "") yield rest;
}

/**
 * Runs `argv` with an otherwise fixed, English environment and waits for its end.
 * An aborted signal kills the program.
 *
 * @throws CommandError on an exit code outside `accept`; the signal's reason when aborted
 */
export async function run(argv: string[], options: CommandOptions = {}): Promise<CommandResult> {
  options.signal?.throwIfAborted();
  const child = new Deno.Command(requireProgram(argv[0]), {
    args: argv.slice(1),
    env: { PATH: SEARCH_PATH, LC_ALL: "C.UTF-8", HOME: "/nonexistent", ...options.env },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const abort = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  options.signal?.addEventListener("abort", abort);
  try {
    const stdout: string[] = [];
    const [stderr, status] = await Promise.all([
      new Response(child.stderr).text(),
      child.status,
      (async () => {
        for await (const line of lines(child.stdout)) {
          stdout.push(line);
          options.onLine?.(line);
        }
      })(),
    ]);
    options.signal?.throwIfAborted();
    if (!(options.accept ?? [0]).includes(status.code)) {
      throw new CommandError(argv, status.code, stderr);
    }
    return { code: status.code, stdout: stdout.join("\n"), stderr };
  } finally {
    options.signal?.removeEventListener("abort", abort);
  }
}

/** `text` as one word of a POSIX shell. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
