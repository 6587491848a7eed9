import { existsSync } from "node:fs";
import { constants } from "node:os";
import { programsOnly } from "../../system/bubblewrap.ts";
import { claimDisplay, type ClaimedDisplay } from "./display_number.ts";

/** Where X servers have their sockets. */
const SOCKETS = "/tmp/.X11-unix";
/** A small machine that is busy is slow, not broken. */
const START_TIMEOUT_MS = 45_000;
const STOP_TIMEOUT_MS = 2000;
const TAIL_LINES = 12;

export interface XServerProcessOptions {
  /** The compositor's socket. */
  waylandDisplay: string;
  /** File with the cookie that clients must present. */
  xauthority: string;
  /** Size of the screen where the server does not take the output's. */
  width: number;
  height: number;
}

/** A rootful Xwayland: one X screen in one Wayland window. */
export interface XServerProcess {
  display: string;
  pid: number;
  /** Resolves with the reason when it has ended. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

let geometryOption: Promise<boolean> | undefined;

/** Whether this Xwayland has -geometry (from 23.1 on); an older one takes the output's size. */
function knowsGeometry(): Promise<boolean> {
  return geometryOption ??= (async () => {
    const { stdout, stderr } = await new Deno.Command("Xwayland", { args: ["-help"] }).output();
    const text = new TextDecoder();
    return (text.decode(stdout) + text.decode(stderr)).includes("-geometry");
  })();
}

/** Starts Xwayland on a free display. Throws where it does not start, with its last words. */
export async function startXServerProcess(
  { waylandDisplay, xauthority, width, height }: XServerProcessOptions,
): Promise<XServerProcess> {
  let server: Deno.ChildProcess;
  let claimed: ClaimedDisplay | undefined;
  try {
    const size = await knowsGeometry() ? ["-geometry", `${width}x${height}`] : [];
    claimed = claimDisplay();
    const display = `:${claimed.number}`;
    const access = ["-auth", xauthority, "-nolisten", "tcp"];
    const [program, ...args] = [
      ...confinement(waylandDisplay, xauthority),
      "Xwayland",
      // With -displayfd it tells when it is ready, and leaves the lock file to us.
      ...[display, "-displayfd", "1", ...access, "-noreset", ...size],
    ];
    server = new Deno.Command(program, {
      args,
      env: { WAYLAND_DISPLAY: waylandDisplay, PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" },
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    claimed.setHolder(server.pid);
  } catch (cause) {
    claimed?.release();
    throw new Error("Xwayland cannot be started; install Debian's package xwayland", { cause });
  }
  const { number, release } = claimed;
  const tail: string[] = [];
  const reading = keepTail(server.stderr, tail);
  const ended = (async () => {
    const { code, signal } = await server.status;
    await reading;
    release();
    // bubblewrap tells a signal that ended the server as a shell does.
    const by = signal ?? (code > 128 ? signalName(code - 128) : undefined);
    const how = by ? `was ended by ${by}` : `ended with code ${code}`;
    const words = tail.length > 0 ? `: ${tail.join(" / ")}` : "";
    return `the X server ${how}${words}`;
  })();
  await waitUntilReady(server, ended);
  const pid = serverBelow(server.pid);
  claimed.setHolder(pid);
  const stop = async () => {
    try {
      Deno.kill(pid, "SIGTERM");
    } catch {
      // It has ended already.
    }
    const timer = setTimeout(() => server.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  };
  return { display: `:${number}`, pid, ended, stop };
}

/** What the server needs of the machine's /etc. */
const ETC = ["ld.so.cache", "alternatives", "passwd", "fonts"];

/**
 * Command line before the server's own, so that it has its sockets, its cookie and graphics devices,
 * and nothing else of the machine: games talk to it, and what takes it over would be root here. In a
 * network of its own its abstract socket is out of other games' reach too. Nothing where bubblewrap
 * is missing, without which no game starts either.
 */
function confinement(waylandDisplay: string, xauthority: string): string[] {
  if (!existsSync("/usr/bin/bwrap")) return [];
  Deno.mkdirSync(SOCKETS, { recursive: true });
  if (Deno.lstatSync(SOCKETS).uid === Deno.uid()) Deno.chmodSync(SOCKETS, 0o1777);
  const graphics = [...Deno.readDirSync("/dev")].map(({ name }) => name)
    .filter((name) => name === "dri" || name.startsWith("nvidia"));
  return [
    ...["bwrap", "--die-with-parent", "--new-session", "--unshare-net", "--unshare-ipc"],
    ...["--cap-drop", "ALL", ...programsOnly(ETC), "--ro-bind-try", "/sys", "/sys"],
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--bind", SOCKETS, SOCKETS],
    ...graphics.flatMap((name) => ["--dev-bind-try", `/dev/${name}`, `/dev/${name}`]),
    ...["--bind-try", waylandDisplay, waylandDisplay, "--ro-bind", xauthority, xauthority, "--"],
  ];
}

/** The server's own process id: bubblewrap waits beside it, as its parent. */
function serverBelow(pid: number): number {
  try {
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ");
    const isServer = (child: number) =>
      child > 0 && Deno.readTextFileSync(`/proc/${child}/comm`) === "Xwayland\n";
    return children.map(Number).find(isServer) ?? pid;
  } catch {
    // It has just ended, which its status tells.
    return pid;
  }
}

function signalName(number: number): string {
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return name ?? `signal ${number}`;
}

/** The server writes its display number when it is ready. */
async function waitUntilReady(server: Deno.ChildProcess, ended: Promise<string>): Promise<void> {
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => timeout.reject(new Error(`Xwayland was not ready within ${START_TIMEOUT_MS} ms`)),
    START_TIMEOUT_MS,
  );
  try {
    let text = "";
    while (!text.includes("\n")) {
      const { value, done } = await Promise.race([reader.read(), timeout.promise]);
      if (done) throw new Error(`expected Xwayland to start, but ${await ended}`);
      text += value;
    }
  } catch (error) {
    try {
      server.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await ended;
    throw error;
  } finally {
    clearTimeout(timer);
    await reader.cancel();
  }
}

async function keepTail(stream: ReadableStream<Uint8Array<ArrayBuffer>>, tail: string[]) {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!.slice(-2000);
    tail.push(...lines.map((line) => line.trim()).filter((line) => line !== ""));
    tail.splice(0, tail.length - TAIL_LINES);
  }
  if (rest.trim()) tail.push(rest.trim());
}
