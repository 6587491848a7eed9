import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import { join } from "node:path";
import { loadUiAssets } from "./assets.ts";
import { buildUi } from "./build.ts";
import { gongPng } from "./icons/gong.ts";

Deno.test("the built UI is served whole, names its files by content and loads nothing from outside", async () => {
  const dir = await Deno.makeTempDir({ prefix: "gamelan-ui-" });
  try {
    await buildUi(join(dir, "dist"));
    const assets = loadUiAssets(join(dir, "dist"));
    const page = assets.get("/")!;
    assert.equal(page.type, "text/html; charset=utf-8");
    assert.equal(page.immutable, false);
    const html = new TextDecoder().decode(page.body);
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]);
    assert.ok(links.length >= 5);
    for (const link of links) assert.ok(assets.get(link), link);
    for (const link of links.filter((name) => /^\/(app|style)-/.test(name))) {
      assert.equal(assets.get(link)!.immutable, true);
    }
    const style = links.find((name) => name.endsWith(".css"))!;
    const css = new TextDecoder().decode(assets.get(style)!.body);
    assert.ok(!/url\((?!["']?data:)|@import/.test(css));
    const manifest = JSON.parse(
      new TextDecoder().decode(assets.get("/manifest.webmanifest")!.body),
    );
    for (const icon of manifest.icons) assert.ok(assets.get(icon.src), icon.src);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("pages of the app answer the page; files that are not there and the API do not", async () => {
  const dir = await Deno.makeTempDir({ prefix: "gamelan-ui-" });
  try {
    assert.throws(() => loadUiAssets(dir), /deno task ui/);
    await Deno.writeTextFile(join(dir, "index.html"), "page");
    const manifest = [{ name: "index.html", type: "text/html", immutable: false }];
    await Deno.writeTextFile(join(dir, "assets.json"), JSON.stringify(manifest));
    const assets = loadUiAssets(dir);
    for (const path of ["/", "/games/supertux", "/play/s-1", "/trust"]) {
      assert.equal(assets.get(path)?.body.length, 4, path);
    }
    for (const path of ["/app.js", "/api/nothing", "/api", "/favicon.ico"]) {
      assert.equal(assets.get(path), undefined, path);
    }
    assert.match(assets.get("/")!.etag, /^"[\w-]{22}"$/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("icons are PNG files of the size asked for", () => {
  const png = gongPng(64, { maskable: true });
  const view = new DataView(png.buffer);
  assert.deepEqual([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  assert.deepEqual([view.getUint32(16), view.getUint32(20)], [64, 64]);
  const dataLength = view.getUint32(33);
  const rows = inflateSync(png.subarray(41, 41 + dataLength));
  assert.equal(rows.length, 64 * (64 * 4 + 1));
  const pixel = (
    x: number,
    y: number,
  ) => [...rows.subarray(y * 257 + 1 + x * 4, y * 257 + 5 + x * 4)];
  assert.deepEqual(pixel(0, 0), [0x14, 0x10, 0x0d, 255], "the corner is the ground");
  assert.ok(pixel(32, 32)[0] > 200, "the boss is bright");
});
