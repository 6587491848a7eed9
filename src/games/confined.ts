/**
 * Unpacking of foreign archives. The unpacking program runs in a sandbox that sees the archive and
 * an empty folder, nothing else, so that a bug in it or a crafted path reaches no file of the machine.
 */
import { lstat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { programsOnly } from "../system/bubblewrap.ts";
import { run, shellQuote } from "./command.ts";
import { MAX_CONTENT_BYTES, MAX_ENTRIES, walk } from "./import_source.ts";

/** Share of the free disk that one archive may take. */
const DISK_SHARE = 0.8;
const WATCH_INTERVAL_MS = 500;

/** What both sandboxes here have in common: the machine's programs, no capability. */
const CONFINED = [
  ...["--die-with-parent", "--new-session", "--cap-drop", "ALL", ...programsOnly()],
  ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
];

/**
 * Copies `from` to `to`, both paths below `folder`, with owners, times and links, and shared blocks
 * where the file system can. The copying program sees only `folder`: a game that puts a link in the
 * place of a directory while it is copied gets nothing of the machine into the copy.
 */
export async function copyConfined(folder: string, from: string, to: string): Promise<void> {
  const asRoot = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"];
  await run([
    ...["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", ...CONFINED],
    ...(Deno.uid() === 0 ? asRoot.flatMap((name) => ["--cap-add", `CAP_${name}`]) : []),
    ...["--bind", resolve(folder), "/copy", "--chdir", "/copy", "--"],
    ...["cp", "-a", "--reflink=auto", "--", from, to],
  ]);
}

/**
 * Runs `argv` confined: `/source` is the file `source` and `/destination` the folder
 * `destination`, which is its working directory.
 *
 * @throws where it unpacks more than `maxBytes`, or fails
 */
export async function unpackConfined(
  argv: string[],
  source: string,
  destination: string,
  options: { signal?: AbortSignal; maxBytes?: number } = {},
): Promise<void> {
  const disk = await statfs(destination);
  const free = Math.floor(disk.bavail * disk.bsize * DISK_SHARE);
  const maxBytes = Math.min(options.maxBytes ?? MAX_CONTENT_BYTES, free);
  const tooMuch = new AbortController();
  const watch = setInterval(async () => {
    const bytes = await usage(destination).catch(() => 0);
    if (bytes > maxBytes) {
      tooMuch.abort(
        new Error(`The archive unpacks to more than the ${maxBytes} bytes that are allowed`),
      );
    }
  }, WATCH_INTERVAL_MS);
  try {
    const signals = [tooMuch.signal, ...(options.signal === undefined ? [] : [options.signal])];
    await run([
      ...["bwrap", "--unshare-all", ...CONFINED],
      ...["--ro-bind", resolve(source), "/source"],
      ...["--bind", resolve(destination), "/destination", "--chdir", "/destination", "--"],
      ...["/bin/sh", "-c"],
      // One file alone may not pass the limit either, between two looks at the whole.
      `ulimit -f ${Math.ceil(maxBytes / 512)}; exec ${argv.map(shellQuote).join(" ")}`,
    ], { signal: AbortSignal.any(signals) });
    if (await usage(destination) > maxBytes) {
      throw new Error(`The archive unpacks to more than the ${maxBytes} bytes that are allowed`);
    }
  } finally {
    clearInterval(watch);
  }
}

async function usage(folder: string): Promise<number> {
  const { stdout } = await run(["du", "-s", "--block-size=1", folder], { accept: [0, 1] });
  return Number(stdout.split("\t")[0]);
}

/**
 * Checks a tree that came from outside: only files, folders and links; no link that leads out of it.
 *
 * @param allowAbsolute  links like `/usr/lib/x` are meant for the sandbox's own root
 */
export async function checkTree(
  root: string,
  options: { allowAbsolute?: boolean } = {},
): Promise<void> {
  let entries = 0;
  for await (const [path, entry] of walk(root)) {
    if (++entries > MAX_ENTRIES) throw new Error(`More than ${MAX_ENTRIES} files and folders`);
    if (entry.isSymlink) {
      const target = await Deno.readLink(join(root, path));
      if (target.startsWith("/")) {
        if (options.allowAbsolute) continue;
        throw new Error(`${path} is a link to ${target}, outside of the game's folder`);
      }
      const leads = resolve("/game", dirname(path), target);
      if (leads !== "/game" && !leads.startsWith("/game/")) {
        throw new Error(`${path} is a link to ${target}, outside of the game's folder`);
      }
      continue;
    }
    const stat = await lstat(join(root, path));
    if (!stat.isFile() && !stat.isDirectory()) {
      throw new Error(`${path} is neither a file, a folder nor a link`);
    }
    if ((stat.mode & 0o6000) !== 0) await Deno.chmod(join(root, path), stat.mode & 0o777);
  }
}
