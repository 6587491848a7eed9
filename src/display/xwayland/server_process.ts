import { claimDisplay, type ClaimedDisplay } from "./display_number.ts";

const START_TIMEOUT_MS = 15000;
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
    server = new Deno.Command("Xwayland", {
      // With -displayfd it tells when it is ready, and leaves the lock file to us.
      args: [display, "-displayfd", "1", ...access, "-noreset", ...size],
      env: { WAYLAND_DISPLAY: waylandDisplay },
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
    const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
    const words = tail.length > 0 ? `: ${tail.join(" / ")}` : "";
    return `the X server ${how}${words}`;
  })();
  await waitUntilReady(server, ended);
  const stop = async () => {
    try {
      server.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    const timer = setTimeout(() => server.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  };
  return { display: `:${number}`, pid: server.pid, ended, stop };
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
