import assert from "node:assert/strict";
import { join } from "node:path";
import { errorText, firstSupported, loadLibav } from "./libav.ts";

Deno.test("the installed libavcodec is a supported one and its version is named", () => {
  const libav = loadLibav();
  assert.match(libav.version, /^(59|61)\.\d+\.\d+$/);
  assert.equal(loadLibav(), libav);
  assert.match(errorText(libav, -22), /Invalid argument/);
});

Deno.test("a machine without libavcodec is told which packages to install", () => {
  assert.throws(
    () => firstSupported([1]),
    /libavcodec.*install Debian's package libavcodec59 \(Debian 12\) or libavcodec61/s,
  );
});

Deno.test("a library that is there and does not load says so, and why", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-libav-" });
  try {
    for (const major of [59, 61]) {
      await Deno.writeTextFile(join(folder, `libavcodec.so.${major}`), "no library");
    }
    // The loader reads its search path once, when a process starts.
    const module = JSON.stringify(new URL("./libav.ts", import.meta.url).href);
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", `(await import(${module})).loadLibav()`],
      env: { LD_LIBRARY_PATH: folder },
    }).output();
    assert.match(
      new TextDecoder().decode(stderr),
      /Error: libavcodec 61 does not load: \S+: file too short; libavcodec 59 does not load: .*anew/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
