import assert from "node:assert/strict";
import { diagnose, type StreamHealth } from "./diagnosis.ts";

const well: StreamHealth = {
  fps: 60,
  mode: { width: 1920, height: 1080, fps: 60 },
  sessionFps: 60,
  encoderLoad: 0.4,
  loss: 0,
  rttMs: 3,
  jitterMs: 1,
  decodeMs: 2,
  dropped: 0,
  targetMbps: 20,
};

Deno.test("a stream that is well gets no sentence", () => {
  assert.equal(diagnose(well), undefined);
  assert.equal(diagnose({ ...well, fps: 2, sessionFps: 2 }), undefined, "a still game");
});

Deno.test("an encoder that cannot keep up is named with the size to try", () => {
  assert.equal(
    diagnose({ ...well, encoderLoad: 1.2, loss: 0.04, fps: 41 }),
    "This machine cannot encode 1080p60: try 720p.",
  );
  const smallest = { ...well, mode: { width: 640, height: 360, fps: 60 }, encoderLoad: 2 };
  assert.equal(diagnose(smallest), "This machine cannot encode 360p60: try fewer frames a second.");
});

Deno.test("loss names the kind of network where the browser tells it", () => {
  const lossy = { ...well, loss: 0.04 };
  assert.equal(
    diagnose({ ...lossy, network: "wifi" }),
    "Your Wi-Fi is losing 4 % of packets.",
  );
  assert.equal(diagnose(lossy), "Your network is losing 4 % of packets.");
  assert.equal(diagnose({ ...well, loss: 0.005 }), undefined);
});

Deno.test("slow decoding, jitter, distance and thin paths each have their sentence", () => {
  assert.match(diagnose({ ...well, decodeMs: 24 })!, /24 ms to decode a picture.*try 720p/);
  assert.match(diagnose({ ...well, jitterMs: 45 })!, /unevenly/);
  assert.match(diagnose({ ...well, rttMs: 140 })!, /140 ms: controls will feel late/);
  assert.match(diagnose({ ...well, targetMbps: 1.2 })!, /carries only 1\.2 Mbit\/s: 720p/);
  assert.match(diagnose({ ...well, targetMbps: 1, fixedMbps: 1 })!, /bitrate is set to 1\.0/);
  assert.match(diagnose({ ...well, dropped: 0.3 })!, /does not show every picture/);
  assert.match(diagnose({ ...well, fps: 30 })!, /Only 30 of 60 pictures/);
});
