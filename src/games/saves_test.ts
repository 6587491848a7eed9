import assert from "node:assert/strict";
import { join } from "node:path";
import { Manifest } from "./manifest.ts";
import {
  exportSaves,
  listSaves,
  listSnapshots,
  openSaves,
  restoreSaves,
  snapshotSaves,
} from "./saves.ts";

const manifest = Manifest.parse({
  format: 1,
  id: "tux",
  title: "Tux",
  command: ["tux"],
  runtime: "none",
  architecture: "all",
  saves: [{ name: "home", path: "." }],
});

/** Runs a test with a data directory and anna's saves of one game. */
function test(name: string, body: (dataDir: string, save: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const dataDir = await Deno.makeTempDir({ prefix: "gamelan-saves-" });
    try {
      const [{ source, path }] = await openSaves(dataDir, "anna", manifest, undefined);
      assert.equal(path, ".");
      await body(dataDir, source);
    } finally {
      await Deno.remove(dataDir, { recursive: true });
    }
  });
}

test("a snapshot is taken when something changed, and the oldest go", async (dataDir, save) => {
  assert.equal(await snapshotSaves(dataDir, "anna", "tux"), undefined, "nothing saved yet");
  for (let level = 1; level <= 4; level++) {
    await Deno.writeTextFile(join(save, "level"), String(level));
    assert.ok(await snapshotSaves(dataDir, "anna", "tux", 3));
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(await snapshotSaves(dataDir, "anna", "tux", 3), undefined, "unchanged");
  const snapshots = await listSnapshots(dataDir, "anna", "tux");
  assert.equal(snapshots.length, 3);
  const folder = join(dataDir, "saves/anna/tux/snapshots");
  const levels = await Promise.all(
    snapshots.map(({ name }) => Deno.readTextFile(join(folder, name, "home/level"))),
  );
  assert.deepEqual(levels, ["2", "3", "4"]);
});

test("a restore brings a snapshot back and loses nothing", async (dataDir, save) => {
  await Deno.writeTextFile(join(save, "level"), "old");
  const name = await snapshotSaves(dataDir, "anna", "tux");
  await Deno.writeTextFile(join(save, "level"), "new");
  await restoreSaves(dataDir, "anna", "tux", name!);
  assert.equal(await Deno.readTextFile(join(save, "level")), "old");
  const kept = (await listSnapshots(dataDir, "anna", "tux")).at(-1)!;
  const folder = join(dataDir, "saves/anna/tux/snapshots", kept.name);
  assert.equal(await Deno.readTextFile(join(folder, "home/level")), "new");
  await assert.rejects(restoreSaves(dataDir, "anna", "tux", "../../.."), /has no snapshot/);
  await assert.rejects(restoreSaves(dataDir, "anna", "tux", "20000101T000000.000Z"), /no snapshot/);
});

test("links in saves are kept as links and never followed", async (dataDir, save) => {
  const secret = join(dataDir, "secret");
  await Deno.writeTextFile(secret, "the machine's secret");
  await Deno.symlink(secret, join(save, "link"));
  await Deno.symlink("/etc", join(save, ".cache"));
  const name = await snapshotSaves(dataDir, "anna", "tux");
  const copy = join(dataDir, "saves/anna/tux/snapshots", name!, "home/link");
  assert.ok((await Deno.lstat(copy)).isSymlink);
  await restoreSaves(dataDir, "anna", "tux", name!);
  assert.ok((await Deno.lstat(join(save, "link"))).isSymlink);
  assert.equal(await Deno.readTextFile(secret), "the machine's secret");
  assert.ok((await Deno.stat("/etc")).isDirectory);
  const file = join(dataDir, "export.tar.gz");
  await exportSaves(dataDir, "anna", "tux", file);
  const { stdout } = await new Deno.Command("tar", { args: ["-xOf", file] }).output();
  assert.equal(new TextDecoder().decode(stdout), "");
});

test("saves are listed by user and game, and exported", async (dataDir, save) => {
  await Deno.writeTextFile(join(save, "level"), "7");
  await openSaves(dataDir, "ben", manifest, undefined);
  const all = await listSaves(dataDir);
  assert.deepEqual(all.map(({ user, game }) => [user, game]).sort(), [["anna", "tux"], [
    "ben",
    "tux",
  ]]);
  assert.equal((await listSaves(dataDir, { user: "ben" })).length, 1);
  assert.equal((await listSaves(dataDir, { game: "other" })).length, 0);
  const file = join(dataDir, "export.tar.gz");
  await exportSaves(dataDir, "anna", "tux", file);
  const { stdout } = await new Deno.Command("tar", { args: ["-xOf", file, "./home/level"] })
    .output();
  assert.equal(new TextDecoder().decode(stdout), "7");
  await assert.rejects(exportSaves(dataDir, "anna", "../../..", file), /not the id of a game/);
  await assert.rejects(exportSaves(dataDir, "nobody", "tux", file), /no such saves/);
});
