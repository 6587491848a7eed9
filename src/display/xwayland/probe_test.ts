import assert from "node:assert/strict";
import { probeXwayland } from "./probe.ts";

Deno.test("X11 games need Xwayland and its EGL library, and the missing one is named", async () => {
  const [found] = await probeXwayland();
  assert.deepEqual([found.status, found.fix], ["ok", undefined]);
  assert.match(found.evidence, /^Xwayland \d+\./);
  const [without] = await probeXwayland("libEGL-not-there.so.1");
  assert.deepEqual([without.status, without.fix], ["warning", "apt install libegl1"]);
  assert.match(without.evidence, /libEGL-not-there\.so\.1/);
});
