/**
 * Imports `deb:NAME`: the package and everything it needs beyond the runtime layer.
 */
import { basename, join } from "node:path";
import { Apt, type DebianRelease, defaultRelease, unpackPackages } from "./apt.ts";
import { run } from "./command.ts";
import { type DesktopEntry, findIcon, licenseOf, parseDesktopEntry } from "./desktop_entry.ts";
import { finishManifest, type ImportContext, takeArtwork } from "./import_source.ts";
import { hostArchitecture, idFromName, type Manifest } from "./manifest.ts";
import { ensureRuntime } from "./runtime.ts";

/** Package names by Debian Policy 5.6.1. */
const PACKAGE_NAME = /^[a-z0-9][a-z0-9+.-]+$/;

/** Not needed to play. */
const LEFT_OUT = ["usr/share/man", "usr/share/info", "usr/share/lintian", "usr/share/bug"];

/** Programs are looked for in this order, as in the sandbox. */
const PROGRAM_FOLDERS = ["usr/games", "usr/bin", "usr/local/bin"];

/** Direct dependencies that say the game can show itself on Wayland. */
const SPEAKS_WAYLAND =
  /^lib(sdl2|sdl3|gtk-3|gtk-4|qt5waylandclient|qt6waylandclient|wayland-client|glfw3-wayland)/;
/** Direct dependencies of programs that know only X11. */
const SPEAKS_X11 =
  /^(lib(x11|xext|xpm|sdl1|allegro|glut|glfw3|sfml|gtk2|irrlicht|fltk|qt5gui|qt6gui)|freeglut|xorg)/;

