import type { FrameRing } from "../../media/frame_ring.ts";
import type { DisplayEvent, DisplaySource } from "../../media/stages.ts";
import type { VideoMode } from "../../protocol/session.ts";
import { workerModule } from "../../system/worker_module.ts";
import { CommandSender } from "./command_channel.ts";
import type { X11Command, X11WorkerMessage, X11WorkerStart } from "./worker.ts";

export interface X11SourceOptions {
  /** A running X server, such as ":0". */
  display: string;
  /** The stream's picture; a desktop of another size is scaled into it, aspect kept. */
  mode: VideoMode;
  ring: FrameRing;
  /** Cookie file; absent: as libxcb finds it ($XAUTHORITY, ~/.Xauthority). */
  xauthority?: string;
}

/** Room for a clipboard of control.ts's longest text, as JSON. */
const COMMAND_BYTES = 2 ** 21;
const CLOSE_TIMEOUT_MS = 2000;

/**
 * Streams a running X desktop: pictures when something is drawn (MIT-SHM and DAMAGE), at most
 * `mode.fps` a second, and input by XTEST. The desktop keeps its own keyboard layout and its
 * windows and is shown whole: `setKeyboard`, `setDesktopView` and `requestClose` do nothing. Where the server cannot be reached or goes
 * away, a `failed` event says why; after it only `close` is useful.
 */
export function startX11Source(
  { display, mode, ring, xauthority }: X11SourceOptions,
): DisplaySource {
  const commands = new CommandSender<X11Command>(COMMAND_BYTES);
  const module = workerModule("x11-source", new URL("./worker.ts", import.meta.url));
  const worker = new Worker(module, { type: "module", name: "x11-source" });
  const closed = Promise.withResolvers<void>();
  const waiting: DisplayEvent[] = [];
  let onEvent: ((event: DisplayEvent) => void) | undefined;
  const emit = (event: DisplayEvent) => {
    if (onEvent) onEvent(event);
    else waiting.push(event);
  };
  worker.onmessage = ({ data }: MessageEvent<X11WorkerMessage>) => {
    if (data.type === "closed") closed.resolve();
    else emit(data);
  };
  worker.onerror = (error) => {
    error.preventDefault();
    emit({ type: "failed", message: `the X11 source stopped: ${error.message}` });
    closed.resolve();
  };
  const start: X11WorkerStart = {
    display,
    xauthority,
    mode,
    ring: ring.buffer,
    commands: commands.channel,
  };
  worker.postMessage(start);
  let closing: Promise<void> | undefined;
  return {
    get onEvent() {
      return emit;
    },
    set onEvent(receive) {
      onEvent = receive;
      for (const event of waiting.splice(0)) receive(event);
    },
    input: (record) => commands.input(record),
    setMode: (next) => commands.command({ type: "mode", mode: next }),
    setKeyboard: () => {},
    setDesktopView: () => {},
    setClipboard: (text) => commands.command({ type: "clipboard", text }),
    requestClose: () => {},
    close() {
      return closing ??= (async () => {
        commands.command({ type: "close" });
        const timer = setTimeout(closed.resolve, CLOSE_TIMEOUT_MS);
        await closed.promise;
        clearTimeout(timer);
        worker.terminate();
        commands.close();
      })();
    },
  };
}
