import assert from "node:assert/strict";
import { keysymOf, spareKeycodes, strokeFor } from "./keysyms.ts";

// Keycodes 10 (1 !), 11 (nothing), 12 (a A), 13 (nothing but level 4).
const mapping = {
  firstKeycode: 10,
  perKeycode: 4,
  keysyms: Uint32Array.of(0x31, 0x21, 0, 0, 0, 0, 0, 0, 0x61, 0x41, 0, 0, 0, 0, 0, 0x20ac),
};

Deno.test("characters have Latin-1, Unicode or control keysyms, others none", () => {
  assert.equal(keysymOf("a"), 0x61);
  assert.equal(keysymOf("ä"), 0xe4);
  assert.equal(keysymOf("ガ"), 0x01000000 + 0x30ac);
  assert.equal(keysymOf("😀"), 0x01000000 + 0x1f600);
  assert.equal(keysymOf("\n"), 0xff0d);
  assert.equal(keysymOf("\x01"), 0);
});

Deno.test("a character is typed by the key that has it, with Shift on the second level", () => {
  assert.deepEqual(strokeFor(mapping, 0x61), { keycode: 12, shift: false });
  assert.deepEqual(strokeFor(mapping, 0x21), { keycode: 10, shift: true });
  assert.equal(strokeFor(mapping, 0x20ac), undefined);
});

Deno.test("only keycodes without any keysym are spare", () => {
  assert.deepEqual(spareKeycodes(mapping), [11]);
});
