import assert from "node:assert/strict";
import { chooseMirrors } from "./apt.ts";

const host =
  "http://mirror.example/debian/ bookworm\nhttp://mirror.example/debian bookworm-updates\n" +
  "http://sec.example/debian-security bookworm-security\nfile:/media/cdrom/ bookworm\n";

Deno.test("the machine's own mirrors serve its release and the other one", () => {
  const expected = {
    archive: "http://mirror.example/debian",
    security: "http://sec.example/debian-security",
  };
  assert.deepEqual(chooseMirrors(host, "bookworm"), expected);
  assert.deepEqual(chooseMirrors(host, "trixie"), expected);
});

Deno.test("a machine whose apt names no mirror gets an error that says what to add", () => {
  assert.throws(() => chooseMirrors("", "bookworm"), /apt names none: add one/);
  assert.throws(() => chooseMirrors("cdrom://x/ bookworm\n", "bookworm"), /mirror of bookworm/);
});
