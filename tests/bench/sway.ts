import { join } from "node:path";
import type { VideoMode } from "../../src/protocol/session.ts";

const START_MS = 15_000;
/** sway refuses to run as root; nobody's user and group id on Debian. */
const NOBODY = 65534;

export interface Sway {
  socketPath: string;
  close(): Promise<void>;
}

/** Starts sway without a screen or a GPU, drawing by pixman (Debian package sway). */
export async function startSway({ width, height, fps }: VideoMode): Promise<Sway> {
  const directory = await Deno.makeTempDir({ prefix: "gl-sway-" });
  const config = join(directory, "config");
  const errors = join(directory, "errors");
  await Deno.writeTextFile(
    config,
    `output * mode --custom ${width}x${height}@${fps}Hz\nxwayland disable\n` +
      `default_border none\n`,
  );
  const root = Deno.uid() === 0;
  if (root) Deno.chownSync(directory, NOBODY, NOBODY);
  const become = root
    ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"]
    : ["env"];
  const script = 'exec sway -c "$0" 2>"$1"';
  const [command, ...args] = [...become, "sh", "-c", script, config, errors];
  const sway = new Deno.Command(command, {
    args,
    env: {
      HOME: directory,
      XDG_RUNTIME_DIR: directory,
      WLR_BACKENDS: "headless",
      WLR_RENDERER: "pixman",
      WLR_LIBINPUT_NO_DEVICES: "1",
      WAYLAND_DISPLAY: "",
      DISPLAY: "",
    },
    stdout: "null",
    stderr: "null",
  }).spawn();
  const exited = sway.status;
  const close = async () => {
    try {
      sway.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await exited;
    await Deno.remove(directory, { recursive: true });
  };
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const socket = [...Deno.readDirSync(directory)].find(({ name }) => /^wayland-\d+$/.test(name));
    if (socket) return { socketPath: join(directory, socket.name), close };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const said = await Deno.readTextFile(errors).catch(() => "nothing");
  await close();
  throw new Error(`expected sway to open its socket within 15 s; it said: ${said.slice(-1000)}`);
}
