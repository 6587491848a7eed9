import assert from "node:assert/strict";
import {
  QualityController,
  type QualityDecision,
  type QualityInput,
  reducedMode,
} from "./quality.ts";

const wanted = { width: 1920, height: 1080, fps: 60 };
const calm = { wanted, load: 0.3, maxBitrate: 50e6, path: 30e6 };

/** A second with this input, and the decision after it. */
function second(controller: QualityController, input: QualityInput): QualityDecision {
  controller.second(input);
  return controller.decide(input);
}

Deno.test("with a good path the picture is what was wanted and the bitrate follows the path", () => {
  const controller = new QualityController();
  const first = controller.decide(calm);
  assert.deepEqual(first.mode, wanted);
  assert.equal(first.reduced, undefined);
  assert.equal(controller.decide({ ...calm, path: 9e6 }).bitrate, 9e6);
  assert.equal(controller.decide({ ...calm, wantedBitrate: 5e6 }).bitrate, 5e6);
  assert.equal(controller.decide({ ...calm, maxBitrate: 4e6 }).bitrate, 4e6);
});

Deno.test("a starved path steps down after two seconds and comes back only after eight", () => {
  const controller = new QualityController();
  second(controller, { ...calm, path: 1e6 });
  const down = second(controller, { ...calm, path: 1e6 });
  assert.deepEqual(down.mode, reducedMode(wanted, 1));
  assert.equal(down.reduced, "network");
  let seconds = 0;
  while (second(controller, calm).mode.width < 1920) seconds++;
  assert.ok(seconds >= 7 && seconds <= 9, String(seconds));
});

Deno.test("an overloaded encoder steps down and says so, and does not flutter", () => {
  const controller = new QualityController();
  let changes = 0;
  let last = 1920;
  for (let time = 0; time < 120; time++) {
    const cost = (last * last) / (1920 * 1920);
    const decision = second(controller, { ...calm, load: 1.3 * cost });
    if (decision.mode.width !== last) changes++;
    last = decision.mode.width;
    if (decision.reduced) assert.equal(decision.reduced, "encoder");
  }
  assert.equal(changes, 1);
});

Deno.test("the bottom of the ladder keeps an even size and at least 300 kbit/s", () => {
  const controller = new QualityController();
  for (let time = 0; time < 60; time++) second(controller, { ...calm, path: 1000 });
  const { mode, bitrate } = controller.decide({ ...calm, path: 1000 });
  assert.equal(bitrate, 300_000);
  assert.deepEqual(mode, { width: 640, height: 360, fps: 30 });
});
