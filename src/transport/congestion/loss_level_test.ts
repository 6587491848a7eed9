import assert from "node:assert/strict";
import { seeded } from "../../../tests/transport/simulated_path.ts";
import { LossLevel } from "./loss_level.ts";

/** 200 packets a second. */
function run(level: LossLevel, fromMs: number, toMs: number, lost: () => boolean) {
  for (let ms = fromMs; ms < toMs; ms += 5) level.add(ms, lost());
}

Deno.test("loss is known within half a second and forgotten within twenty", () => {
  const random = seeded(3);
  const level = new LossLevel();
  run(level, 0, 10_000, () => false);
  assert.equal(level.value, 0);
  run(level, 10_000, 10_600, () => random() < 0.1);
  assert.ok(level.value > 0.04, `${level.value}`);
  run(level, 10_600, 30_000, () => random() < 0.1);
  assert.ok(level.value > 0.07 && level.value < 0.2, `${level.value}`);
  run(level, 30_000, 50_000, () => false);
  assert.ok(level.value < 0.005, `${level.value}`);
});

Deno.test("a lost packet now and then is not a lossy path", () => {
  const level = new LossLevel();
  let sent = 0;
  run(level, 0, 60_000, () => ++sent % 1000 === 0);
  assert.ok(level.value < 0.005);
});
