import assert from "node:assert/strict";
import { join } from "node:path";
import { startAudio } from "../../src/audio/pipeline.ts";
import { startCompositor } from "../../src/display/compositor_source.ts";
import {
  readFlash,
  readStripFromLuma,
  type StripContent,
} from "../../src/display/testcard/strip.ts";
import { monotonicMs } from "../../src/media/clock.ts";
import { type CapturedFrame, FrameReader, FrameRing } from "../../src/media/frame_ring.ts";
import type { DisplayEvent } from "../../src/media/stages.ts";
import { encodeInput, type InputEvent } from "../../src/protocol/input.ts";

interface Shown {
  frame: CapturedFrame;
  strip: StripContent;
  flash: boolean;
}

interface Context {
  events: DisplayEvent[];
  process: Deno.ChildProcess;
  source: ReturnType<typeof startCompositor>;
  send: (event: InputEvent) => void;
  /** The next picture that fulfils the condition. */
  see: (condition: (shown: Shown) => boolean) => Promise<Shown>;
}

/** Runs the Test card as its own process on a compositor of ours. */
async function withTestCard(
  body: (context: Context) => Promise<void>,
  sound: Record<string, string> = { PULSE_SERVER: "" },
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const ring = FrameRing.allocate(1920, 1080);
  const reader = new FrameReader(ring);
  const events: DisplayEvent[] = [];
  const ready = Promise.withResolvers<void>();
  const source = startCompositor({
    socketPath: join(directory, "wayland-0"),
    mode: { width: 1280, height: 720, fps: 60 },
    keyboard: { layout: "us", variant: "" },
    ring,
  });
  source.onEvent = (event) => {
    events.push(event);
    if (event.type === "ready") ready.resolve();
    if (event.type === "failed") ready.reject(new Error(event.message));
  };
  await ready.promise;
  const main = new URL("../../src/display/testcard/main.ts", import.meta.url).pathname;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", main, "--input-directory", directory],
    env: { WAYLAND_DISPLAY: join(directory, "wayland-0"), ...sound },
  }).spawn();
  let ended = false;
  const exited = process.status.then((status) => {
    ended = true;
    return status;
  });
  const see = async (condition: (shown: Shown) => boolean): Promise<Shown> => {
    const deadline = monotonicMs() + 10000;
    let last = "no picture";
    while (monotonicMs() < deadline) {
      if (!await reader.wait(100)) continue;
      const frame = reader.take();
      if (!frame) continue;
      const strip = readStripFromLuma(frame.y, frame.yStride, frame.width, frame.height);
      if (!strip) {
        last = "a picture without a strip";
        continue;
      }
      const luma = (x: number, y: number) => frame.y[y * frame.yStride + x];
      const shown = { frame, strip, flash: readFlash(frame.width, frame.height, luma) };
      if (condition(shown)) return shown;
      last = JSON.stringify(strip);
    }
    throw new Error(`expected another picture within 10 s, got ${last}; ended: ${ended}`);
  };
  try {
    const send = (event: InputEvent) => source.input(encodeInput(event));
    await body({ events, process, source, send, see });
  } finally {
    if (!ended) process.kill("SIGKILL");
    await exited;
    await source.close();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("the Test card counts its frames, tells the time and shows no press at first", async () => {
  await withTestCard(async ({ see, events }) => {
    const first = await see(() => true);
    assert.equal(first.strip.presses, 0);
    assert.equal(first.flash, false);
    const later = await see(({ strip }) => strip.frame >= first.strip.frame + 30);
    assert.ok(later.strip.timeMs > first.strip.timeMs);
    assert.ok(Math.abs(later.strip.timeMs - monotonicMs() % 2 ** 32) < 1000);
    const titles = events.findLast((event) => event.type === "windows");
    assert.deepEqual(titles?.type === "windows" && titles.titles, ["Gamelan Test card"]);
  });
});

Deno.test("every kind of press flashes and counts, releases and movement do not", async () => {
  await withTestCard(async ({ see, send }) => {
    await see(({ strip }) => strip.frame > 2);
    let presses = 0;
    const pressed = async (...events: InputEvent[]) => {
      presses++;
      for (const event of events) send(event);
      const { flash } = await see(({ strip }) => strip.presses === presses);
      assert.equal(flash, presses % 2 === 1);
    };
    const timeMs = monotonicMs();
    await pressed({ kind: "key", timeMs, code: 30, down: true });
    await pressed(
      { kind: "key", timeMs, code: 30, down: false },
      { kind: "key", timeMs, code: 57, down: true },
    );
    send({ kind: "key", timeMs, code: 57, down: false });
    send({ kind: "pointer-absolute", timeMs, x: 0.5, y: 0.5 });
    await pressed({ kind: "button", timeMs, code: 0x110, down: true });
    send({ kind: "button", timeMs, code: 0x110, down: false });
    await pressed({ kind: "touch", timeMs, id: 0, phase: "down", x: 0.4, y: 0.8 });
    send({ kind: "touch", timeMs, id: 0, phase: "up", x: 0.4, y: 0.8 });
    await pressed({ kind: "wheel", timeMs, dx: 0, dy: 120 });
    const settled = await see(({ strip }) => strip.presses === presses);
    const later = await see(({ strip }) => strip.frame > settled.strip.frame + 10);
    assert.equal(later.strip.presses, presses);
  });
});

Deno.test("the Test card follows the output's size and ends when asked to close", async () => {
  await withTestCard(async ({ see, source, process }) => {
    await see(({ frame }) => frame.width === 1280);
    source.setMode({ width: 1920, height: 1080, fps: 30 });
    const { strip } = await see(({ frame }) => frame.width === 1920);
    await see((shown) => shown.strip.frame > strip.frame + 5);
    source.requestClose();
    assert.equal((await process.status).code, 0);
  });
});

Deno.test("a press is heard on the session's sound server, and nothing before it", async () => {
  const runDir = await Deno.makeTempDir();
  const audio = await startAudio({ runDir, sessionId: "testcard-beep" });
  const heard = Promise.withResolvers<void>();
  let loudest = -127;
  audio.onPacket = ({ level }) => {
    loudest = Math.max(loudest, level);
    if (level > -30) heard.resolve();
  };
  try {
    await withTestCard(async ({ see, send }) => {
      const { strip } = await see(() => true);
      // Sound is connected after the first frame.
      await see((shown) => shown.strip.frame > strip.frame + 60);
      assert.ok(loudest < -60, `expected silence, heard ${loudest} dBov`);
      send({ kind: "key", timeMs: monotonicMs(), code: 30, down: true });
      const timer = setTimeout(() => heard.reject(new Error("expected a beep within 5 s")), 5000);
      await heard.promise;
      clearTimeout(timer);
    }, audio.game.env);
  } finally {
    await audio.close();
    await Deno.remove(runDir, { recursive: true });
  }
});

Deno.test("without a compositor the Test card says what is missing", async () => {
  const main = new URL("../../src/display/testcard/main.ts", import.meta.url).pathname;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", main],
    env: { WAYLAND_DISPLAY: "/nowhere/wayland-9" },
    stderr: "piped",
  }).output();
  assert.equal(code, 1);
  assert.match(new TextDecoder().decode(stderr), /cannot connect to \/nowhere\/wayland-9/);
});
