/**
 * Starts games, and single programs, in their sandbox.
 */
import { lstatSync, readdirSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import type { GameEnvironment, GameProcess } from "../media/stages.ts";
import { logger } from "../system/log.ts";
import type { Limits } from "./cgroup.ts";
import { GameLibrary } from "./library.ts";
import type { Manifest } from "./manifest.ts";
import { ensureTree, findRuntime, releaseOf } from "./runtime.ts";
import { openSaves, snapshotSaves } from "./saves.ts";
import { checkSavesSize } from "./saves_space.ts";
import { startSandbox } from "./sandbox.ts";
import { isGameUid, sessionUid } from "./session_user.ts";
import { type Bind, SANDBOX_HOME, SANDBOX_RUNTIME_DIR, type SandboxPlan } from "./stage_script.ts";
import { LibraryFolders } from "./folders.ts";
import { wildXauthority } from "./xauthority.ts";

const log = logger("games");

export interface LaunchLimits extends Partial<Limits> {
  /** Most that the game may write outside of its saves; lies in memory. */
  scratchBytes?: number;
  /** Most that the game's saves of this player may take at its start, and their snapshots together. */
  savesBytes?: number;
}

export interface LaunchOptions {
  limits?: LaunchLimits;
  /** Use packages without mounting them, as a plain user must; for tests. */
  unmounted?: boolean;
}

/** Wide enough for any game; a fork bomb ends here. */
const DEFAULT_PROCESSES = 2048;
const DEFAULT_SCRATCH_BYTES = 2 * 1024 ** 3;
/** Share of the machine's memory that one game may take. */
const DEFAULT_MEMORY_SHARE = 0.75;

/** Empty folders of every Debian, over which a private mount namespace may mount. */
const STAGES = ["/mnt", "/media", "/srv", "/opt"];

/**
 * Starts a game of the library in `env.dataDir`.
 *
 * The game sees its runtime and package, a throw-away layer for what it writes, its user's save
 * directories, and of the machine only the sockets and devices that `env` names.
 *
 * @throws where the library has no such game, its package is damaged, or the sandbox cannot be built
 */
export async function launchGame(
  id: string,
  env: GameEnvironment,
  options: LaunchOptions = {},
): Promise<GameProcess> {
  const library = new GameLibrary({ dataDir: env.dataDir });
  const game = await library.find(id);
  const { manifest } = game;
  const privileged = isRoot();
  const uid = privileged ? await sessionUid(library.folders.saves, env.user) : undefined;
  const maxBytes = options.limits?.savesBytes;
  if (maxBytes !== undefined) await checkSavesSize(env.dataDir, env.user, id, maxBytes);
  await snapshotSaves(env.dataDir, env.user, id, { maxBytes });
  const home = await openSaves(env.dataDir, env.user, manifest, uid);
  const layers: SandboxPlan["layers"] = [
    { source: game.file, mounted: true, inner: "root" },
  ];
  const release = releaseOf(manifest);
  if (release !== undefined) {
    const runtime = await findRuntime(library.folders, release);
    if (runtime === undefined) {
      throw new Error(
        `The runtime ${release} that ${manifest.title} needs is missing: ` +
          `run "gamelan games import" for it again`,
      );
    }
    layers.push({ source: runtime.file, mounted: true });
  }
  const [program, ...rest] = manifest.command;
  const launch = (layers: SandboxPlan["layers"]) =>
    start(env, options.limits ?? {}, {
      uid,
      layers,
      home,
      binds: [],
      network: manifest.wants.includes("network"),
      gpu: manifest.wants.includes("gpu"),
      environment: { ...windowSystem(manifest, env), ...manifest.environment },
      directory: manifest.directory,
      argv: [program.startsWith("./") ? join(manifest.directory, program) : program, ...rest],
    });
  if (privileged && !options.unmounted) {
    try {
      return await launch(layers);
    } catch (error) {
      if (!/mount: .*(erofs|layer\d|loop)/.test((error as Error).message)) throw error;
      log.warn("packages cannot be mounted here; using an unpacked copy", { game: id, error });
    }
  }
  const unpacked = [];
  for (const layer of layers) {
    unpacked.push({
      ...layer,
      source: await ensureTree(library.folders, layer.source),
      mounted: false,
    });
  }
  return await launch(unpacked);
}

export interface CommandLaunch {
  argv: string[];
  /** Files and folders of the machine to see read-only at the same path, beside /usr. */
  readOnly: string[];
  directory?: string;
  environment?: Record<string, string>;
  gpu?: boolean;
  limits?: LaunchLimits;
}

/**
 * Starts a program of this machine in the same sandbox, over the machine's own /usr: nothing that it
 * writes is kept. For what comes with Gamelan, such as the Test card.
 */
export async function launchCommand(
  launch: CommandLaunch,
  env: GameEnvironment,
): Promise<GameProcess> {
  const folders = new LibraryFolders(env.dataDir);
  const uid = isRoot() ? await sessionUid(folders.saves, env.user) : undefined;
  return await start(env, launch.limits ?? {}, {
    uid,
    layers: [],
    home: [],
    binds: launch.readOnly.map((path) => ({ source: resolve(path), target: resolve(path) })),
    network: false,
    gpu: launch.gpu ?? false,
    environment: { ...windowSystem({ wants: [] }, env), ...launch.environment },
    directory: launch.directory ?? SANDBOX_HOME,
    argv: launch.argv,
  });
}

interface Launch {
  uid: number | undefined;
  layers: SandboxPlan["layers"];
  home: SandboxPlan["home"];
  binds: Bind[];
  network: boolean;
  gpu: boolean;
  environment: Record<string, string>;
  directory: string;
  argv: string[];
}

function isRoot(): boolean {
  return Deno.uid() === 0;
}

async function start(
  env: GameEnvironment,
  limits: LaunchLimits,
  launch: Launch,
): Promise<GameProcess> {
  const { uid } = launch;
  const runDir = resolve(env.runDir);
  await Deno.mkdir(runDir, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: runDir, prefix: "sandbox-" });
  try {
    const reached = await reach(env, folder, uid);
    const gpu = launch.gpu ? graphicsDevices() : NO_GRAPHICS;
    const binds = [...launch.binds, ...reached.binds, ...gpu.binds];
    const sources = [runDir, resolve(env.dataDir), ...binds.map((bind) => bind.source)];
    const memoryBytes = limits.memoryBytes ??
      Math.floor(Deno.systemMemoryInfo().total * DEFAULT_MEMORY_SHARE);
    return await startSandbox({
      privileged: uid !== undefined,
      stage: chooseStage([...sources, ...launch.layers.map((layer) => layer.source)]),
      layers: launch.layers,
      fuseOverlay: false,
      uid: uid ?? Deno.uid()!,
      groups: gpu.groups,
      home: launch.home,
      binds,
      hidden: gpu.hidden,
      network: launch.network,
      hostname: "gamelan",
      environment: {
        HOME: SANDBOX_HOME,
        USER: "player",
        LOGNAME: "player",
        PATH: "/usr/local/bin:/usr/bin:/bin:/usr/games",
        LANG: "C.UTF-8",
        XDG_RUNTIME_DIR: SANDBOX_RUNTIME_DIR,
        ...reached.environment,
        ...launch.environment,
      },
      directory: launch.directory,
      argv: launch.argv,
      cgroups: [],
      scratchBytes: limits.scratchBytes ?? DEFAULT_SCRATCH_BYTES,
      seccompFile: join(folder, "seccomp"),
      infoFile: join(folder, "info"),
    }, {
      id: env.sessionId,
      folder,
      limits: {
        memoryBytes,
        processes: limits.processes ?? DEFAULT_PROCESSES,
        cpus: limits.cpus,
      },
      logFile: join(runDir, "game.log"),
    });
  } catch (error) {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    throw error;
  }
}

