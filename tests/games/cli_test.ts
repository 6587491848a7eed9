/**
 * `gamelan games` and `gamelan saves` as a person types them.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeTinyRoot } from "./tiny_root.ts";

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));

async function gamelan(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", main, ...args],
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("a game is imported, listed, checked and removed by the command line", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-cli-" });
  const data = ["--data-dir", join(folder, "data")];
  try {
    const source = join(folder, "my-game");
    await makeTinyRoot(source, "echo hello");
    await Deno.writeTextFile(
      join(source, "gamelan.json"),
      JSON.stringify({
        format: 1,
        id: "my-game",
        title: "My Game",
        command: ["/bin/sh", "/play"],
        runtime: "none",
        architecture: "all",
      }),
    );
    const imported = await gamelan("games", "import", source, "--title", "Our Game", ...data);
    assert.equal(imported.code, 0, imported.stderr);
    assert.equal(imported.stdout, "Imported Our Game as my-game\n");
    assert.match(imported.stderr, /Packing/);

    const list = await gamelan("games", "list", "--json", ...data);
    assert.deepEqual(JSON.parse(list.stdout).map((game: { id: string }) => game.id), ["my-game"]);
    assert.match((await gamelan("games", "list", ...data)).stdout, /my-game .*Our Game/);
    const info = JSON.parse((await gamelan("games", "info", "my-game", ...data)).stdout);
    assert.deepEqual(info.manifest.command, ["/bin/sh", "/play"]);

    const verified = await gamelan("games", "verify", ...data);
    assert.deepEqual([verified.code, verified.stdout], [0, "my-game: ok\n"]);
    const file = join(folder, "data/games/my-game.erofs");
    const bytes = await Deno.readFile(file);
    bytes[bytes.length >> 1] ^= 255;
    await Deno.writeFile(file, bytes);
    const damaged = await gamelan("games", "verify", "my-game", ...data);
    assert.equal(damaged.code, 1);
    assert.match(damaged.stdout, /was changed/);

    assert.equal((await gamelan("saves", "list", ...data)).stdout, "No saves yet\n");
    assert.equal((await gamelan("games", "remove", "my-game", ...data)).code, 0);
    const again = await gamelan("games", "remove", "my-game", ...data);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /The library has no game my-game/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("saves are put aside, and their snapshots pruned, by the command line", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-cli-" });
  const data = ["--data-dir", folder];
  const current = join(folder, "saves/anna/tux/current/home");
  try {
    for (const level of ["1", "2", "3"]) {
      await Deno.mkdir(current, { recursive: true });
      await Deno.writeTextFile(join(current, "level"), level);
      const cleared = await gamelan("saves", "clear", "anna", "tux", ...data);
      assert.match(cleared.stdout, /^Put aside as the snapshot \d{8}T\d{6}\.\d{3}Z\n$/);
    }
    assert.equal((await gamelan("saves", "clear", "anna", "tux", ...data)).code, 1);
    const pruned = await gamelan("saves", "prune", "--keep", "1", ...data);
    assert.equal(pruned.stdout.match(/^Removed anna {2}tux/gm)?.length, 2, pruned.stderr);
    const [saves] = JSON.parse((await gamelan("saves", "list", "--json", ...data)).stdout);
    assert.equal(saves.snapshots.length, 1);
    const kept = join(folder, "saves/anna/tux/snapshots", saves.snapshots[0].name);
    assert.equal(await Deno.readTextFile(join(kept, "home/level")), "3");
    for (const wrong of [["prune", "anna"], ["prune", "--keep", "-1"], ["clear", "anna"]]) {
      assert.equal((await gamelan("saves", ...wrong, ...data)).code, 2, wrong.join(" "));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a wrong command line ends with 2 and says what was expected", async () => {
  for (
    const args of [["games"], ["games", "fly"], ["games", "import"], ["saves", "restore", "anna"]]
  ) {
    const { code, stderr } = await gamelan(...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, /expect/);
  }
  const help = await gamelan("games", "--help");
  assert.equal(help.code, 0);
  assert.match(help.stdout, /gamelan games import deb:supertux/);
});
