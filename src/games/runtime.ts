/**
 * Runtime layers: the part of Debian that games may count on, one erofs file for all games.
 *
 * A layer is a fixed list of packages with all they depend on (C library, Mesa, SDL, X11 and Wayland
 * libraries, sound, fonts, a shell). A game package then holds only what comes on top, runs the same
 * on every machine whatever is installed there, and never sees the machine's own /usr.
 */
import { basename, dirname, join } from "node:path";
import { Apt, type DebianRelease, forgetDownloads, statusOf, unpackPackages } from "./apt.ts";
import { run } from "./command.ts";
import { sha256File } from "../system/sha256_file.ts";
import { checkErofs, packErofs } from "./erofs.ts";
import { walk } from "./import_source.ts";
import { type Manifest } from "./manifest.ts";
import type { LibraryFolders } from "./folders.ts";

const BOTH_RELEASES = [
  ..."base-files dash bash coreutils sed grep mawk findutils libc-bin libc6".split(" "),
  ..."libgcc-s1 libstdc++6 zlib1g netbase tzdata ca-certificates".split(" "),
  // OpenGL, EGL and Vulkan, with Mesa's software and hardware drivers.
  ..."libgl1 libglx-mesa0 libegl1 libegl-mesa0 libgles2 libopengl0 libglu1-mesa".split(" "),
  ..."libgl1-mesa-dri libgbm1 libvulkan1 mesa-vulkan-drivers".split(" "),
  // Windows and input.
  ..."libwayland-client0 libwayland-egl1 libwayland-cursor0 libxkbcommon0 xkb-data".split(" "),
  ..."libdecor-0-0 libdecor-0-plugin-1-cairo libudev1 libdbus-1-3".split(" "),
  ..."libx11-6 libx11-xcb1 libxext6 libxrandr2 libxi6 libxcursor1 libxfixes3".split(" "),
  ..."libxinerama1 libxss1 libxxf86vm1 libxrender1 libxcomposite1 libxdamage1".split(" "),
  // Sound.
  ..."libpulse0 libopenal1".split(" "),
  // What most games are made with.
  ..."libsdl2-2.0-0 libsdl2-image-2.0-0 libsdl2-mixer-2.0-0 libsdl2-ttf-2.0-0".split(" "),
  ..."fontconfig fonts-dejavu-core".split(" "),
];

/** Packages whose names differ between the releases. */
const PACKAGES: Record<DebianRelease, string[]> = {
  "debian-12": [...BOTH_RELEASES, "libasound2", "libglib2.0-0", "libxtst6"],
  "debian-13": [...BOTH_RELEASES, "libasound2t64", "libglib2.0-0t64", "libxtst6"],
};

/** Raised when the list or the finishing steps change, so that layers are built again. */
const REVISION = 2;

/** Read by nobody in a sandbox, and a tenth of the size. */
const LEFT_OUT = [
  "usr/share/doc",
  "usr/share/man",
  "usr/share/info",
  "usr/share/lintian",
  "usr/share/locale",
  "usr/share/bug",
  "var/lib/dpkg",
  "var/cache",
  "boot",
];

/** Done in the new layer itself: what Debian's install scripts would have done. */
const FINISH = `
ldconfig
fc-cache --system-only --force >/dev/null 2>&1 || true
for schemas in /usr/lib/*/glib-2.0/glib-compile-schemas; do
  [ -d /usr/share/glib-2.0/schemas ] && "$schemas" /usr/share/glib-2.0/schemas || true
done
mkdir -p /etc/ssl/certs
find /usr/share/ca-certificates -name '*.crt' -exec cat {} + >/etc/ssl/certs/ca-certificates.crt
[ -e /usr/bin/awk ] || ln -s mawk /usr/bin/awk
find / -xdev -type f -perm /6000 -exec chmod a-s {} +
mkdir -p /game /home/player
`;

const ETC: Record<string, string> = {
  "passwd": "root:x:0:0:root:/:/usr/sbin/nologin\nplayer:x:1000:1000:Player:/home/player:/bin/sh\n",
  "group": "root:x:0:\nplayer:x:1000:\n",
  "hosts": "127.0.0.1 localhost gamelan\n::1 localhost\n",
  "hostname": "gamelan\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
  "machine-id": "",
  "resolv.conf": "",
};

export interface RuntimeLayer {
  /** The image, mounted below the game. */
  file: string;
  /** dpkg status file of what it holds: a game's dependencies are what is not in here. */
  status: string;
  revision: number;
}

interface Built {
  revision: number;
  sha256: string;
  bytes: number;
  packages: string[];
}

/** The layer if it has been built, also by an older Gamelan, else undefined. */
export async function findRuntime(
  folders: LibraryFolders,
  release: DebianRelease,
): Promise<RuntimeLayer | undefined> {
  const layer = layerFiles(folders, release);
  try {
    const built: Built = JSON.parse(await Deno.readTextFile(layer.index));
    const { size } = await Deno.stat(layer.file);
    return built.bytes === size ? { ...layer, revision: built.revision } : undefined;
  } catch {
    return undefined;
  }
}

function layerFiles(folders: LibraryFolders, release: DebianRelease) {
  const base = join(folders.runtimes, release);
  return { file: `${base}.erofs`, status: `${base}.status`, index: `${base}.json` };
}

/**
 * Finds or builds a runtime layer; building downloads about 110 MB and takes some 15 s on two cores.
 * Call it with the library's lock held.
 */