/** The session's own sockets and devices, and what tells the game about them. */
async function reach(env: GameEnvironment, folder: string, uid: number | undefined) {
  const binds: Bind[] = [];
  const environment: Record<string, string> = {};
  const give = async (source: string) => {
    // A socket can be used by those who may write it. One of a user's desktop stays as it is.
    const stat = lstatSync(source);
    if (uid !== undefined && stat.isSocket() && (stat.uid === 0 || isGameUid(stat.uid))) {
      await Deno.chown(source, uid, uid);
      await Deno.chmod(source, 0o600);
    }
  };
  if (env.waylandDisplay !== undefined) {
    const source = resolve(env.waylandDisplay);
    await give(source);
    binds.push({ source, target: `${SANDBOX_RUNTIME_DIR}/wayland-0`, writable: true });
    environment.WAYLAND_DISPLAY = "wayland-0";
  }
  if (env.x11Display !== undefined) {
    const number = /^:(\d+)(\.\d+)?$/.exec(env.x11Display)?.[1];
    if (number === undefined) throw new Error(`"${env.x11Display}" is not an X11 display here`);
    const socket = `/tmp/.X11-unix/X${number}`;
    binds.push({ source: socket, target: socket, writable: true });
    environment.DISPLAY = env.x11Display;
  }
  if (env.xauthority !== undefined) {
    const copy = join(folder, "xauthority");
    await Deno.writeFile(copy, wildXauthority(await Deno.readFile(env.xauthority)), {
      mode: 0o600,
    });
    if (uid !== undefined) await Deno.chown(copy, uid, uid);
    binds.push({ source: copy, target: `${SANDBOX_RUNTIME_DIR}/xauthority` });
    environment.XAUTHORITY = `${SANDBOX_RUNTIME_DIR}/xauthority`;
  }
  const sound = { ...env.sound.env };
  for (const [index, socket] of env.sound.sockets.entries()) {
    const source = resolve(socket);
    const target = `${SANDBOX_RUNTIME_DIR}/sound-${index}`;
    await give(source);
    binds.push({ source, target, writable: true });
    for (const name of Object.keys(sound)) sound[name] = sound[name].replaceAll(socket, target);
  }
  Object.assign(environment, sound);
  if (env.inputDirectory !== undefined) {
    binds.push({ source: resolve(env.inputDirectory), target: "/dev/input", devices: true });
    // SDL asks udev for gamepads, which does not know of a session's; told so, it looks at the folder.
    environment.SDL_JOYSTICK_DISABLE_UDEV = "1";
  }
  return { binds, environment };
}

