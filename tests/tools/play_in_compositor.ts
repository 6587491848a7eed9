/**
 * Runs a Wayland program in Gamelan's compositor and takes pictures, for looking at by hand:
 *
 *     deno run -A tests/tools/play_in_compositor.ts --size 1280x720 --shots 2,5 --out /tmp/shot \
 *       [--keys 28@3,108@4] [--click 0.5x0.5@3] [--text hello@4] -- weston-terminal
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startCompositor } from "../../src/display/compositor_source.ts";
import { FrameReader, FrameRing } from "../../src/media/frame_ring.ts";
import { encodeInput, type InputEvent } from "../../src/protocol/input.ts";
import { framePng } from "./picture.ts";

const { values, positionals } = parseArgs({
  options: {
    size: { type: "string", default: "1280x720" },
    fps: { type: "string", default: "60" },
    shots: { type: "string", default: "3" },
    out: { type: "string", default: "/tmp/shot" },
    keys: { type: "string", default: "" },
    click: { type: "string", default: "" },
    text: { type: "string", default: "" },
  },
  allowPositionals: true,
});
const [width, height] = values.size.split("x").map(Number);
const ring = FrameRing.allocate(3840, 2160);
const reader = new FrameReader(ring);
const runDir = Deno.makeTempDirSync();
const display = startCompositor({
  socketPath: join(runDir, "wayland-0"),
  mode: { width, height, fps: Number(values.fps) },
  keyboard: { layout: "us", variant: "" },
  ring,
});
const ready = Promise.withResolvers<void>();
display.onEvent = (event) => {
  if (event.type === "ready") ready.resolve();
  console.log(performance.now().toFixed(0), JSON.stringify(event).slice(0, 200));
};
await ready.promise;
const [command, ...args] = positionals;
const game = new Deno.Command(command, {
  args,
  env: {
    XDG_RUNTIME_DIR: runDir,
    WAYLAND_DISPLAY: "wayland-0",
    SDL_VIDEODRIVER: "wayland",
    DISPLAY: "",
  },
  stdout: "inherit",
  stderr: "inherit",
}).spawn();

const send = (event: InputEvent) => display.input(encodeInput(event));
function at(list: string, act: (what: string) => void): void {
  for (const entry of list.split(",").filter(Boolean)) {
    const [what, seconds] = entry.split("@");
    setTimeout(() => act(what), Number(seconds) * 1000);
  }
}
const timeMs = 0;
at(values.keys, (what) => {
  send({ kind: "key", timeMs, code: Number(what), down: true });
  send({ kind: "key", timeMs, code: Number(what), down: false });
});
at(values.click, (what) => {
  const [x, y] = what.split("x").map(Number);
  send({ kind: "pointer-absolute", timeMs, x, y });
  send({ kind: "button", timeMs, code: 0x110, down: true });
  setTimeout(() => send({ kind: "button", timeMs, code: 0x110, down: false }), 60);
});
at(values.text, (text) => send({ kind: "text", timeMs, text }));

const started = performance.now();
for (const seconds of values.shots.split(",").map(Number)) {
  const wait = started + seconds * 1000 - performance.now();
  await new Promise((resolve) => setTimeout(resolve, wait));
  const frame = reader.take() ?? (ring.published > 0 ? reader.current() : undefined);
  console.log(`${seconds} s: ${ring.published} pictures`);
  if (frame) {
    const { commitMs, capturedMs } = frame;
    Deno.writeFileSync(`${values.out}-${seconds}.png`, framePng(frame));
    console.log(`  commit to picture ${(capturedMs - commitMs).toFixed(2)} ms`);
  }
}
try {
  game.kill("SIGTERM");
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
}
await game.status;
await display.close();
Deno.removeSync(runDir, { recursive: true });
