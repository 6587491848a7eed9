/**
 * Imports a folder or an archive. With a `gamelan.json` at its top it describes itself; without one
 * the command must be given. In the sandbox it lies in /game, over the runtime layer; with the runtime
 * `none` it is the whole root.
 */
import { basename, join, resolve } from "node:path";
import { run } from "./command.ts";
import { checkTree, unpackConfined } from "./confined.ts";
import { findIcon } from "./desktop_entry.ts";
import { finishManifest, type ImportContext, takeArtwork } from "./import_source.ts";
import {
  hostArchitecture,
  idFromName,
  type Manifest,
  MAX_MANIFEST_BYTES,
  parseManifest,
} from "./manifest.ts";
import { defaultRelease } from "./apt.ts";

/** Stages a folder. @throws where it has no manifest and no command was given */
export async function stageFolder(source: string, context: ImportContext): Promise<Manifest> {
  const game = join(context.content, "root/game");
  await Deno.mkdir(join(context.content, "root"));
  context.onProgress("Copying", 0.1);
  // A link would be copied as a link: what follows would change the folder it leads to.
  const folder = await Deno.realPath(source);
  await run(["cp", "-a", "--reflink=auto", "--no-preserve=ownership", folder, game], {
    signal: context.signal,
  });
  return await describe(basename(resolve(source)), resolve(source), game, context);
}

/** Programs that unpack by the file's name. */
function unpacker(name: string): string[] | undefined {
  const tar = ["tar", "-x", "-f", "/source", "--no-same-owner", "--delay-directory-restore"];
  if (/\.(tar\.gz|tgz)$/i.test(name)) return [...tar, "--gzip"];
  if (/\.(tar\.xz|txz)$/i.test(name)) return [...tar, "--xz"];
  if (/\.(tar\.zst|tzst)$/i.test(name)) return [...tar, "--zstd"];
  if (/\.(tar\.bz2|tbz2?)$/i.test(name)) return [...tar, "--bzip2"];
  if (/\.tar$/i.test(name)) return tar;
  if (/\.zip$/i.test(name)) return ["unzip", "-q", "-o", "/source"];
  return undefined;
}

/** Stages an archive (.tar, .tar.gz, .tar.xz, .tar.zst, .tar.bz2, .zip). */
export async function stageArchive(source: string, context: ImportContext): Promise<Manifest> {
  const name = basename(source);
  const argv = unpacker(name);
  if (argv === undefined) {
    throw new Error(
      `${name} is of no known kind: expected a folder, .tar.gz, .tar.xz, .tar.zst, .tar.bz2, .tar, ` +
        ".zip, .AppImage, .erofs, or deb:NAME",
    );
  }
  const unpacked = join(context.scratch, "unpacked");
  await Deno.mkdir(unpacked);
  context.onProgress("Unpacking", 0.1);
  await unpackConfined(argv, source, unpacked, { signal: context.signal });
  await Deno.mkdir(join(context.content, "root"));
  const game = join(context.content, "root/game");
  // An archive usually holds one folder, with the game in it.
  const entries = [...Deno.readDirSync(unpacked)];
  const inner = entries.length === 1 && entries[0].isDirectory
    ? join(unpacked, entries[0].name)
    : unpacked;
  await Deno.rename(inner, game);
  return await describe(name.replace(/\.(tar(\.\w+)?|tgz|zip|t\w+)$/i, ""), source, game, context);
}

async function describe(
  name: string,
  source: string,
  game: string,
  context: ImportContext,
): Promise<Manifest> {
  const { changes } = context;
  const written = await ownManifest(game);
  const wholeRoot = (changes.runtime ?? written?.runtime) === "none";
  await checkTree(game, { allowAbsolute: wholeRoot });
  if (written === undefined && changes.command === undefined) {
    throw new Error(
      `${name} has no gamelan.json that says how to start it; give --command, such as ` +
        "--command ./start.sh",
    );
  }
  let artwork = written?.artwork;
  if (artwork === undefined) {
    const icon = await findIcon(game, "artwork") ?? await findIcon(game, "icon");
    if (icon !== undefined) artwork = await takeArtwork(context, join(game, icon));
  } else {
    artwork = wholeRoot ? `root/${artwork}` : `root/game/${artwork}`;
  }
  // Games of this kind write beside their program; what they write is gone after the session.
  await run(["chmod", "-R", "a+rwX", game]);
  if (wholeRoot) {
    const root = join(context.content, "root");
    await Deno.rename(game, join(context.content, "whole"));
    await Deno.remove(root);
    await Deno.rename(join(context.content, "whole"), root);
  }
  return finishManifest({
    format: 1,
    id: changes.id ?? idFromName(name),
    title: name,
    command: ["unknown"],
    runtime: defaultRelease(await Deno.readTextFile("/etc/os-release").catch(() => "")),
    saves: [{ name: "home", path: "." }],
    architecture: hostArchitecture(),
    directory: wholeRoot ? "/" : "/game",
    ...written,
    source: written?.source || `file:${basename(source)}`,
    artwork,
  }, changes);
}

async function ownManifest(game: string): Promise<Manifest | undefined> {
  const path = join(game, "gamelan.json");
  const stat = await Deno.lstat(path).catch(() => undefined);
  if (stat === undefined) return undefined;
  if (!stat.isFile || stat.size > MAX_MANIFEST_BYTES) {
    throw new Error(`gamelan.json must be a file of at most ${MAX_MANIFEST_BYTES} bytes`);
  }
  return parseManifest(await Deno.readTextFile(path), "gamelan.json");
}