/** Tells the usual libraries which window system and sound to use. */
function windowSystem(manifest: Pick<Manifest, "wants">, env: GameEnvironment) {
  const wayland = env.waylandDisplay !== undefined && !manifest.wants.includes("x11");
  const environment: Record<string, string> = wayland
    ? { SDL_VIDEODRIVER: "wayland", GDK_BACKEND: "wayland", QT_QPA_PLATFORM: "wayland" }
    : {};
  if (env.sound.env.PULSE_SERVER !== undefined) {
    environment.SDL_AUDIODRIVER = "pulseaudio";
    environment.ALSOFT_DRIVERS = "pulse";
  }
  return environment;
}

interface Graphics {
  binds: Bind[];
  hidden: string[];
  groups: number[];
}

const NO_GRAPHICS: Graphics = { binds: [], hidden: [], groups: [] };

/** Render nodes, the kernel's description of them, and the groups that may open them. */
function graphicsDevices(): Graphics {
  let nodes: string[];
  try {
    nodes = readdirSync("/dev/dri").filter((name) => name.startsWith("renderD"));
  } catch {
    return NO_GRAPHICS;
  }
  const paths = nodes.map((name) => join("/dev/dri", name));
  const nvidia = readdirSync("/dev").filter((name) => /^nvidia(\d+|ctl|-uvm|-modeset)$/.test(name))
    .map((name) => join("/dev", name));
  return {
    binds: [
      ...[...paths, ...nvidia].map((path) => ({ source: path, target: path, devices: true })),
      ...["/sys/dev/char", "/sys/devices", "/sys/class/drm"].map((path) => ({
        source: path,
        target: path,
      })),
    ],
    // Input devices of other sessions are among them, a GPU is not.
    hidden: ["/sys/devices/virtual"],
    groups: [...new Set(paths.map((path) => lstatSync(path).gid))].filter((gid) => gid !== 0),
  };
}

/** A folder to mount over that hides none of the sources. */
function chooseStage(sources: string[]): string {
  for (const stage of STAGES) {
    const hides = sources.some((source) =>
      isAbsolute(source) && `${source}/`.startsWith(`${stage}/`)
    );
    let folder = false;
    try {
      folder = lstatSync(stage).isDirectory();
    } catch {
      // Not on this system.
    }
    if (folder && !hides) return stage;
  }
  throw new Error(`None of ${STAGES.join(", ")} is a free folder; make one of them`);
}
