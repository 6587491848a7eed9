import assert from "node:assert/strict";
import { crc32, inflateSync } from "node:zlib";
import { encodePng } from "./png.ts";

Deno.test("pixels come back out of the file's chunks, whose checksums hold", () => {
  const rgba = Uint8Array.from({ length: 3 * 2 * 4 }, (_, i) => i * 9);
  const file = encodePng(3, 2, rgba);
  const view = new DataView(file.buffer);
  const chunks = new Map<string, Uint8Array>();
  for (let at = 8; at < file.length;) {
    const length = view.getUint32(at);
    const body = file.subarray(at + 4, at + 8 + length);
    assert.equal(view.getUint32(at + 8 + length), crc32(body));
    chunks.set(new TextDecoder().decode(body.subarray(0, 4)), body.subarray(4));
    at += 12 + length;
  }
  assert.deepEqual([...chunks.keys()], ["IHDR", "IDAT", "IEND"]);
  const rows = inflateSync(chunks.get("IDAT")!);
  assert.deepEqual([rows[0], rows[13]], [0, 0]);
  assert.deepEqual(new Uint8Array([...rows.subarray(1, 13), ...rows.subarray(14)]), rgba);
});

Deno.test("a picture of another size than its pixels is refused", () => {
  assert.throws(() => encodePng(2, 2, new Uint8Array(15)), RangeError);
  assert.throws(() => encodePng(0, 0, new Uint8Array()), RangeError);
});