export async function ensureRuntime(
  folders: LibraryFolders,
  release: DebianRelease,
  options: { onProgress?: (step: string, fraction: number) => void; signal?: AbortSignal } = {},
): Promise<RuntimeLayer> {
  const present = await findRuntime(folders, release);
  if (present?.revision === REVISION) return present;
  const { onProgress, signal } = options;
  const work = await folders.workFolder();
  try {
    const nothing = join(work, "nothing-installed");
    await Deno.writeTextFile(nothing, "");
    const apt = await Apt.open(release, folders.aptCache(release), nothing);
    await apt.update({ onProgress: (step) => onProgress?.(step, 0), signal });
    const paths = await apt.download(PACKAGES[release], {
      onProgress: (step, done) => onProgress?.(`Runtime ${release}: ${step}`, 0.05 + done * 0.35),
      signal,
    });
    const root = join(work, "root");
    await Deno.mkdir(root);
    await unpackPackages(paths, root, {
      onProgress: (step, done) => onProgress?.(`Runtime ${release}: ${step}`, 0.4 + done * 0.3),
      signal,
    });
    await addSoundPlugin(apt, root, join(work, "sound"), signal);
    for (const path of LEFT_OUT) {
      await Deno.remove(join(root, path), { recursive: true }).catch(() => {});
    }
    for (const [name, text] of Object.entries(ETC)) {
      await Deno.remove(join(root, "etc", name)).catch(() => {});
      await Deno.writeTextFile(join(root, "etc", name), text);
    }
    onProgress?.(`Runtime ${release}: finishing`, 0.7);
    await runInside(root, FINISH, signal);
    onProgress?.(`Runtime ${release}: packing`, 0.75);
    const layer = layerFiles(folders, release);
    const image = join(work, "runtime.erofs");
    await packErofs(root, image, { signal });
    await checkErofs(image);
    const built: Built = {
      revision: REVISION,
      sha256: await sha256File(image, { signal }),
      bytes: (await Deno.stat(image)).size,
      packages: paths.map((path) => path.split("/").pop()!),
    };
    await Deno.writeTextFile(join(work, "status"), await statusOf(paths));
    await Deno.writeTextFile(join(work, "index"), JSON.stringify(built));
    // The index comes last: a layer whose size is not the index's counts as not built.
    await Deno.rename(image, layer.file);
    await Deno.rename(join(work, "status"), layer.status);
    await Deno.rename(join(work, "index"), layer.index);
    await forgetDownloads(folders.aptCache(release));
    return { ...layer, revision: REVISION };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/**
 * Lets programs that know only ALSA reach the session's sound server. The package's other plugins
 * would bring FFmpeg and JACK with them, so of its files just this one is taken.
 */
async function addSoundPlugin(
  apt: Apt,
  root: string,
  scratch: string,
  signal?: AbortSignal,
): Promise<void> {
  await Deno.mkdir(scratch);
  await unpackPackages([await apt.downloadAlone("libasound2-plugins", scratch)], scratch, {
    signal,
  });
  for await (const [path] of walk(scratch)) {
    if (!/libasound_module_(pcm|ctl)_pulse\.so$/.test(path)) continue;
    await Deno.mkdir(dirname(join(root, path)), { recursive: true });
    await Deno.copyFile(join(scratch, path), join(root, path));
  }
  await Deno.writeTextFile(
    join(root, "etc/asound.conf"),
    "pcm.!default { type pulse }\nctl.!default { type pulse }\n",
  );
}

/** Runs a shell script with `root` as its whole file system, without network. */
export async function runInside(root: string, script: string, signal?: AbortSignal): Promise<void> {
  await run([
    "bwrap",
    "--unshare-all",
    "--unshare-user",
    "--uid",
    "0",
    "--gid",
    "0",
    "--die-with-parent",
    "--bind",
    root,
    "/",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
    "--setenv",
    "PATH",
    "/usr/sbin:/usr/bin",
    "--",
    "/bin/sh",
    "-ec",
    script,
  ], { signal });
}

/** The release that a manifest's runtime names, or undefined for `none`. */
export function releaseOf(manifest: Manifest): DebianRelease | undefined {
  return manifest.runtime === "none" ? undefined : manifest.runtime;
}

/**
 * A layer's files as a plain folder, for users who cannot mount its package; unpacked once.
 *
 * @param image  the package or runtime file
 */
export async function ensureTree(folders: LibraryFolders, image: string): Promise<string> {
  const stat = await Deno.stat(image);
  const name = basename(image).replace(/\.erofs$/, "");
  const version = `${stat.size}-${stat.mtime?.getTime() ?? 0}`;
  const tree = join(folders.trees, name, version);
  if (await Deno.stat(tree).then(() => true, () => false)) return tree;
  await Deno.mkdir(join(folders.trees, name), { recursive: true });
  // Beside the lock of imports: nobody waits for an import to play another game.
  const half = await Deno.makeTempDir({ dir: join(folders.trees, name), prefix: ".half-" });
  await run(["fsck.erofs", `--extract=${half}`, "--overwrite", "--no-preserve-owner", image]);
  try {
    await Deno.rename(half, tree);
  } catch (error) {
    await Deno.remove(half, { recursive: true });
    // Another session of the same game was first.
    if (!await Deno.stat(tree).then(() => true, () => false)) throw error;
  }
  return tree;
}
