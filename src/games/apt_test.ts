import assert from "node:assert/strict";
import { defaultRelease, parseUris } from "./apt.ts";
import { shellQuote } from "./command.ts";

Deno.test("apt's list of files is read, and lines without a hash are not", () => {
  const sum = "a".repeat(64);
  const text = [
    `'http://mirror/pool/x%2by_1_amd64.deb' x+y_1%3a2_amd64.deb 123 SHA256:${sum}`,
    "'http://mirror/pool/z.deb' z_1_amd64.deb 5 MD5Sum:0123",
    "Reading package lists...",
  ].join("\n");
  assert.deepEqual(parseUris(text), [{
    url: "http://mirror/pool/x%2by_1_amd64.deb",
    file: "x+y_1%3a2_amd64.deb",
    bytes: 123,
    sha256: sum,
  }]);
});

Deno.test("games are built for the machine's release where it is Debian 12 or 13", () => {
  assert.equal(defaultRelease('ID=debian\nVERSION_ID="13"\n'), "debian-13");
  assert.equal(defaultRelease('ID=debian\nVERSION_ID="12"\n'), "debian-12");
  assert.equal(defaultRelease('ID=ubuntu\nVERSION_ID="24.04"\n'), "debian-12");
  assert.equal(defaultRelease(""), "debian-12");
});

Deno.test("words reach the shell unchanged", async () => {
  for (const word of ["plain", "", "two words", "it's", "$(id)", "`id`", "a\nb", "*", "~", "-n;"]) {
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", `printf %s ${shellQuote(word)}`],
    }).output();
    assert.equal(new TextDecoder().decode(stdout), word);
  }
});
