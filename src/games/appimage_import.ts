/**
 * Imports an AppImage of type 2: a program loader (ELF) followed by a squashfs image
 * (github.com/AppImage/AppImageSpec, "Type 2 image format"). Nothing of it is run.
 */
import { basename, join } from "node:path";
import { checkTree, unpackConfined } from "./confined.ts";
import { findIcon, parseDesktopEntry } from "./desktop_entry.ts";
import { finishManifest, type ImportContext, takeArtwork } from "./import_source.ts";
import { hostArchitecture, idFromName, type Manifest } from "./manifest.ts";
import { defaultRelease } from "./apt.ts";

/**
 * Where the squashfs image begins: at the end of the ELF file, which ends with its section headers.
 *
 * @param header  the first 64 bytes
 * @throws where it is no 64-bit little-endian AppImage of type 2
 */
export function squashfsOffset(header: Uint8Array): number {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (header.length < 64 || view.getUint32(0) !== 0x7f454c46) {
    throw new Error("This is not an AppImage: it is no program file (ELF)");
  }
  if (header[8] !== 0x41 || header[9] !== 0x49 || header[10] !== 2) {
    throw new Error(
      `This is not an AppImage of type 2 (it says ${header[8]} ${header[9]} ${header[10]}); ` +
        "ask its maker for a newer one",
    );
  }
  if (header[4] !== 2 || header[5] !== 1) {
    throw new Error("This AppImage is not for a 64-bit little-endian machine");
  }
  // Elf64_Ehdr: e_machine at 18, e_shoff at 40, e_shentsize at 58, e_shnum at 60.
  const machine = view.getUint16(18, true);
  const expected = hostArchitecture() === "arm64" ? 183 : 62;
  if (machine !== expected) {
    throw new Error(`This AppImage is for another processor (ELF machine ${machine})`);
  }
  return Number(view.getBigUint64(40, true)) +
    view.getUint16(58, true) * view.getUint16(60, true);
}

/** Stages an AppImage. */
export async function stageAppImage(source: string, context: ImportContext): Promise<Manifest> {
  const header = new Uint8Array(64);
  using file = await Deno.open(source);
  const read = await file.read(header) ?? 0;
  const offset = squashfsOffset(header.subarray(0, read));
  const magic = new Uint8Array(4);
  await file.seek(offset, Deno.SeekMode.Start);
  await file.read(magic);
  if (new TextDecoder().decode(magic) !== "hsqs") {
    throw new Error(`${basename(source)} is damaged: no squashfs image at byte ${offset}`);
  }
  context.onProgress("Unpacking", 0.1);
  const unpacked = join(context.scratch, "unpacked");
  await Deno.mkdir(unpacked);
  await unpackConfined(
    [
      "unsquashfs",
      "-no-progress",
      "-no-xattrs",
      "-offset",
      String(offset),
      "-dest",
      "app",
      "/source",
    ],
    source,
    unpacked,
    { signal: context.signal },
  );
  const game = join(context.content, "root/game");
  await Deno.mkdir(join(context.content, "root"));
  await Deno.rename(join(unpacked, "app"), game);
  await checkTree(game, { allowAbsolute: true });
  if (!await Deno.lstat(join(game, "AppRun")).then(() => true, () => false)) {
    throw new Error(`${basename(source)} has no AppRun, which starts an AppImage`);
  }
  const entry = await topEntry(game);
  const name = basename(source).replace(/\.appimage$/i, "").replace(/[-_.](x86_64|aarch64)$/, "");
  const icon = await findIcon(game, entry?.icon || "icon");
  return finishManifest({
    format: 1,
    id: context.changes.id ?? idFromName(entry?.name ?? name),
    title: entry?.name ?? name,
    description: entry?.comment ?? "",
    command: ["/game/AppRun"],
    directory: "/game",
    environment: { APPDIR: "/game", APPIMAGE: "/game/AppRun" },
    runtime: defaultRelease(await Deno.readTextFile("/etc/os-release").catch(() => "")),
    saves: [{ name: "home", path: "." }],
    wants: ["gpu"],
    artwork: icon === undefined ? undefined : await takeArtwork(context, join(game, icon)),
    source: `file:${basename(source)}`,
    architecture: hostArchitecture(),
  }, context.changes);
}

/** The desktop entry at the AppImage's top. */
async function topEntry(game: string) {
  for await (const entry of Deno.readDir(game)) {
    if (!entry.name.endsWith(".desktop")) continue;
    const real = await Deno.realPath(join(game, entry.name)).catch(() => "");
    if (!real.startsWith(`${await Deno.realPath(game)}/`)) continue;
    return parseDesktopEntry(await Deno.readTextFile(real));
  }
  return undefined;
}
