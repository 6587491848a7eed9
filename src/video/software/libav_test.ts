import assert from "node:assert/strict";
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
