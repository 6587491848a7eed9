import assert from "node:assert/strict";
import { FirstImport } from "./first_import.ts";

Deno.test("the first import waits until there was a game, over restarts, and never again", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    const start = (games: number) => new FirstImport(dataDir).waits(games);
    assert.equal(await start(0), false, "a house that is older than this file");
    await new FirstImport(dataDir).remember();
    assert.equal(await start(0), true);
    assert.equal(await start(0), true, "the first one failed");
    assert.equal(await start(1), false);
    assert.equal(await start(0), false, "the game was removed");
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
