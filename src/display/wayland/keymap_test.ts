import assert from "node:assert/strict";
import { Keymap } from "./keymap.ts";

const KEY_Q = 16;
const KEY_A = 30;
const SHIFT = 1;
const LEVEL3 = 0x80;

Deno.test("a layout says which key types a character", () => {
  const german = Keymap.forLayout({ layout: "de", variant: "" });
  const stroke = (character: string) => german.strokeFor(character.codePointAt(0)!);
  assert.deepEqual(stroke("a"), { code: KEY_A, modifiers: 0 });
  assert.deepEqual(stroke("A"), { code: KEY_A, modifiers: SHIFT });
  assert.deepEqual(stroke("@"), { code: KEY_Q, modifiers: LEVEL3 });
  assert.equal(stroke("ж"), undefined);
  german.close();
});

Deno.test("a keymap for text has a key for each character", () => {
  const keymap = Keymap.forCharacters([..."ж日😀"].map((text) => text.codePointAt(0)!));
  assert.deepEqual(keymap.strokeFor(0x65e5), { code: 2, modifiers: 0 });
  assert.deepEqual(keymap.strokeFor(0x1f600), { code: 3, modifiers: 0 });
  keymap.close();
});

Deno.test("keys change the modifiers", () => {
  const keymap = Keymap.forLayout({ layout: "us", variant: "" });
  assert.equal(keymap.update(KEY_A, true), false);
  assert.equal(keymap.update(42, true), true);
  assert.deepEqual(keymap.modifiers, { depressed: SHIFT, latched: 0, locked: 0, group: 0 });
  keymap.close();
});

Deno.test("a layout that does not exist is named", () => {
  assert.throws(
    () => Keymap.forLayout({ layout: "xx", variant: "no" }),
    /got xx with variant "no"/,
  );
});
