import assert from "node:assert/strict";
import { MAX_PARITY } from "./parity_masks.ts";
import { parityFor, videoShare } from "./protection.ts";

Deno.test("parity grows with the loss and with the frame, up to a limit", () => {
  assert.equal(parityFor(10, 0), 0);
  assert.equal(parityFor(0, 0.1), 0);
  for (const media of [1, 5, 20, 46]) {
    let before = 0;
    for (const loss of [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]) {
      const parity = parityFor(media, loss);
      assert.ok(parity >= before && parity >= 1 && parity <= Math.min(MAX_PARITY, media + 1));
      before = parity;
    }
  }
});

Deno.test("video keeps all of a clean path and at least half of a bad one", () => {
  assert.equal(videoShare(10e6, 0), 1);
  for (const bitrate of [3e5, 2e6, 10e6, 50e6]) {
    let before = 1;
    for (const loss of [0.02, 0.05, 0.1, 0.3]) {
      const share = videoShare(bitrate, loss);
      assert.ok(share <= before && share >= 0.5);
      before = share;
    }
  }
  assert.ok(videoShare(20e6, 0.02) > 0.85);
  assert.ok(videoShare(20e6, 0.1) > 0.6);
});
