import assert from "node:assert/strict";
import { squashfsOffset } from "./appimage_import.ts";

function header(): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0x41, 0x49, 2]);
  const view = new DataView(bytes.buffer);
  view.setUint16(18, Deno.build.arch === "aarch64" ? 183 : 62, true);
  view.setBigUint64(40, 188_000n, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, 30, true);
  return bytes;
}

Deno.test("the image begins behind the section headers", () => {
  assert.equal(squashfsOffset(header()), 188_000 + 64 * 30);
});

Deno.test("other files are refused with what they are", () => {
  assert.throws(() => squashfsOffset(header().subarray(0, 40)), /no program file/);
  assert.throws(() => squashfsOffset(header().with(0, 0)), /no program file/);
  assert.throws(() => squashfsOffset(header().with(8, 0)), /not an AppImage of type 2/);
  assert.throws(() => squashfsOffset(header().with(10, 1)), /not an AppImage of type 2/);
  assert.throws(() => squashfsOffset(header().with(4, 1)), /64-bit/);
  assert.throws(() => squashfsOffset(header().with(18, 3)), /another processor/);
});
