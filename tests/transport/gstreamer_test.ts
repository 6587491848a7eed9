/** The WebRTC transport with GStreamer's webrtcbin; packages: see tests/tools/gstreamer_viewer.py. */
import assert from "node:assert/strict";
import { TextLineStream } from "./text_lines.ts";
import { createTransport } from "../../src/transport/webrtc/transport.ts";
import { ClipPlayer, encodeClip } from "./clip.ts";
import { until } from "./werift_peer.ts";

Deno.test("GStreamer decodes the frames and speaks on the control channel", async () => {
  const transport = await createTransport({
    iceServers: [],
    iceAddresses: ["127.0.0.1"],
    startBitrate: 8e6,
    maxBitrate: 20e6,
  });
  const player = new ClipPlayer(await encodeClip({ width: 640, height: 360, kbits: 2000 }));
  const viewer = transport.viewer();
  viewer.onIdrNeeded = () => player.requestIdr();
  player.onFrame = (frame) => viewer.sendVideo(frame);
  const controls: unknown[] = [];
  viewer.onControl = (message) => controls.push(message);
  // Debian's own interpreter: another one in PATH does not see Debian's bindings.
  const client = new Deno.Command("/usr/bin/python3", {
    args: [new URL("../tools/gstreamer_viewer.py", import.meta.url).pathname],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = client.stdin.getWriter();
  const tell = (message: unknown) =>
    writer.write(new TextEncoder().encode(JSON.stringify(message) + "\n")).catch(() => {});
  let frames = 0;
  const heard: string[] = [];
  const reading = (async () => {
    for await (const line of client.stdout.pipeThrough(new TextLineStream())) {
      const message = JSON.parse(line);
      if (message.type === "answer") await viewer.answer(message.sdp);
      else if (message.type === "candidate") await viewer.addCandidate(message);
      else if (message.type === "frames") frames = message.count;
      else if (message.type === "control") heard.push(message.text);
    }
  })();
  try {
    viewer.onCandidate = (candidate) => tell({ type: "candidate", ...candidate });
    tell({ type: "offer", sdp: await viewer.offer() });
    player.start();
    await until("60 decoded frames", () => frames > 60, 20000);
    await until("a ping", () => controls.length > 0);
    assert.deepEqual(controls[0], { type: "ping", t: 5 });
    viewer.sendControl({ type: "pong", t: 5, now: 6 });
    await until("the pong", () => heard.length > 0);
    assert.deepEqual(JSON.parse(heard[0]), { type: "pong", t: 5, now: 6 });
  } finally {
    player.stop();
    await writer.close().catch(() => {});
    await client.status;
    await reading.catch(() => {});
    await transport.close();
  }
});
