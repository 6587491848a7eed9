import assert from "node:assert/strict";
import { join } from "node:path";
import { copyConfined } from "./confined.ts";
import { Manifest } from "./manifest.ts";
import { exportSaves, listSaves, openSaves, restoreSaves, snapshotSaves } from "./saves.ts";
import { listSnapshots } from "./saves_folder.ts";
import { checkSavesSize, clearSaves, pruneSnapshots, SavesFullError } from "./saves_space.ts";

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
    assert.ok(await snapshotSaves(dataDir, "anna", "tux", { keep: 3 }));
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(await snapshotSaves(dataDir, "anna", "tux", { keep: 3 }), undefined, "unchanged");
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

test("a directory that becomes a link while it is copied leads nowhere", async (dataDir, save) => {
  const secret = join(dataDir, "secret");
  await Deno.mkdir(secret);
  await Deno.writeTextFile(join(secret, "key"), "the machine's secret");
  const folder = join(dataDir, "saves/anna/tux");
  // As cp finds it in the moment after the swap: a path through a link.
  await Deno.symlink(dataDir, join(save, "swapped"));
  await assert.rejects(
    copyConfined(folder, "current/home/swapped/secret", "snapshots-of-it"),
    /No such file/,
  );
  await copyConfined(folder, "current", "copy");
  assert.ok((await Deno.lstat(join(folder, "copy/home/swapped"))).isSymlink);
});

test(
  "owners, modes and times of saves survive a snapshot and its restore",
  async (dataDir, save) => {
    const file = join(save, "level");
    await Deno.writeTextFile(file, "7", { mode: 0o640 });
    if (Deno.uid() === 0) await Deno.chown(file, 1_878_982_656, 1_878_982_656);
    await Deno.utime(file, 1000, 1000);
    const before = await Deno.lstat(file);
    const name = await snapshotSaves(dataDir, "anna", "tux");
    await Deno.remove(file);
    await restoreSaves(dataDir, "anna", "tux", name!);
    const { uid, gid, mode, mtime } = await Deno.lstat(file);
    assert.deepEqual([uid, gid, mode, mtime], [before.uid, before.gid, before.mode, before.mtime]);
  },
);

test("an export holds a huge empty file as what it is", async (dataDir, save) => {
  await Deno.writeTextFile(join(save, "huge"), "x");
  await Deno.truncate(join(save, "huge"), 2 ** 40);
  const file = join(dataDir, "with:colon.tar.gz");
  await exportSaves(dataDir, "anna", "tux", file);
  assert.ok((await Deno.stat(file)).size < 100_000);
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

Deno.test("saves that would fill the disk get no snapshot, and the game starts all the same", async () => {
  // Needs a small disk, which only root can mount.
  if (Deno.uid() !== 0) return;
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-saves-" });
  const shell = async (...argv: string[]) => {
    assert.ok((await new Deno.Command(argv[0], { args: argv.slice(1) }).output()).success);
  };
  await shell("mount", "-t", "tmpfs", "-o", "size=4m", "small", dataDir);
  try {
    const [{ source }] = await openSaves(dataDir, "anna", manifest, undefined);
    await Deno.writeFile(join(source, "big"), new Uint8Array(1_000_000));
    assert.ok(await snapshotSaves(dataDir, "anna", "tux"));
    await Deno.writeFile(join(source, "big"), new Uint8Array(2_500_000));
    assert.equal(await snapshotSaves(dataDir, "anna", "tux"), undefined);
  } finally {
    await shell("umount", dataDir);
    await Deno.remove(dataDir);
  }
});

test(
  "saves over their size are refused with what to do, and start anew when put aside",
  async (dataDir, save) => {
    await Deno.writeFile(join(save, "big"), new Uint8Array(3_000_000));
    await checkSavesSize(dataDir, "anna", "tux", 4_000_000);
    await checkSavesSize(dataDir, "nobody", "tux", 1);
    await assert.rejects(checkSavesSize(dataDir, "anna", "tux", 2_000_000), (error: Error) => {
      assert.ok(error instanceof SavesFullError);
      assert.match(error.message, /takes 4 MB, and 2 MB are allowed.*gamelan saves clear anna tux/);
      return true;
    });
    const name = await clearSaves(dataDir, "anna", "tux");
    await checkSavesSize(dataDir, "anna", "tux", 1);
    await assert.rejects(clearSaves(dataDir, "anna", "tux"), /no saves of tux/);
    await restoreSaves(dataDir, "anna", "tux", name);
    assert.equal((await Deno.stat(join(save, "big"))).size, 3_000_000);
  },
);

test("a file without content does not count as what it claims to be", async (dataDir, save) => {
  using file = await Deno.open(join(save, "hole"), { create: true, write: true });
  await file.truncate(10 ** 12);
  await checkSavesSize(dataDir, "anna", "tux", 1_000_000);
});

test("snapshots are pruned by their size together, the newest stays", async (dataDir, save) => {
  for (let level = 1; level <= 4; level++) {
    await Deno.writeFile(join(save, "level"), new Uint8Array(1_000_000).fill(level));
    await snapshotSaves(dataDir, "anna", "tux", { maxBytes: 2_500_000 });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal((await listSnapshots(dataDir, "anna", "tux")).length, 2);
  await Deno.writeFile(join(save, "level"), new Uint8Array(1_000_000).fill(9));
  const last = await snapshotSaves(dataDir, "anna", "tux", { maxBytes: 10 });
  assert.deepEqual((await listSnapshots(dataDir, "anna", "tux")).map(({ name }) => name), [last]);
  assert.deepEqual(await pruneSnapshots(dataDir, "anna", "tux", { keep: 0 }), [last]);
  assert.deepEqual(await listSnapshots(dataDir, "anna", "tux"), []);
});
