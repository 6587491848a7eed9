import { join } from "node:path";
import { programsOnly } from "../system/bubblewrap.ts";
import { logger } from "../system/log.ts";

const log = logger("audio");

/** Sink and source names inside a session's sound server. */
export const GAME_SINK = "game";
export const MICROPHONE_SINK = "microphone_input";
export const MICROPHONE_SOURCE = "microphone";

/** A private sound server that runs. */
export interface SoundServer {
  /** Resolves with how it ended, such as "signal SIGKILL" or "exit code 1: …". */
  readonly exited: Promise<string>;
  /** Kills it and all it started, and resolves when they are gone. */
  stop(): Promise<void>;
}

/** `sockaddr_un.sun_path` with its terminator, unix(7). */
const MAX_SOCKET_PATH = 107;
const READY_MS = 8000;

/** Resolves when the server accepts connections. Rejects when it ended before or takes too long. */
async function untilReady(socket: string, exited: Promise<string>): Promise<void> {
  let ended: string | undefined;
  exited.then((how) => ended = how);
  for (const start = Date.now(); Date.now() - start < READY_MS;) {
    if (ended !== undefined) throw new Error(`the sound server ended while it started: ${ended}`);
    try {
      (await Deno.connect({ transport: "unix", path: socket })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  throw new Error(`the sound server did not open ${socket} within ${READY_MS} ms`);
}

/** Last lines of a stream, as text; resolves at its end. */
async function tail(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text = (text + part).slice(-2000);
  }
  return text.trim().split("\n").slice(-3).join("; ");
}

/** What the server needs of the machine's /etc. */
const ETC = ["ld.so.cache", "alternatives", "passwd", "group", "machine-id", "localtime"];

/**
 * Command line that runs the server with nothing of the machine but its programs, nothing to write
 * to but its folder, no network and no capability but real-time scheduling, and that dies with this
 * process. A game talks to this server: whoever takes it over must find no system bus, no other
 * session's socket and no key, which root may use without any capability.
 */
function confined(folder: string, { command, programs }: ServerCommand): string[] {
  return [
    "bwrap",
    ...["--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net", "--unshare-ipc"],
    ...["--cap-drop", "ALL", ...(Deno.uid() === 0 ? ["--cap-add", "CAP_SYS_NICE"] : [])],
    ...programsOnly(ETC),
    ...["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"],
    ...(programs ? ["--ro-bind", programs, programs] : []),
    ...["--bind", folder, folder, "--chdir", "/", "--"],
    ...command,
  ];
}

/** The same where bubblewrap is missing or may not work: it only dies with this process. */
function unconfined(_folder: string, { command }: ServerCommand): string[] {
  return ["setpriv", "--pdeathsig", "KILL", "--no-new-privs", "--", ...command];
}

function spawn(folder: string, argv: string[], env: Record<string, string>): SoundServer {
  const child = new Deno.Command(argv[0], {
    args: argv.slice(1),
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
      HOME: folder,
      XDG_RUNTIME_DIR: folder,
      // An address that fails at once, so that no bus is looked for or started.
      DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent",
      DBUS_SYSTEM_BUS_ADDRESS: "unix:path=/nonexistent",
      ...env,
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  // The end of standard error is the end of the last process of the server.
  const said = tail(child.stderr);
  const exited = Promise.all([child.status, said]).then(([status, lines]) => {
    const how = status.signal ? `signal ${status.signal}` : `exit code ${status.code}`;
    return lines === "" ? how : `${how}: ${lines}`;
  });
  return {
    exited,
    async stop() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await exited;
    },
  };
}

/** Files a session's sound server and its clients need, all inside `folder`. */
export interface SoundFolder {
  folder: string;
  /** The player has 5.1 speakers. */
  surround: boolean;
  socket: string;
  /** `PULSE_CLIENTCONFIG` for this process: no autospawn, no files in the home directory. */
  clientConfig: string;
  /** ALSA configuration whose default device is the sound server. */
  alsaConfig: string;
  /** OpenAL Soft's configuration (`ALSOFT_CONF`). */
  openalConfig: string;
}

/**
 * Makes the folder `<runDir>/sound` with its configuration. Throws where `runDir` is so long that a
 * socket inside does not fit a socket address. `surround`: the player has 5.1 speakers.
 */
export async function makeSoundFolder(runDir: string, surround: boolean): Promise<SoundFolder> {
  const folder = join(runDir, "sound");
  const socket = join(folder, "pulse.sock");
  if (new TextEncoder().encode(socket).length > MAX_SOCKET_PATH) {
    throw new Error(
      `expected a run directory that leaves ${socket} at most ${MAX_SOCKET_PATH} bytes; use a shorter one`,
    );
  }
  if (!/^[\w./@:+-]+$/.test(folder)) {
    throw new Error(`expected a run directory of letters, digits and ./_@:+-, got ${runDir}`);
  }
  await Deno.mkdir(folder, { recursive: true });
  const file = async (name: string, content: string | Uint8Array) => {
    const path = join(folder, name);
    await Deno.writeFile(
      path,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
    return path;
  };
  // libpulse makes a cookie file in the home directory where it finds none; nobody checks this one.
  const cookie = await file("cookie", new Uint8Array(256));
  const clientConfig = await file(
    "client.conf",
    `autospawn = no\nenable-shm = no\nenable-memfd = no\ncookie-file = ${cookie}\n`,
  );
  const alsaConfig = await file(
    "asound.conf",
    `pcm.!default { type pulse }\nctl.!default { type pulse }\n`,
  );
  // OpenAL Soft tries PulseAudio first and then what else it knows. It would render to the sink's
  // 5.1 for a player with two speakers, too.
  const openalConfig = await file(
    "alsoft.conf",
    `drivers = pulse,\n${surround ? "" : "channels = stereo\n"}`,
  );
  // The game has a uid of its own; what it may reach is the socket and its own configurations.
  await Deno.chmod(folder, 0o711);
  for (const path of [alsaConfig, openalConfig]) await Deno.chmod(path, 0o644);
  for (const path of [cookie, clientConfig]) await Deno.chmod(path, 0o600);
  return { folder, surround, socket, clientConfig, alsaConfig, openalConfig };
}

/** How to run a kind of sound server. */
export interface ServerCommand {
  command: string[];
  env: Record<string, string>;
  /** Folder of its programs where that is not the machine's own. */
  programs?: string;
  /** It may run where bubblewrap is missing or does not work. */
  unconfined: boolean;
}

/**
 * Runs a sound server on the folder's socket and waits until it serves. Throws with what it said
 * where it does not start.
 */
export async function runServer(files: SoundFolder, server: ServerCommand): Promise<SoundServer> {
  const failures: string[] = [];
  for (const wrap of server.unconfined ? [confined, unconfined] : [confined]) {
    await Deno.remove(files.socket).catch(() => {});
    try {
      const running = spawn(files.folder, wrap(files.folder, server), server.env);
      try {
        await untilReady(files.socket, running.exited);
      } catch (error) {
        await running.stop();
        throw error;
      }
      // The server makes the folder private; the game must be able to pass through it.
      await Deno.chmod(files.folder, 0o711);
      await Deno.chmod(files.socket, 0o666);
      return running;
    } catch (error) {
      failures.push((error as Error).message);
      if (wrap === confined && server.unconfined) {
        log.warn("the sound server runs without bubblewrap", { why: (error as Error).message });
      }
    }
  }
  throw new Error(failures.at(-1));
}
