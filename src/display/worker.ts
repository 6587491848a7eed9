/**
 * The Worker that the compositor runs in. Its thread blocks in epoll_wait, so it cannot receive
 * messages: after the first one, everything comes through a ByteRing and an eventfd.
 */
import { EPOLLIN, libc } from "../../ffi/libc.ts";
import { ByteRing } from "../media/byte_ring.ts";
import { FrameRing } from "../media/frame_ring.ts";
import { decodeInput } from "../protocol/input.ts";
import {
  type DisplayCommand,
  type DisplayWorkerMessage,
  type DisplayWorkerStart,
  RecordKind,
} from "./worker_messages.ts";
import { logger } from "../system/log.ts";
import { Priority, setRealtime } from "../system/priority.ts";
import { sayLoaded } from "../system/worker_module.ts";
import { Compositor } from "./wayland/compositor.ts";

/** A display that keeps failing is reported as failed. */
const MAX_INTERNAL_ERRORS = 20;
const log = logger("display");
const scope = self as unknown as DedicatedWorkerGlobalScope;
const send = (message: DisplayWorkerMessage) => scope.postMessage(message);

function run(start: DisplayWorkerStart): void {
  const compositor = new Compositor({
    socketPath: start.socketPath,
    mode: start.mode,
    keyboard: start.keyboard,
    ring: new FrameRing(start.frames),
    onEvent: send,
  });
  const commands = new ByteRing(start.commands);
  const counter = new Uint8Array(8);
  compositor.loop.watch(start.wakeFd, EPOLLIN, () => {
    libc.read(start.wakeFd, counter, 8n);
    for (let record = commands.shift(); record; record = commands.shift()) {
      try {
        handle(compositor, record);
      } catch (error) {
        // Such as a keyboard layout that does not exist; the display goes on as it was.
        log.warn("a command was not carried out", { error });
      }
    }
  });
  let errors = 0;
  compositor.loop.onError = (error) => {
    log.error("an internal error; the display goes on", { error });
    if (++errors > MAX_INTERNAL_ERRORS) throw error;
  };
  setRealtime(Priority.display);
  send({ type: "ready", waylandDisplay: start.socketPath });
  compositor.loop.run();
  compositor.close();
  send({ type: "closed" });
}

function handle(compositor: Compositor, record: Uint8Array): void {
  const body = record.subarray(1);
  if (record[0] === RecordKind.Input) compositor.seat.input(decodeInput(body));
  else obey(compositor, JSON.parse(new TextDecoder().decode(body)));
}

function obey(compositor: Compositor, command: DisplayCommand): void {
  switch (command.type) {
    case "mode":
      return compositor.setMode(command.mode);
    case "keyboard":
      return compositor.seat.keyboard.setLayout(command.layout);
    case "clipboard":
      return compositor.setClipboard(command.text);
    case "desktop-view":
      return compositor.desktop.setView(command.view);
    case "request-close":
      return compositor.requestClose();
    case "close":
      return compositor.loop.stop();
  }
}

scope.onmessage = (event: MessageEvent<DisplayWorkerStart>) => {
  try {
    run(event.data);
  } catch (error) {
    send({ type: "failed", message: error instanceof Error ? error.message : String(error) });
    send({ type: "closed" });
  }
};

sayLoaded();
