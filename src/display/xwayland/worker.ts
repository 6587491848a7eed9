/**
 * Worker that manages the windows of a session's X server. It is a thread of its own because a
 * client can make the server answer late or not at all (GrabServer), which must not stop the session.
 */
import { type CommandChannel, CommandReceiver } from "../x11/command_channel.ts";
import { XConnection } from "../x11/connection.ts";
import { EventWait } from "../x11/event_wait.ts";
import type { ShownDesktop } from "./desktop_view.ts";
import { WindowManager } from "./window_manager.ts";

/** First and only message to the Worker. */
export interface WindowManagerStart {
  display: string;
  xauthority: string;
  commands: CommandChannel;
}

export type WindowManagerCommand = { type: "request-close" } | { type: "close" };

export type WindowManagerMessage =
  | { type: "ready" }
  /** The first window was shown. */
  | { type: "mapped" }
  | { type: "view"; view: ShownDesktop }
  | { type: "failed"; message: string }
  | { type: "closed" };

const worker = self as unknown as {
  onmessage: ((message: MessageEvent<WindowManagerStart>) => void) | null;
  postMessage(message: WindowManagerMessage): void;
  close(): void;
};

worker.onmessage = ({ data }) => {
  try {
    manage(data);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    worker.postMessage({ type: "failed", message });
  }
  worker.postMessage({ type: "closed" });
  worker.close();
};

function manage({ display, xauthority, commands }: WindowManagerStart): void {
  const connection = XConnection.open(display, xauthority);
  const wait = new EventWait([connection.fd, commands.eventfd]);
  const receiver = new CommandReceiver<WindowManagerCommand>(commands);
  try {
    const manager = new WindowManager(connection, {
      onMapped: () => worker.postMessage({ type: "mapped" }),
      onView: (view) => worker.postMessage({ type: "view", view }),
    });
    worker.postMessage({ type: "ready" });
    let open = true;
    const execute = (command: WindowManagerCommand) => {
      if (command.type === "close") open = false;
      else manager.requestClose();
    };
    for (;;) {
      receiver.drain(() => {}, execute);
      if (!open) return;
      manager.dispatch();
      wait.wait(manager.idleMs);
    }
  } finally {
    wait.close();
    connection.close();
  }
}
