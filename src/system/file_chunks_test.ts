import assert from "node:assert/strict";
import { fileChunks } from "./file_chunks.ts";

Deno.test("a file comes in pieces that stay as they are, and is closed at its end", async () => {
  const path = await Deno.makeTempFile();
  try {
    const content = new Uint8Array(2 * 2 ** 20 + 3).map((_, at) => at >> 10);
    await Deno.writeFile(path, content);
    const pieces: Uint8Array[] = [];
    for await (const piece of fileChunks(path)) pieces.push(piece);
    assert.deepEqual(Buffer.concat(pieces), Buffer.from(content));
    assert.ok(pieces.every(({ length }) => length > 0 && length <= 2 ** 20));
    for (const { name } of Deno.readDirSync("/proc/self/fd")) {
      // The listing's own descriptor is gone again.
      const held = await Deno.readLink(`/proc/self/fd/${name}`).catch(() => undefined);
      assert.notEqual(held, path);
    }
  } finally {
    await Deno.remove(path);
  }
});
