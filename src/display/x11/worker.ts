/** Worker that streams an X desktop; see source.ts. It blocks in epoll between events. */
import { FrameRing } from "../../media/frame_ring.ts";
import type { DisplayEvent } from "../../media/stages.ts";
import type { VideoMode } from "../../protocol/session.ts";
import { Priority, setRealtime } from "../../system/priority.ts";
import { type CommandChannel, CommandReceiver } from "./command_channel.ts";
import { Desktop } from "./desktop.ts";
import { EventWait } from "./event_wait.ts";

/** First and only message to the Worker. */
export interface X11WorkerStart {
  display: string;
  xauthority?: string;
  mode: VideoMode;
  /** Buffer of the FrameRing. */
  ring: SharedArrayBuffer;
  commands: CommandChannel;
}

export type X11Command =
  | { type: "mode"; mode: VideoMode }
  | { type: "clipboard"; text: string }
  | { type: "close" };

/** Messages of the Worker: the display's events, and "closed" as the last one. */
export type X11WorkerMessage = DisplayEvent | { type: "closed" };

const worker = self as unknown as {
  onmessage: ((message: MessageEvent<X11WorkerStart>) => void) | null;
  postMessage(message: X11WorkerMessage): void;
  close(): void;
};

worker.onmessage = ({ data }) => {
  setRealtime(Priority.display);
  try {
    stream(data);
  } catch (error) {
    worker.postMessage({
      type: "failed",
      message: error instanceof Error ? error.message : String(error),
    });
  }
  worker.postMessage({ type: "closed" });
  worker.close();
};

function stream({ display, xauthority, mode, ring, commands }: X11WorkerStart): void {
  const onEvent = (event: DisplayEvent) => worker.postMessage(event);
  const desktop = new Desktop({ display, xauthority, mode, ring: new FrameRing(ring), onEvent });
  const wait = new EventWait([desktop.connection.fd, commands.eventfd]);
  onEvent({ type: "ready", x11Display: display, xauthority });
  const receiver = new CommandReceiver<X11Command>(commands);
  let open = true;
  const execute = (command: X11Command) => {
    if (command.type === "mode") desktop.setMode(command.mode);
    else if (command.type === "clipboard") desktop.setClipboard(command.text);
    else open = false;
  };
  try {
    for (;;) {
      receiver.drain((record) => desktop.input(record), execute);
      if (!open) break;
      wait.wait(desktop.run());
    }
  } finally {
    wait.close();
    desktop.close();
  }
}
