import assert from "node:assert/strict";
import { watchStream } from "../../../tests/transport/simulated_viewer.ts";

/** Frames shown a second and share of frozen time that a player must get, by loss. */
const WANTED = [
  { loss: 0.02, fps: 58, frozen: 0 },
  { loss: 0.05, fps: 56, frozen: 0.01 },
  { loss: 0.1, fps: 50, frozen: 0.03 },
];

for (const { loss, fps, frozen } of WANTED) {
  Deno.test(`at ${100 * loss} % loss a viewer sees nearly all pictures, and more than by repeats alone`, () => {
    for (const packetsPerFrame of [1, 3, 10]) {
      for (const seed of [1, 2]) {
        const stream = { seed, loss, packetsPerFrame, seconds: 10 };
        const watched = watchStream({ ...stream, parity: true });
        const repeatsOnly = watchStream({ ...stream, parity: false });
        const said = JSON.stringify({ ...stream, watched, repeatsOnly });
        assert.ok(watched.fps >= fps && watched.frozen <= frozen, said);
        assert.ok(watched.fps > repeatsOnly.fps, said);
      }
    }
  });
}
