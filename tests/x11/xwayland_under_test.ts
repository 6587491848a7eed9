/** A session's X server with everything around it that a test looks at. */
import { join } from "node:path";
import {
  ATOM_WM_NORMAL_HINTS,
  CLIENT_MESSAGE,
  EVENT_MASK_SUBSTRUCTURE_NOTIFY,
  EVENT_MASK_SUBSTRUCTURE_REDIRECT,
} from "../../ffi/libxcb.ts";
import { startCompositor } from "../../src/display/compositor_source.ts";
import type { XConnection } from "../../src/display/x11/connection.ts";
import { startXwayland, type Xwayland } from "../../src/display/xwayland/xwayland.ts";
import { FrameReader, FrameRing } from "../../src/media/frame_ring.ts";
import type { DesktopView } from "../../src/media/stages.ts";
import { encodeInput, type InputEvent } from "../../src/protocol/input.ts";
import { Picture } from "../display/display_under_test.ts";
import { TestClient, until } from "./test_client.ts";

interface Context {
  xwayland: Xwayland;
  compositor: ReturnType<typeof startCompositor>;
  exits: string[];
  /** What the session was told of the desktop. */
  views: DesktopView[];
  /** The newest picture, once it satisfies `condition`. */
  picture: (what: string, condition: (picture: Picture) => boolean) => Promise<Picture>;
  send: (event: InputEvent) => void;
  client: (
    width: number,
    height: number,
    prepare?: (connection: XConnection, window: number) => void,
  ) => TestClient;
}

/** Runs `body` with an X server in a compositor of 1280×720, and takes everything down after it. */
export async function withXwayland(body: (context: Context) => Promise<void>): Promise<void> {
  const runDir = await Deno.makeTempDir();
  const mode = { width: 1280, height: 720, fps: 60 };
  const waylandDisplay = join(runDir, "wayland-0");
  const ring = FrameRing.allocate(1920, 1080);
  const reader = new FrameReader(ring);
  const compositor = startCompositor({
    socketPath: waylandDisplay,
    mode,
    keyboard: { layout: "us", variant: "" },
    ring,
  });
  const ready = Promise.withResolvers<void>();
  compositor.onEvent = (event) => {
    if (event.type === "ready") ready.resolve();
    if (event.type === "failed") ready.reject(new Error(event.message));
  };
  await ready.promise;
  const exits: string[] = [];
  const views: DesktopView[] = [];
  const clients: TestClient[] = [];
  let xwayland: Xwayland | undefined;
  try {
    const onExit = (reason: string) => exits.push(reason);
    const server = xwayland = await startXwayland({
      waylandDisplay,
      runDir,
      mode,
      onView: (view) => {
        views.push(view);
        compositor.setDesktopView(view);
      },
      onExit,
    });
    const client: Context["client"] = (width, height, prepare) => {
      const { xauthority } = server;
      const options = { xauthority, managed: true, prepare };
      const made = new TestClient(server.display, 5, 5, width, height, options);
      clients.push(made);
      return made;
    };
    const send = (event: InputEvent) => compositor.input(encodeInput(event));
    let newest: Picture | undefined;
    const picture: Context["picture"] = (what, condition) =>
      until(what, () => {
        const frame = reader.take();
        if (frame) newest = new Picture(frame);
        return newest && condition(newest) && newest;
      });
    await body({ xwayland, compositor, exits, views, picture, send, client });
  } finally {
    for (const client of clients) client.close();
    await xwayland?.close();
    await compositor.close();
    await Deno.remove(runDir, { recursive: true });
  }
}

/** Sends a client message to the root window, as EWMH asks for. */
export function tellManager(client: TestClient, type: string, data: number[]): void {
  const { connection, window } = client;
  const message = new Uint8Array(32);
  const view = new DataView(message.buffer);
  message[0] = CLIENT_MESSAGE;
  message[1] = 32;
  view.setUint32(4, window, true);
  view.setUint32(8, connection.atom(type), true);
  data.forEach((value, i) => view.setUint32(12 + 4 * i, value, true));
  const mask = EVENT_MASK_SUBSTRUCTURE_NOTIFY | EVENT_MASK_SUBSTRUCTURE_REDIRECT;
  connection.xcb.xcb_send_event(connection.handle, 0, connection.root, mask, message);
  connection.flush();
}

/** Prepares a window that has one size only. */
export function fixedSize(width: number, height: number) {
  return (connection: XConnection, window: number) => {
    const hints = new Int32Array(18);
    hints.set([48, 0, 0, 0, 0, width, height, width, height]);
    connection.setProperty32(window, ATOM_WM_NORMAL_HINTS, 41, [...hints]);
  };
}
