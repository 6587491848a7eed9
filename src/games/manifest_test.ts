import assert from "node:assert/strict";
import { idFromName, InnerPath, parseManifest } from "./manifest.ts";

const good = {
  format: 1,
  id: "tux",
  title: "Tux",
  command: ["/usr/games/tux"],
  runtime: "debian-12",
  architecture: "amd64",
};

Deno.test("a short manifest gets the defaults", () => {
  const manifest = parseManifest(JSON.stringify(good), "gamelan.json");
  assert.deepEqual(manifest, {
    ...good,
    description: "",
    directory: "/game",
    environment: {},
    saves: [],
    players: 1,
    wants: [],
    license: "",
    source: "",
    version: "",
  });
});

Deno.test("every wrong field is named", () => {
  const wrong = JSON.stringify({ ...good, id: "T U X", players: 0, wants: ["moon"] });
  assert.throws(
    () => parseManifest(wrong, "gamelan.json"),
    /gamelan\.json is not a valid game manifest: id: .*players: .*wants/,
  );
});

Deno.test("paths that leave their folder are no inner paths", () => {
  for (const path of ["a", "a/b.c", ".config/tux", "a b"]) {
    assert.ok(InnerPath.safeParse(path).success);
  }
  for (
    const path of ["", "/", "/a", "..", "a/..", "../a", "a//b", "./a", "a/", "a\\b", "a\0", "a\nb"]
  ) {
    assert.ok(!InnerPath.safeParse(path).success, JSON.stringify(path));
  }
});

Deno.test("ids are made of names", () => {
  assert.equal(idFromName("Super Tux 2!"), "super-tux-2");
  assert.equal(idFromName("libfoo++"), "libfoo");
  assert.equal(idFromName("x".repeat(100)).length, 63);
  assert.throws(() => idFromName("日本"), /give one with --id/);
});

Deno.test("noise is refused as a manifest, never with another kind of error", () => {
  let state = 12345;
  const random = (below: number) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % below;
  const text = JSON.stringify(good);
  for (let round = 0; round < 2000; round++) {
    const characters = [...text];
    for (let change = 0; change <= random(4); change++) {
      characters[random(characters.length)] = String.fromCharCode(random(127));
    }
    try {
      assert.equal(parseManifest(characters.join(""), "noise").format, 1);
    } catch (error) {
      assert.match((error as Error).message, /^noise is not (JSON|a valid game manifest)/);
    }
  }
});
