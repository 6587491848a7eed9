import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { mountsBelow, removeLeftovers } from "./leftovers.ts";

Deno.test("mounts of a directory are found, innermost first, and no others", () => {
  const mountinfo = [
    "1 0 0:1 / / rw - ext4 /dev/sda rw",
    "2 1 0:2 / /run/g/s-1/input rw,nosuid - tmpfs gamelan-input rw",
    "3 2 0:3 / /run/g/s-1/input/deep\\040er rw - tmpfs x rw",
    "4 1 0:4 / /run/g/s-10/input rw - tmpfs x rw",
    "",
  ].join("\n");
  assert.deepEqual(mountsBelow("/run/g/s-1", mountinfo), [
    "/run/g/s-1/input/deep er",
    "/run/g/s-1/input",
  ]);
});

Deno.test("a dead session's mounts and directory go, and another's X display stays", async () => {
  const runDir = await Deno.makeTempDir({ prefix: "gamelan-leftovers-" });
  const input = join(runDir, "input");
  Deno.mkdirSync(input);
  const mount = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "gamelan-input", input],
  }).output();
  assert.ok(mount.success, new TextDecoder().decode(mount.stderr));
  Deno.writeTextFileSync(join(input, "event0"), "");
  // The display's number has been given to this process since.
  const lock = "/tmp/.X9998-lock";
  Deno.writeTextFileSync(lock, `${String(Deno.pid).padStart(10)}\n`);
  Deno.writeTextFileSync(join(runDir, "x11-display"), "9998 1\n");
  try {
    await removeLeftovers(runDir, "s-no-such-session");
    assert.ok(!existsSync(runDir));
    assert.ok(!Deno.readTextFileSync("/proc/self/mountinfo").includes(runDir));
    assert.ok(existsSync(lock));
    await removeLeftovers(runDir, "s-no-such-session");
  } finally {
    Deno.removeSync(lock);
  }
});
