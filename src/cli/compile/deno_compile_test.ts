import assert from "node:assert/strict";
import { reason, wrongExecutable } from "./deno_compile.ts";

Deno.test("a plain Deno, another program and no program at all are not taken for Gamelan", async () => {
  assert.match(
    await wrongExecutable(Deno.execPath(), "0.1.0") ?? "",
    /expected ".* version" to say "gamelan 0\.1\.0 …", got ".+"/,
  );
  assert.match(await wrongExecutable("/bin/true", "0.1.0") ?? "", /got "it said nothing"/);
  assert.match(await wrongExecutable("/nonexistent/gamelan", "0.1.0") ?? "", /does not start/);
});

Deno.test("an executable that says its name and version is Gamelan, one of another version is not", async () => {
  const path = await Deno.makeTempFile({ prefix: "gamelan-test-double-" });
  try {
    await Deno.writeTextFile(path, '#!/bin/sh\necho "gamelan 0.1.0 (test double)"\n');
    await Deno.chmod(path, 0o755);
    assert.equal(await wrongExecutable(path, "0.1.0"), undefined);
    assert.match(await wrongExecutable(path, "0.1.1") ?? "", /got "gamelan 0\.1\.0/);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("of Deno's errors the innermost reason is told", () => {
  const said = "\x1b[0m\x1b[32mCompile\x1b[0m main.js\n\x1b[1merror\x1b[0m: Writing failed\n\n" +
    "Caused by:\n    0: Setting up base binary.\n    1: dns error\n\nStack backtrace:\n   0: <unknown>\n";
  assert.equal(reason(said), "dns error");
  assert.equal(reason("error: unrecognized subcommand"), "unrecognized subcommand");
});
