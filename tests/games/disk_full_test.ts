/** A disk without room: the library stays whole, saves stay what they were. On a small tmpfs. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { GameLibrary } from "../../src/games/library.ts";
import { launchGame } from "../../src/games/launch.ts";
import { listSnapshots } from "../../src/games/saves_folder.ts";
import { logSettings } from "../../src/system/log.ts";
import { makeTinyRoot } from "./tiny_root.ts";

// Full disks are what these tests are about.
logSettings.write = () => {};

async function run(...[program, ...args]: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

const MEGABYTE = 1_000_000;

/** A data directory on a disk of `megabytes`, with one game in its library, and a folder beside it. */
async function onSmallDisk(
  megabytes: number,
  body: (place: { dataDir: string; beside: string; library: GameLibrary }) => Promise<void>,
): Promise<void> {
  const beside = await Deno.makeTempDir({ prefix: "gamelan-full-" });
  const dataDir = join(beside, "data");
  await Deno.mkdir(dataDir);
  await run("mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "none", dataDir);
  try {
    const library = new GameLibrary({ dataDir });
    const source = join(beside, "small");
    await makeTinyRoot(source, "exit 0");
    await library.import(source, {
      id: "small",
      runtime: "none",
      command: ["/bin/sh", "/play"],
      saves: [{ name: "progress", path: "progress" }],
    });
    await body({ dataDir, beside, library });
  } finally {
    await run("umount", dataDir);
    await Deno.remove(beside, { recursive: true });
  }
}

/** What cannot be packed smaller. */
async function writeNoise(path: string, bytes: number): Promise<void> {
  const piece = new Uint8Array(65536);
  using file = await Deno.open(path, { create: true, write: true });
  for (let written = 0; written < bytes; written += piece.length) {
    await file.write(crypto.getRandomValues(piece));
  }
}

/** Names below a folder, without the lock. */
const names = (folder: string) =>
  [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name !== ".lock").sort();

Deno.test("an import that fills the disk fails, and the library is as it was", async () => {
  await onSmallDisk(48, async ({ dataDir, beside, library }) => {
    const before = names(library.folders.games);
    const big = join(beside, "big");
    await Deno.mkdir(big);
    await writeNoise(join(big, "noise"), 60 * MEGABYTE);
    for (const again of [false, true]) {
      await assert.rejects(library.import(big, { id: "big", runtime: "none", command: ["/x"] }));
      assert.deepEqual(await library.ids(), ["small"], String(again));
      await library.verify("small");
      assert.deepEqual(names(library.folders.games), before);
      assert.deepEqual(names(join(dataDir, "games/.work")), []);
    }
    // The same game again, this time too big: the good one must stay.
    await assert.rejects(library.import(big, { id: "small", runtime: "none", command: ["/x"] }));
    await library.verify("small");
    // There is room again.
    const other = join(beside, "other");
    await makeTinyRoot(other, "exit 0");
    await library.import(other, { id: "other", runtime: "none", command: ["/bin/sh", "/play"] });
    assert.deepEqual(await library.ids(), ["other", "small"]);
  });
});

Deno.test("on a full disk a game starts without a snapshot, and its saves stay", async () => {
  await onSmallDisk(64, async ({ dataDir }) => {
    const saves = join(dataDir, "saves/anna/small/current/progress");
    await Deno.mkdir(saves, { recursive: true });
    await writeNoise(join(saves, "level"), 5 * MEGABYTE);
    const play = async (id: string, limits = {}) => {
      const game = await launchGame("small", {
        sessionId: id,
        user: "anna",
        sound: { env: {}, sockets: [] },
        mode: { width: 1280, height: 720, fps: 60 },
        runDir: join(dataDir, "..", "run", id),
        dataDir,
      }, { limits });
      return await game.exited;
    };
    // Not even a folder can be made: what is left is taken to the last byte.
    const filler = join(dataDir, "filler");
    await writeNoise(filler, 200 * MEGABYTE).catch(() => {});
    const { code } = await play("full");
    assert.equal(code, 0);
    assert.deepEqual(await listSnapshots(dataDir, "anna", "small"), []);
    assert.ok((await Deno.stat(join(saves, "level"))).size >= 5 * MEGABYTE);
    await Deno.remove(filler);
    assert.equal((await play("room")).code, 0);
    assert.equal((await listSnapshots(dataDir, "anna", "small")).length, 1);
    await assert.rejects(
      play("limited", { savesBytes: 2 * MEGABYTE }),
      /gamelan saves clear anna small/,
    );
  });
});
