import assert from "node:assert/strict";
import { join } from "node:path";
import type { DisplaySource, VideoPipeline } from "../media/stages.ts";
import type { ToSession } from "../protocol/node.ts";
import type { SessionSpec, VideoMode } from "../protocol/session.ts";
import { JsonLines } from "../system/json_lines.ts";
import { logSettings } from "../system/log.ts";
import { recordingTransport, type RecordingViewer } from "../../tests/session/recording_viewer.ts";
import { Session } from "./session.ts";
import type { SessionStages } from "./stages.ts";

function specIn(runDir: string): SessionSpec {
  return {
    id: "s-1",
    title: "Test card",
    owner: "u-1",
    ownerName: "Ada",
    sharing: "private",
    node: "box",
    gameId: "testcard",
    source: { kind: "testcard" },
    mode: { width: 1280, height: 720, fps: 60 },
    maxMode: { width: 1920, height: 1080, fps: 60 },
    keyboard: { layout: "us", variant: "" },
    iceServers: [],
    iceAddresses: [],
    runDir,
    dataDir: runDir,
    graceSeconds: 10,
    orphanSeconds: 10,
    maxBitrateMbps: 20,
    limits: { memoryMb: 1000, cpus: 0, pids: 100, scratchMb: 100 },
  };
}

/** A session before its start, with pages that come through its control socket. */
async function withSession(
  test: (
    session: Session,
    join: (id: string, role: "player" | "spectator", mode?: VideoMode) => Promise<RecordingViewer>,
  ) => Promise<void>,
): Promise<void> {
  const runDir = await Deno.makeTempDir({ prefix: "gamelan-session-" });
  const { write } = logSettings;
  logSettings.write = () => {};
  const { transport, made: pages } = recordingTransport();
  const spec = specIn(runDir);
  // Only the transport is opened before the session runs, and this one never runs its game.
  const refuse = () => Promise.reject(new Error("this test starts no game"));
  const stages = {
    transport: () => Promise.resolve(transport),
    needs: () => Promise.resolve({ x11: false, evdev: false }),
    compositor: () => {
      throw new Error("this test starts no game");
    },
    video: refuse,
    audio: refuse,
    devices: refuse,
  } as unknown as SessionStages;
  const session = await Session.open(spec, stages);
  const path = join(runDir, "control.sock");
  const agent = new JsonLines(await Deno.connect({ transport: "unix", path }), 1_000_000);
  const reading = agent.read(() => {}).catch(() => {});
  const send = (message: ToSession) => agent.send(message);
  try {
    await test(session, async (viewerId, role, mode) => {
      const before = pages.length;
      send({ type: "viewer-join", viewerId, name: viewerId, role });
      send({ type: "signal", viewerId, message: { type: "join", mode } });
      while (pages.length === before) await new Promise((resolve) => setTimeout(resolve, 1));
      pages.at(-1)!.onState("connected");
      return pages.at(-1)!;
    });
  } finally {
    await session.run();
    logSettings.write = write;
    agent.close();
    await reading;
    await Deno.remove(runDir, { recursive: true });
  }
}

const size = ({ info: { mode } }: Session) => `${mode.width}x${mode.height}@${mode.fps}`;
const largest = { width: 3840, height: 2160, fps: 120 };

Deno.test("players choose the picture's size, up to what the house allows", () =>
  withSession(async (session, join) => {
    const page = await join("ada", "player", largest);
    assert.equal(size(session), "1920x1080@60");
    page.onControl({
      type: "quality",
      settings: { mode: { width: 640, height: 360, fps: 30 } },
    });
    assert.equal(size(session), "640x360@30");
    page.onControl({ type: "quality", settings: { mode: largest } });
    assert.equal(size(session), "1920x1080@60");
  }));

Deno.test("who only watches chooses nothing, also when nobody else is there", () =>
  withSession(async (session, join) => {
    const page = await join("eve", "spectator", largest);
    page.onControl({ type: "quality", settings: { mode: largest } });
    page.onControl({ type: "microphone", on: true });
    assert.equal(size(session), "1280x720@60");
  }));

Deno.test("a second player does not take the microphone from the one who has it", () =>
  withSession(async (_session, join) => {
    const [ada, bob] = [await join("ada", "player"), await join("bob", "player")];
    const notices = (page: RecordingViewer) =>
      page.controls.filter(({ type }) => type === "notice");
    ada.onControl({ type: "microphone", on: true });
    bob.onControl({ type: "microphone", on: true });
    assert.equal(notices(ada).length, 0);
    assert.match(JSON.stringify(notices(bob)), /ada's microphone is on/);
    ada.onControl({ type: "microphone", on: false });
    bob.onControl({ type: "microphone", on: true });
    assert.equal(notices(bob).length, 1);
  }));

Deno.test("a session that cannot start ends, also where a stage neither starts nor closes", async () => {
  const runDir = await Deno.makeTempDir({ prefix: "gamelan-session-" });
  const { write } = logSettings;
  const logged: string[] = [];
  logSettings.write = (line) => void logged.push(line);
  const never = new Promise<never>(() => {});
  const late = Promise.withResolvers<VideoPipeline>();
  let closed = false;
  const display = { close: () => never, requestClose() {} } as unknown as DisplaySource;
  const stages = {
    transport: () => Promise.resolve(recordingTransport().transport),
    needs: () => Promise.resolve({ x11: false, evdev: false }),
    compositor: () => display,
    video: () => late.promise,
    audio: () => Promise.reject(new Error("no sound here")),
    devices: () => never,
  } as unknown as SessionStages;
  try {
    const session = await Session.open(specIn(runDir), stages, 50);
    const over = session.run();
    display.onEvent({ type: "failed", message: "the compositor broke" });
    late.resolve({
      close: () => {
        closed = true;
        return Promise.resolve();
      },
    } as unknown as VideoPipeline);
    const { state, reason } = await over;
    assert.deepEqual([state, reason], ["failed", "The compositor broke"]);
    assert.ok(closed, "what started after the end is closed too");
    for (const what of ["input devices", "display"]) {
      assert.ok(logged.some((line) => line.includes(`closing the ${what} failed`)), what);
    }
  } finally {
    logSettings.write = write;
    await Deno.remove(runDir, { recursive: true });
  }
});