/** Throws where the release has no such package, before a runtime layer is built for nothing. */
async function requirePackage(
  name: string,
  release: DebianRelease,
  { folders, onProgress, signal }: ImportContext,
): Promise<void> {
  const work = await folders.workFolder();
  try {
    const nothing = join(work, "nothing-installed");
    await Deno.writeTextFile(nothing, "");
    const apt = await Apt.open(release, folders.aptCache(release), nothing);
    await apt.update({ onProgress: (step) => onProgress(step, 0), signal });
    await apt.show(name);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Stages `deb:NAME`. @throws where Debian has no such package or it brings no program */
export async function stageDebian(name: string, context: ImportContext): Promise<Manifest> {
  if (!PACKAGE_NAME.test(name)) {
    throw new Error(`"${name}" is not the name of a Debian package`);
  }
  const { folders, content, onProgress, signal, changes } = context;
  const release = changes.runtime !== undefined && changes.runtime !== "none"
    ? changes.runtime
    : defaultRelease(await Deno.readTextFile("/etc/os-release").catch(() => ""));
  await requirePackage(name, release, context);
  const runtime = await ensureRuntime(folders, release, {
    onProgress: (step, done) => onProgress(step, done * 0.5),
    signal,
  });

  const apt = await Apt.open(release, folders.aptCache(release), runtime.status);
  await apt.update({ onProgress: (step) => onProgress(step, 0.5), signal });
  const record = await apt.show(name);
  const progress = (from: number, share: number) => ({
    onProgress: (step: string, done: number) => onProgress(step, from + done * share),
    signal,
  });
  let paths: string[];
  try {
    paths = await apt.download([name], progress(0.52, 0.2));
  } catch (error) {
    // Files that the lists name have been replaced on the mirror since.
    if (signal?.aborted) throw error;
    await apt.update({ force: true, signal });
    paths = await apt.download([name], progress(0.52, 0.2));
  }
  const root = join(content, "root");
  await Deno.mkdir(root);
  await unpackPackages(paths, root, progress(0.72, 0.1));
  const own = await packageFiles(paths, name);
  const license = licenseOf(
    await Deno.readTextFile(join(root, "usr/share/doc", name, "copyright")).catch(() => ""),
  );
  await tidy(root);

  const entry = await findEntry(root, own);
  const command = entry?.exec ?? await onlyProgram(root, own, name);
  const program = await findProgramIn(root, command[0]);
  if (program === undefined && changes.command === undefined) {
    throw new Error(`${name} starts "${command[0]}", which is not in its packages; give --command`);
  }
  const icon = await findIcon(root, entry?.icon || name);
  return finishManifest({
    format: 1,
    id: idFromName(name),
    title: entry?.name ?? name,
    description: record.description || entry?.comment || "",
    command: [program ?? command[0], ...command.slice(1)],
    directory: "/home/player",
    runtime: release,
    // Debian's games write anywhere below the home, so all of it is kept.
    saves: [{ name: "home", path: "." }],
    wants: wantsOf(record.depends),
    artwork: icon === undefined ? undefined : await takeArtwork(context, join(root, icon)),
    license,
    source: `deb:${name}`,
    version: record.version,
    architecture: hostArchitecture(),
  }, changes);
}

function wantsOf(depends: string): ("gpu" | "x11")[] {
  const names = depends.split(/[,|]/).map((part) => part.trim().split(/[ (:]/)[0]);
  const wayland = names.some((name) => SPEAKS_WAYLAND.test(name));
  const x11 = !wayland && names.some((name) => SPEAKS_X11.test(name));
  return x11 ? ["gpu", "x11"] : ["gpu"];
}

/** Paths in the archive of the package called `name`. */
async function packageFiles(paths: string[], name: string): Promise<string[]> {
  const path = paths.find((path) => basename(path).startsWith(`${name}_`));
  if (path === undefined) {
    throw new Error(`${name} is part of the runtime layer and no game of its own`);
  }
  const { stdout } = await run(["dpkg-deb", "--contents", path]);
  return stdout.split("\n").map((line) => line.split(/\s+/).slice(5).join(" "))
    .map((file) => file.replace(/ -> .*$/, "").replace(/^\.\//, ""))
    .filter((file) => file !== "" && !file.endsWith("/"));
}

/** Removes what no game reads, keeps licences, and drops set-uid bits. */
async function tidy(root: string): Promise<void> {
  for (const path of LEFT_OUT) {
    await Deno.remove(join(root, path), { recursive: true }).catch(() => {});
  }
  await run(["find", root, "-type", "f", "-perm", "/6000", "-exec", "chmod", "a-s", "{}", "+"]);
  const documents = join(root, "usr/share/doc");
  for await (const entry of readDirectory(documents)) {
    if (!entry.isDirectory) continue;
    for await (const file of readDirectory(join(documents, entry.name))) {
      if (file.name === "copyright") continue;
      await Deno.remove(join(documents, entry.name, file.name), { recursive: true });
    }
  }
  // High-score files that Debian lets the group "games" write.
  if (await exists(join(root, "var/games"))) {
    await run(["chmod", "-R", "a+rwX", join(root, "var/games")]);
  }
  // Debian chooses these libraries by update-alternatives, in scripts that do not run here.
  for await (const folder of readDirectory(join(root, "usr/lib"))) {
    for (const library of ["blas/libblas.so.3", "lapack/liblapack.so.3"]) {
      const at = join(root, "usr/lib", folder.name);
      if (!await exists(join(at, library))) continue;
      await Deno.symlink(library, join(at, basename(library))).catch(() => {});
    }
  }
}

async function* readDirectory(path: string): AsyncGenerator<Deno.DirEntry> {
  if (await exists(path)) yield* Deno.readDir(path);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** The desktop entry of the game: of its own package first, games before other programs. */
async function findEntry(root: string, own: string[]): Promise<DesktopEntry | undefined> {
  const all: string[] = [];
  for await (const entry of readDirectory(join(root, "usr/share/applications"))) {
    if (entry.name.endsWith(".desktop")) all.push(`usr/share/applications/${entry.name}`);
  }
  const found = [];
  for (const path of all.sort()) {
    const text = await Deno.readTextFile(join(root, path)).catch(() => "");
    const entry = parseDesktopEntry(text);
    if (entry === undefined || entry.terminal) continue;
    const rank = (own.includes(path) ? 0 : 2) + (entry.isGame ? 0 : 1);
    // A tool of a library that the game needs is not the game.
    if (rank < 3) found.push({ rank, entry });
  }
  return found.sort((a, b) => a.rank - b.rank)[0]?.entry;
}

/** Where no desktop entry tells: the package's program of its own name, or its only one. */
async function onlyProgram(root: string, own: string[], name: string): Promise<string[]> {
  const programs = own.filter((path) => /^usr\/(games|bin)\/[^/]+$/.test(path));
  const same = programs.find((path) => basename(path) === name);
  const program = same ?? (programs.length === 1 ? programs[0] : undefined);
  if (program !== undefined) return [`/${program}`];
  const found = await findProgramIn(root, name);
  if (found !== undefined) return [found];
  throw new Error(
    `${name} names no program to start (it has ${programs.length}); give one with --command`,
  );
}

/** Absolute path in the sandbox of a program named as in a shell. */
async function findProgramIn(root: string, program: string): Promise<string | undefined> {
  if (program.startsWith("/")) return await exists(join(root, program)) ? program : undefined;
  for (const folder of PROGRAM_FOLDERS) {
    if (await exists(join(root, folder, program))) return `/${folder}/${program}`;
  }
  return undefined;
}
