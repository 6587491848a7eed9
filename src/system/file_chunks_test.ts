import assert from "node:assert/strict";
import { fileChunks } from "./file_chunks.ts";

Deno.test("a file comes in pieces that stay as they are, and is closed at its end", async () => {
  const path = await Deno.makeTempFile();
  try {
    const content = new Uint8Array(2 * 2 ** 20 + 3).map((_, at) => at >> 10);
    await Deno.writeFile(path, content);
    const file = await Deno.open(path);
    const pieces: Uint8Array[] = [];
    for await (const piece of fileChunks(file)) pieces.push(piece);
    assert.deepEqual(Buffer.concat(pieces), Buffer.from(content));
    assert.ok(pieces.every(({ length }) => length > 0 && length <= 2 ** 20));
    await assert.rejects(file.stat());
  } finally {
    await Deno.remove(path);
  }
});
