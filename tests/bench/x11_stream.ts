/**
 * The product's whole picture pipeline of an X desktop in a process of its own, for its CPU time to
 * be measured from outside: `deno run -A tests/bench/x11_stream.ts DISPLAY WIDTH HEIGHT FPS BITRATE`.
 * Answers every line of its standard input with a JSON line: access units, IDRs and bytes so far.
 */
import { startX11Source } from "../../src/display/x11/source.ts";
import { FrameRing } from "../../src/media/frame_ring.ts";
import { startVideo } from "../../src/video/pipeline.ts";

const [display, ...numbers] = Deno.args;
const [width, height, fps, bitrate] = numbers.map(Number);
const mode = { width, height, fps };
const ring = FrameRing.allocate(width, height);
const source = startX11Source({ display, mode, ring });
source.onEvent = (event) => {
  if (event.type !== "failed") return;
  console.error(event.message);
  Deno.exit(1);
};
const video = await startVideo({ ring, settings: { mode, bitrate } });
let pictures = 0;
let keyFrames = 0;
let bytes = 0;
video.onFrame = ({ data, keyFrame }) => {
  pictures++;
  if (keyFrame) keyFrames++;
  bytes += data.length;
};
video.onError = (message) => {
  console.error(message);
  Deno.exit(1);
};
for await (const _ of Deno.stdin.readable) {
  console.log(JSON.stringify({ pictures, keyFrames, bytes }));
}
await source.close();
await video.close();
Deno.exit(0);
