import assert from "node:assert/strict";
import { lockDataDir } from "./data_lock.ts";

const holder = (dataDir: string) =>
  new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { lockDataDir } from "${new URL("./data_lock.ts", import.meta.url)}";
       lockDataDir(${JSON.stringify(dataDir)}, "house");
       console.log("held");
       await new Promise((resolve) => setTimeout(resolve, 60_000));`,
    ],
    stdout: "piped",
    stderr: "null",
  }).spawn();

Deno.test("a data directory is one process's, and free again when that one is killed", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-lock-" });
  const other = holder(dataDir);
  try {
    const reader = other.stdout.getReader();
    await reader.read();
    assert.throws(
      () => lockDataDir(dataDir, "house"),
      new RegExp(`process ${other.pid}.*--data-dir`),
    );
    lockDataDir(dataDir, "node")[Symbol.dispose]();
    other.kill("SIGKILL");
    await other.status;
    await reader.cancel();
    lockDataDir(dataDir, "house")[Symbol.dispose]();
    lockDataDir(dataDir, "house")[Symbol.dispose]();
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
