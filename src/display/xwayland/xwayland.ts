import { join } from "node:path";
import type { DesktopView } from "../../media/stages.ts";
import type { VideoMode } from "../../protocol/session.ts";
import { workerModule } from "../../system/worker_module.ts";
import { CommandSender } from "../x11/command_channel.ts";
import { FAMILY_WILD, formatXauthority } from "../x11/xauthority.ts";
import type { ShownDesktop } from "./desktop_view.ts";
import { startXServerProcess } from "./server_process.ts";
import type { WindowManagerCommand, WindowManagerMessage, WindowManagerStart } from "./worker.ts";

export interface XwaylandOptions {
  /** Absolute path of the compositor's socket. */
  waylandDisplay: string;
  /** Private directory of the session; the cookie file is written there. */
  runDir: string;
  mode: VideoMode;
  /** The first window was shown; until then the screen is the server's empty one. */
  onMapped?: () => void;
  /** Another part of the screen is to be shown. */
  onView?: (view: DesktopView) => void;
  /** The X server, or its window manager, ended without being asked to; called at most once. */
  onExit?: (reason: string) => void;
}

/** An X server as one client of the session's compositor, with a window manager. */
export interface Xwayland {
  /** Such as ":5". */
  display: string;
  /** Cookie file that its clients need as XAUTHORITY. */
  xauthority: string;
  /** Asks every X window to close (WM_DELETE_WINDOW). */
  requestClose(): void;
  close(): Promise<void>;
}

const MANAGER_TIMEOUT_MS = 45_000;
const MANAGER_CLOSE_MS = 1000;

/**
 * Starts an X server for one game. Only clients with the cookie in `xauthority` may connect, through
 * the socket /tmp/.X11-unix/X<number>; there is no TCP. Throws where Xwayland is missing or does not
 * start.
 */
export async function startXwayland(
  { waylandDisplay, runDir, mode, onMapped, onView, onExit }: XwaylandOptions,
): Promise<Xwayland> {
  const xauthority = join(runDir, "Xauthority");
  await writeCookie(xauthority);
  const { width, height } = mode;
  const server = await startXServerProcess({ waylandDisplay, xauthority, width, height });
  // For whoever clears up after a session that was killed.
  const note = join(runDir, "x11-display");
  await Deno.writeTextFile(note, `${server.display.slice(1)} ${server.pid}\n`);
  let closing: Promise<void> | undefined;
  let reported = false;
  const report = (reason: string) => {
    if (closing || reported) return;
    reported = true;
    onExit?.(reason);
  };
  let manager: WindowManagerWorker;
  try {
    manager = await startWindowManager(server.display, xauthority, {
      onMapped: () => onMapped?.(),
      onView: (view) => onView?.({ server: server.pid, ...view }),
      onFailed: async (message) => {
        // Where the server's end ended the window manager too, the server's own words say more.
        const late = new Promise<string>((resolve) => setTimeout(resolve, 500, message));
        report(await Promise.race([server.ended, late]));
      },
    });
  } catch (error) {
    reported = true;
    await server.stop();
    throw error;
  }
  server.ended.then(report);
  return {
    display: server.display,
    xauthority,
    requestClose: () => manager.commands.command({ type: "request-close" }),
    close() {
      return closing ??= (async () => {
        await manager.close();
        await server.stop();
        for (const file of [xauthority, note]) await Deno.remove(file).catch(() => {});
      })();
    },
  };
}

/** For any address and number: the server reads it before it has a number. */
async function writeCookie(path: string): Promise<void> {
  const entry = {
    family: FAMILY_WILD,
    address: new Uint8Array(),
    number: "",
    name: "MIT-MAGIC-COOKIE-1",
    data: crypto.getRandomValues(new Uint8Array(16)),
  };
  await Deno.remove(path).catch(() => {});
  await Deno.writeFile(path, formatXauthority([entry]), { mode: 0o600, createNew: true });
}

interface WindowManagerWorker {
  commands: CommandSender<WindowManagerCommand>;
  close(): Promise<void>;
}

async function startWindowManager(
  display: string,
  xauthority: string,
  { onMapped, onView, onFailed }: {
    onMapped: () => void;
    onView: (view: ShownDesktop) => void;
    onFailed: (message: string) => void;
  },
): Promise<WindowManagerWorker> {
  const commands = new CommandSender<WindowManagerCommand>();
  const module = workerModule("window-manager", new URL("./worker.ts", import.meta.url));
  const worker = new Worker(module, { type: "module", name: "window-manager" });
  const ready = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const failed = (message: string) => {
    ready.reject(new Error(`the window manager failed: ${message}`));
    onFailed(message);
  };
  worker.onmessage = ({ data }: MessageEvent<WindowManagerMessage>) => {
    if (data.type === "ready") ready.resolve();
    else if (data.type === "mapped") onMapped();
    else if (data.type === "view") onView(data.view);
    else if (data.type === "failed") failed(data.message);
    else closed.resolve();
  };
  worker.onerror = (error) => {
    error.preventDefault();
    failed(error.message);
    closed.resolve();
  };
  const close = async () => {
    commands.command({ type: "close" });
    const timer = setTimeout(closed.resolve, MANAGER_CLOSE_MS);
    await closed.promise;
    clearTimeout(timer);
    worker.terminate();
    commands.close();
  };
  const start: WindowManagerStart = { display, xauthority, commands: commands.channel };
  worker.postMessage(start);
  const timer = setTimeout(
    () => ready.reject(new Error(`the window manager got no answer of the X server ${display}`)),
    MANAGER_TIMEOUT_MS,
  );
  try {
    await ready.promise;
  } catch (error) {
    await close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return { commands, close };
}
