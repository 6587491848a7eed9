import assert from "node:assert/strict";
import { cursorStyle } from "./cursor.ts";

Deno.test("a cursor is an image with its hotspot, a known name, or hidden", () => {
  const hotspot = { hotspotX: 3.4, hotspotY: 500 };
  assert.equal(
    cursorStyle({ image: "data:image/png;base64,AAAA", ...hotspot }),
    'url("data:image/png;base64,AAAA") 3 127, default',
  );
  assert.equal(cursorStyle({ name: "crosshair", ...hotspot }), "crosshair");
  assert.equal(cursorStyle(hotspot), "none");
});

Deno.test("nothing unchecked gets into the style", () => {
  const at = { hotspotX: 0, hotspotY: 0 };
  assert.equal(cursorStyle({ image: 'x"), url(//evil', ...at }), "default");
  assert.equal(cursorStyle({ image: "https://example.org/a.png", ...at }), "default");
  assert.equal(cursorStyle({ name: "url(//evil)", ...at }), "default");
});
