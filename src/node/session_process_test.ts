import assert from "node:assert/strict";
import { join } from "node:path";
import { IdleSession } from "./session_process.ts";

Deno.test("the logs of sessions are the house's alone, and an unused process leaves none", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-logs-" });
  // The process is no reason for its house to stay; this test is.
  const stay = setInterval(() => {}, 1000);
  try {
    const logDir = join(folder, "logs");
    const idle = IdleSession.start(logDir);
    assert.equal((await Deno.stat(logDir)).mode! & 0o777, 0o700);
    await Deno.writeTextFile(idle.logFile, "", { append: true });
    await idle.dispose();
    assert.deepEqual([...Deno.readDirSync(logDir)], []);
  } finally {
    clearInterval(stay);
    await Deno.remove(folder, { recursive: true });
  }
});
