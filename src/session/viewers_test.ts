import assert from "node:assert/strict";
import type { EncodedFrame } from "../media/encoded.ts";
import type { SignalToViewer } from "../protocol/signal.ts";
import { recordingTransport } from "../../tests/session/recording_viewer.ts";
import { Viewers, type ViewersHandler } from "./viewers.ts";

function make() {
  const { transport, made } = recordingTransport();
  const signals: [string, SignalToViewer][] = [];
  const counts: number[] = [];
  const gone: string[] = [];
  const surround: boolean[] = [];
  const handler: ViewersHandler = {
    signal: (id, message) => signals.push([id, message]),
    count: (count) => counts.push(count),
    connected: () => {},
    gone: (viewer) => gone.push(viewer.id),
    input: () => {},
    control: () => {},
    microphone: () => {},
    surround: (heard) => surround.push(heard),
    idrNeeded: () => {},
    wanted: () => {},
  };
  return { viewers: new Viewers(transport, [], handler), made, signals, counts, gone, surround };
}

const frame: EncodedFrame = {
  data: new Uint8Array(3),
  keyFrame: true,
  width: 2,
  height: 2,
  sequence: 1,
  rtpTimestamp: 900,
  timings: { inputMs: 1, commitMs: 2, capturedMs: 3, encodeStartMs: 4, encodedMs: 5 },
};

Deno.test("a viewer gets an offer on join, and frames only while connected", async () => {
  const { viewers, made, signals, counts } = make();
  viewers.join("v1", "Ada", "player");
  await viewers.signal("v1", { type: "join" });
  assert.equal(signals[0][1].type, "offer");
  viewers.video(frame);
  assert.equal(made[0].frames, 0);
  made[0].onState("connected");
  viewers.video(frame);
  made[0].onState("lost");
  viewers.video(frame);
  assert.deepEqual([made[0].frames, counts], [1, [1, 0]]);
});

Deno.test("a page that joins again replaces its connection; the old one is no longer heard", async () => {
  const { viewers, made, counts, gone } = make();
  viewers.join("v1", "Ada", "player");
  await viewers.signal("v1", { type: "join" });
  made[0].onState("connected");
  await viewers.signal("v1", { type: "join" });
  assert.equal(made[0].closed, true);
  made[1].onState("connected");
  made[0].onState("closed");
  assert.deepEqual(counts, [1]);
  assert.deepEqual(gone, []);
});

Deno.test("of many joins at once, and a leave between them, one connection at most stays open", async () => {
  const { viewers, made, signals } = make();
  viewers.join("v1", "Ada", "player");
  await Promise.all([1, 2, 3].map(() => viewers.signal("v1", { type: "join" })));
  assert.deepEqual(made.map(({ closed }) => closed), [true, true, false]);
  assert.deepEqual(signals.map(([, { type }]) => type), ["offer"]);
  const joining = viewers.signal("v1", { type: "join" });
  await viewers.leave("v1");
  await joining;
  assert.ok(made.every(({ closed }) => closed));
  assert.equal(signals.length, 1);
});

Deno.test("what is copied in the game reaches its players, not those who only watch", async () => {
  const { viewers, made } = make();
  viewers.join("p1", "Ada", "player");
  viewers.join("s1", "Eve", "spectator");
  for (const id of ["p1", "s1"]) await viewers.signal(id, { type: "join" });
  for (const viewer of made) viewer.onState("connected");
  viewers.broadcast({ type: "clipboard", text: "secret" });
  viewers.broadcast({ type: "pointer-lock", locked: true });
  const types = made.map(({ controls }) => controls.map(({ type }) => type));
  assert.deepEqual(types, [["clipboard", "pointer-lock"], ["pointer-lock"]]);
});

Deno.test("the first player leads, before spectators who came earlier", async () => {
  const { viewers, made } = make();
  viewers.join("s1", "Eve", "spectator");
  viewers.join("p1", "Ada", "player");
  viewers.join("p2", "Bob", "player");
  for (const id of ["s1", "p2", "p1"]) await viewers.signal(id, { type: "join" });
  made[0].onState("connected");
  assert.equal(viewers.leader?.id, "s1");
  made[1].onState("connected");
  assert.equal(viewers.leader?.id, "p2");
  made[2].onState("connected");
  assert.equal(viewers.leader?.id, "p1");
  await viewers.leave("p1");
  assert.equal(viewers.leader?.id, "p2");
});

Deno.test("a frame's record reaches who traces, with the time of its last packet", async () => {
  const { viewers, made } = make();
  viewers.join("v1", "Ada", "player");
  await viewers.signal("v1", { type: "join" });
  made[0].onState("connected");
  made[0].onControl({ type: "trace", on: true });
  viewers.video(frame);
  viewers.flushRecords();
  assert.equal(made[0].controls.length, 0);
  made[0].onSent(900, 7.5, 1234);
  viewers.flushRecords();
  assert.deepEqual(made[0].controls, [{
    type: "frames",
    frames: [[900, 1, 2, 3, 4, 5, 7.5, 3, 1]],
  }]);
});

Deno.test("a bad candidate harms nobody; signals of unknown viewers are ignored", async () => {
  const { viewers, made, signals } = make();
  viewers.join("v1", "Ada", "player");
  await viewers.signal("v1", { type: "join" });
  made[0].addCandidate = () => Promise.reject(new Error("bad candidate"));
  await viewers.signal("v1", { type: "candidate", candidate: { candidate: "nonsense" } });
  await viewers.signal("ghost", { type: "join" });
  assert.deepEqual(signals.map(([id, { type }]) => [id, type]), [["v1", "offer"]]);
});

Deno.test("5.1 is wanted while a viewer hears it", async () => {
  const { viewers, made, surround } = make();
  const packet = { data: new Uint8Array(3), rtpTimestamp: 1, durationMs: 10, level: -20 } as const;
  for (const id of ["v1", "v2"]) {
    viewers.join(id, "Ada", "player");
    await viewers.signal(id, { type: "join" });
  }
  made[1].hearsSurround = true;
  made[0].onState("connected");
  viewers.audio(packet);
  assert.deepEqual(surround, []);
  made[1].onState("connected");
  viewers.audio(packet);
  viewers.audio(packet);
  assert.deepEqual(surround, [true]);
  made[1].onState("lost");
  viewers.audio(packet);
  assert.deepEqual(surround, [true, false]);
});
