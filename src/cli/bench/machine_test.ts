import assert from "node:assert/strict";
import {
  judge,
  measureMode,
  type ModeReport,
  packetLatency,
  spread,
  verdictSentence,
} from "./machine.ts";

Deno.test("a mode is measured from commit to access unit", async () => {
  const mode = { width: 320, height: 240, fps: 60 };
  const report = await measureMode({ mode, bitrate: 2_000_000, pictures: 10 });
  for (const { p50, p90 } of [report.captureMs, report.packetMs, report.encodeMs]) {
    assert.ok(p50 > 0 && p90 >= p50);
  }
  assert.ok(report.packetMs.p50 > report.encodeMs.p50);
  assert.ok(report.cpuMs > 0);
  const packet = await packetLatency({ mode, bitrate: 2_000_000, pictures: 12 });
  assert.ok(packet.p50 > 0 && packet.p90 >= packet.p50);
});

Deno.test("a mode is fluent where time and cores are left, and too slow where the median is", () => {
  const quick = { p50: 3, p90: 5 };
  assert.equal(judge(60, quick, 4, 4), "fluent");
  assert.equal(judge(60, { p50: 9, p90: 14 }, 14, 4), "barely");
  assert.equal(judge(60, quick, 20, 2), "barely");
  assert.equal(judge(60, { p50: 17, p90: 20 }, 20, 4), "no");
  assert.equal(judge(30, { p50: 17, p90: 19 }, 20, 4), "fluent");
});

Deno.test("the sentence names every mode with its verdict", () => {
  const report = (height: number, verdict: ModeReport["verdict"]) =>
    ({ mode: { width: height * 2, height, fps: 60 }, verdict }) as ModeReport;
  assert.equal(
    verdictSentence([report(720, "fluent"), report(1080, "fluent"), report(2160, "no")]),
    "This machine plays 720p60 and 1080p60 fluently and is too slow for 2160p60.",
  );
  assert.equal(
    verdictSentence([report(720, "fluent"), report(1080, "barely"), report(2160, "no")]),
    "This machine plays 720p60 fluently, plays 1080p60 with little room for the game and is too " +
      "slow for 2160p60.",
  );
  assert.equal(verdictSentence([report(720, "no")]), "This machine is too slow for 720p60.");
});

Deno.test("the spread of samples is their median and what nine of ten stay below", () => {
  assert.deepEqual(spread([5, 1, 3, 2, 4, 6, 7, 8, 9, 10]), { p50: 6, p90: 10 });
});
