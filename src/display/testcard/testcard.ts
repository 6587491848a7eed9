import { EPOLLIN } from "../../../ffi/libc.ts";
import { monotonicMs } from "../../media/clock.ts";
import { WaylandConnection } from "../wayland/connection.ts";
import { EventLoop } from "../wayland/event_loop.ts";
import { Pads } from "./pads.ts";
import { TestCardWindow } from "./window.ts";

export interface TestCardOptions {
  /** The compositor's socket. */
  waylandSocket: string;
  /** Directory with the gamepads' event devices. */
  inputDirectory: string;
  /** PulseAudio server for the beep, such as `unix:/path`; absent: silent. */
  pulseServer?: string;
  /** Why there is no beep; called at most once. */
  onSilent?: (reason: string) => void;
}

/** How often pads are looked for, ms. */
const SCAN_INTERVAL_MS = 1000;

/**
 * Runs the Test card until its window is closed. Blocks the calling thread: the card is a process
 * of its own. Throws ConnectionError where there is no compositor or it ends the connection.
 */
export async function runTestCard(options: TestCardOptions): Promise<void> {
  const connection = WaylandConnection.connect(options.waylandSocket);
  const loop = new EventLoop();
  const window = new TestCardWindow(connection, loop);
  const { state } = window;
  const pads = new Pads(loop, options.inputDirectory, (slot, presses) => {
    if (presses > 0) state.last = `Pad ${slot + 1}`;
    window.input(presses);
  });
  state.pads = pads.views;
  const scan = () => {
    pads.scan();
    loop.at(monotonicMs() + SCAN_INTERVAL_MS, scan);
  };
  let started = false;
  window.onFirstFrame = () => started = true;
  loop.watch(connection.fd, EPOLLIN, () => connection.dispatch());
  loop.afterBatch = () => window.draw();
  let beep: { play(): void; close(): void } | undefined;
  window.onPress = () => beep?.play();
  try {
    window.draw();
    while (!window.closed && !started) loop.turn(-1);
    // Pads and sound wait for the first picture, which is what a player waits for.
    scan();
    beep = await connectSound(options);
    state.sound = beep !== undefined;
    while (!window.closed) loop.turn(-1);
  } finally {
    beep?.close();
    pads.close();
    loop.close();
    connection.close();
  }
}

async function connectSound({ pulseServer, onSilent }: TestCardOptions) {
  if (!pulseServer) return undefined;
  try {
    const { Beep } = await import("./beep.ts");
    return new Beep(pulseServer);
  } catch (error) {
    onSilent?.(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
