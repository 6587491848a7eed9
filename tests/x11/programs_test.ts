/** X11 programs of Debian in the session's X server: packages xwayland, xterm and mesa-utils. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startCompositor } from "../../src/display/compositor_source.ts";
import { startXwayland } from "../../src/display/xwayland/xwayland.ts";
import { FrameReader, FrameRing } from "../../src/media/frame_ring.ts";
import { encodeInput } from "../../src/protocol/input.ts";
import { sleep, until } from "./test_client.ts";

interface Context {
  start: (command: string, args: string[]) => Deno.ChildProcess;
  tap: (code: number) => Promise<void>;
  ring: FrameRing;
  luma: (x: number, y: number) => number;
  requestClose: () => void;
  runDir: string;
}

async function withXServer(body: (context: Context) => Promise<void>): Promise<void> {
  const runDir = await Deno.makeTempDir();
  const mode = { width: 1280, height: 720, fps: 60 };
  const waylandDisplay = join(runDir, "wayland-0");
  const ring = FrameRing.allocate(1280, 720);
  const reader = new FrameReader(ring);
  const compositor = startCompositor({
    socketPath: waylandDisplay,
    mode,
    keyboard: { layout: "us", variant: "" },
    ring,
  });
  const ready = Promise.withResolvers<void>();
  compositor.onEvent = ({ type }) => {
    if (type === "ready") ready.resolve();
  };
  await ready.promise;
  const server = await startXwayland({ waylandDisplay, runDir, mode });
  const programs: Deno.ChildProcess[] = [];
  try {
    await body({
      ring,
      runDir,
      start(command, args) {
        const env = { DISPLAY: server.display, XAUTHORITY: server.xauthority, LC_ALL: "C.UTF-8" };
        const options = { args, env, stdout: "null", stderr: "null" } as const;
        const program = new Deno.Command(command, options).spawn();
        programs.push(program);
        return program;
      },
      async tap(code) {
        compositor.input(encodeInput({ kind: "key", timeMs: 0, code, down: true }));
        await sleep(30);
        compositor.input(encodeInput({ kind: "key", timeMs: 0, code, down: false }));
        await sleep(30);
      },
      luma(x, y) {
        if (ring.published === 0) return 0;
        const frame = reader.take() ?? reader.current();
        return frame.y[y * frame.yStride + x];
      },
      requestClose: () => server.requestClose(),
    });
  } finally {
    for (const program of programs) {
      try {
        program.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await program.status;
    }
    await server.close();
    await compositor.close();
    await Deno.remove(runDir, { recursive: true });
  }
}

Deno.test("xterm fills the screen, gets typed keys and closes when asked", async () => {
  await withXServer(async ({ start, tap, luma, requestClose, runDir }) => {
    const typed = join(runDir, "typed");
    const xterm = start("xterm", ["-bg", "white", "-e", `stty -echo; cat > ${typed}`]);
    await until(
      "white at three corners",
      () => luma(1270, 10) > 200 && luma(10, 700) > 200 && luma(1200, 700) > 200,
    );
    await until("what was typed", async () => {
      // KEY_H, KEY_I, KEY_ENTER
      for (const code of [35, 23, 28]) await tap(code);
      const text = await Deno.readTextFile(typed).catch(() => "");
      return text.includes("hi\n");
    });
    requestClose();
    assert.equal((await xterm.status).code, 0);
  });
});

Deno.test("an OpenGL program draws on the whole screen", async () => {
  await withXServer(async ({ start, ring, luma }) => {
    start("glxgears", []);
    // The red and the blue gear; in a window of its own size they would be in the corner.
    await until("gears in the middle of the screen", () => luma(500, 500) > 40);
    const published = ring.published;
    await until("moving pictures", () => ring.published > published + 10);
  });
});
