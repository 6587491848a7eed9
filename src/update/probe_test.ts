import assert from "node:assert/strict";
import { join } from "node:path";
import { probeExtensions } from "./probe.ts";

Deno.test("of each extension it is said whether it is in use", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-extensions-" });
  try {
    const [extensions, merged] = [join(folder, "extensions"), join(folder, "merged")];
    const system = {
      ...{ product: "gamelan", version: "1.1", kernel: "6.12-amd64" },
      ...{ extensions, merged },
    };
    assert.deepEqual(await probeExtensions(system), []);
    await Deno.mkdir(extensions);
    await Deno.mkdir(merged);
    // That of the other slot is no reason to warn.
    for (const name of ["gamelan-nvidia_1.0.raw", "gamelan-nvidia_1.1.raw", "gamelan-x_1.0.raw"]) {
      await Deno.writeTextFile(join(extensions, name), "");
    }
    for (const name of ["other_1.raw", ".trial", "gamelan-nvidia_1.1.txt"]) {
      await Deno.writeTextFile(join(extensions, name), "");
    }
    await Deno.writeTextFile(join(merged, "extension-release.gamelan-nvidia_1.1"), "");
    const rows = await probeExtensions(system);
    assert.deepEqual(rows.map(({ id, status }) => [id, status]), [
      ["extension-nvidia", "ok"],
      ["extension-x", "warning"],
    ]);
    assert.equal(rows[0].evidence, "gamelan-nvidia_1.1.raw is in use");
    assert.match(rows[1].evidence, /gamelan-x_1\.0\.raw is not for this system, 1\.1 with Linux 6/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
