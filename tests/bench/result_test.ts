import assert from "node:assert/strict";
import { percentile, reached, summarize } from "./result.ts";
import { table } from "./table.ts";

Deno.test("percentiles, ratio and verdict come from the samples", () => {
  const samples = Array.from({ length: 100 }, (_, i) => i + 1);
  assert.deepEqual([percentile(samples, 0.5), percentile(samples, 0.99)], [51, 100]);
  const result = summarize("send", "µs", [1, 1, 1], {
    peer: "stock",
    peerSamples: [10, 10, 10],
    target: { max: 0.15, of: "ratio" },
  });
  assert.deepEqual([result.ratio, reached(result)], [0.1, true]);
  assert.equal(reached({ ...result, target: { max: 0.05, of: "ratio" } }), false);
  const target = { max: 5, of: "difference" as const };
  assert.equal(reached({ ...result, p50: 15, target }), true);
  assert.equal(reached({ ...result, p50: 16, target }), false);
  assert.match(table([{ ...result, target }]), /\| ≤ its \+ 5 \|/);
  assert.equal(reached(summarize("a", "ms", [1])), undefined);
  assert.match(
    table([result]),
    /\| send \| µs \| 3 \| 1 \| 1 \| 1 \| stock \| 10 \| 0.1× \| ≤ 0.15× \| reached \|/,
  );
});
