import assert from "node:assert/strict";
import { join } from "node:path";
import { createBackup } from "../../src/backup/create.ts";
import { PARTS } from "../../src/backup/manifest.ts";
import { readBackup, restoreBackup } from "../../src/backup/restore.ts";
import { SqliteStore } from "../../src/coordinator/store/sqlite.ts";

const text = (path: string) => Deno.readTextFile(path);
const exists = (path: string) => Deno.lstat(path).then(() => true, () => false);

/** A data directory as a house leaves it, with a configuration beside it. */
class TestHouse {
  readonly dataDir: string;
  readonly configFile: string;

  constructor(readonly folder: string) {
    this.dataDir = join(folder, "data");
    this.configFile = join(folder, "etc/gamelan.toml");
  }

  async write(path: string, content: string): Promise<void> {
    const file = join(this.folder, path);
    await Deno.mkdir(join(file, ".."), { recursive: true });
    await Deno.writeTextFile(file, content);
  }

  async fill(): Promise<void> {
    await Deno.mkdir(this.dataDir, { recursive: true });
    const store = new SqliteStore(join(this.dataDir, "house.db"));
    await store.createFirstUser({
      id: "u-anna",
      name: "Anna",
      role: "owner",
      password: "scrypt$hash",
      createdAt: 1,
    });
    const ticket = { kind: "user" as const, userId: "u-anna", expiresAt: Date.now() + 1e9 };
    await store.putTicket("cookie", ticket);
    await store.close();
    await this.write("etc/gamelan.toml", '[house]\nname = "Ours"\n');
    await this.write("data/tls/ca.key", "ca key");
    await this.write("data/node-token", "token");
    await this.write("data/saves/u-anna/supertux/current/home/progress", "world 3");
    await this.write("data/saves/u-anna/chess/current/home/board", "e4");
    await this.write("data/saves/u-ben/supertux/current/home/progress", "world 1");
    await Deno.symlink("/etc/passwd", join(this.dataDir, "saves/u-ben/supertux/current/home/trap"));
    await this.write("data/games/chess.erofs", "package");
    await this.write("data/games/.work/half", "half of a package");
  }

  backup(file: string, parts: readonly (typeof PARTS[number])[] = PARTS) {
    return createBackup(file, { ...this.places, version: "1.2.3", parts });
  }

  get places() {
    return { dataDir: this.dataDir, configFile: this.configFile };
  }

  async names(): Promise<string[]> {
    const store = new SqliteStore(join(this.dataDir, "house.db"));
    const names = (await store.users()).map((user) => user.name);
    await store.close();
    return names;
  }
}

async function withHouses(
  test: (from: TestHouse, to: TestHouse, file: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-backup-" });
  try {
    const from = new TestHouse(join(folder, "from"));
    await from.fill();
    await test(from, new TestHouse(join(folder, "to")), join(folder, "house.gamelan"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Everything below a folder, with its content, to see that nothing changed. */
async function everything(folder: string): Promise<string> {
  const script = "find . -printf '%p %y %l\\n' | sort; find . -type f ! -name '*.lock' " +
    "-exec sha256sum {} + | sort";
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script], cwd: folder }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("a house moves to another machine by its backup, signed-in devices excepted", () =>
  withHouses(async (from, to, file) => {
    const manifest = await from.backup(file);
    assert.deepEqual(manifest.parts.map((part) => part.name), [...PARTS]);
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    const restored = await restoreBackup(file, to.places);
    assert.deepEqual(restored, { parts: [...PARTS], replaced: undefined });
    assert.deepEqual(await to.names(), ["Anna"]);
    const store = new SqliteStore(join(to.dataDir, "house.db"));
    assert.equal(await store.ticket("cookie"), undefined);
    await store.close();
    assert.equal(await text(to.configFile), '[house]\nname = "Ours"\n');
    assert.equal(await text(join(to.dataDir, "tls/ca.key")), "ca key");
    const saves = join(to.dataDir, "saves");
    assert.equal(await text(join(saves, "u-anna/supertux/current/home/progress")), "world 3");
    assert.equal(
      await Deno.readLink(join(saves, "u-ben/supertux/current/home/trap")),
      "/etc/passwd",
    );
    assert.equal(await text(join(to.dataDir, "games/chess.erofs")), "package");
    assert.equal(await exists(join(to.dataDir, "games/.work/half")), false);
    const left = [...Deno.readDirSync(to.dataDir)].map(({ name }) => name);
    assert.deepEqual(left.filter((name) => name.startsWith(".restore")), []);
  }));

Deno.test("plain tar and gzip can read a backup, and its manifest says what it is", () =>
  withHouses(async (from, _to, file) => {
    await from.backup(file, ["config", "saves"]);
    const { stdout } = await new Deno.Command("tar", { args: ["-tf", file] }).output();
    const entries = new TextDecoder().decode(stdout).trim().split("\n");
    assert.deepEqual(entries, ["gamelan-backup.json", "config.tar.gz", "saves.tar.gz"]);
    const manifest = await readBackup(file);
    assert.equal(manifest.format, 1);
    assert.equal(manifest.gamelan, "1.2.3");
  }));

Deno.test("one player's saves of one game come back, everything else stays", () =>
  withHouses(async (from, _to, file) => {
    await from.backup(file);
    await from.write("data/saves/u-anna/supertux/current/home/progress", "lost");
    await from.write("data/saves/u-anna/chess/current/home/board", "d4");
    await from.write("data/saves/u-ben/supertux/current/home/progress", "world 2");
    const { replaced } = await restoreBackup(file, {
      ...from.places,
      user: "u-anna",
      game: "supertux",
    });
    const saves = join(from.dataDir, "saves");
    assert.equal(await text(join(saves, "u-anna/supertux/current/home/progress")), "world 3");
    assert.equal(await text(join(saves, "u-anna/chess/current/home/board")), "d4");
    assert.equal(await text(join(saves, "u-ben/supertux/current/home/progress")), "world 2");
    const before = join(replaced!, "saves/u-anna/supertux/current/home/progress");
    assert.equal(await text(before), "lost");
  }));

Deno.test("parts that are not there or not asked for are said and left alone", () =>
  withHouses(async (from, to, file) => {
    await from.backup(file, ["config", "users"]);
    await assert.rejects(
      restoreBackup(file, { ...to.places, parts: ["saves"] }),
      /does not hold saved games.*it holds config, users/,
    );
    await restoreBackup(file, { ...to.places, parts: ["config"] });
    assert.equal(await exists(join(to.dataDir, "house.db")), false);
    await assert.rejects(from.backup(file), /exists already/);
    await assert.rejects(
      restoreBackup(file, { ...to.places, user: "../../etc" }),
      /is not an id/,
    );
  }));

/** Where the compressed parts of a backup begin. */
function partStarts(bytes: Uint8Array): number[] {
  const isStart = (_: number, at: number) =>
    at % 512 === 0 && bytes[at] === 0x1f && bytes[at + 1] === 0x8b && bytes[at + 2] === 8;
  return [...bytes.keys()].filter(isStart);
}

Deno.test("a damaged, cut or foreign file changes nothing", () =>
  withHouses(async (from, to, file) => {
    await from.backup(file);
    await to.fill();
    const before = await everything(to.folder);
    const bytes = await Deno.readFile(file);
    const starts = partStarts(bytes);
    assert.equal(starts.length, PARTS.length);
    const bad = new Map<string, Uint8Array>();
    for (const start of starts) {
      const damaged = bytes.slice();
      for (let at = start + 40; at < start + 60; at++) damaged[at] ^= 0x5a;
      bad.set(`${file}.damaged-${start}`, damaged);
    }
    for (const size of [0, 100, 512, 3000, starts.at(-1)! + 20]) {
      bad.set(`${file}.cut-${size}`, bytes.subarray(0, size));
    }
    bad.set(`${file}.text`, new TextEncoder().encode("no backup at all"));
    for (const [path, content] of bad) {
      await Deno.writeFile(path, content);
      await assert.rejects(restoreBackup(path, to.places), /is damaged|is none/, path);
    }
    await assert.rejects(restoreBackup(`${file}.missing`, to.places), /there is no file/);
    assert.equal(await everything(to.folder), before);
  }));

/** A backup whose entries are made by hand. */
async function forge(folder: string, manifest: unknown, part?: (tree: string) => Promise<void>) {
  await Deno.mkdir(folder, { recursive: true });
  const entries = ["gamelan-backup.json"];
  let parts: unknown[] = [];
  if (part) {
    const tree = join(folder, "tree");
    await Deno.mkdir(tree);
    await part(tree);
    await new Deno.Command("tar", {
      args: ["-czPf", join(folder, "users.tar.gz"), "-C", tree, "."],
    })
      .output();
    const packed = await Deno.readFile(join(folder, "users.tar.gz"));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", packed)).toHex();
    parts = [{ name: "users", file: "users.tar.gz", bytes: packed.length, sha256: digest }];
    entries.push("users.tar.gz");
  }
  const whole = { ...(manifest as object), ...(part ? { parts } : {}) };
  await Deno.writeTextFile(join(folder, "gamelan-backup.json"), JSON.stringify(whole));
  const file = join(folder, "forged.gamelan");
  await new Deno.Command("tar", { args: ["-cf", file, "-C", folder, ...entries] }).output();
  return file;
}

const head = {
  format: 1,
  gamelan: "1",
  host: "x",
  createdAt: "2026-11-21T10:00:00.000Z",
};

Deno.test("a forged backup reaches nothing outside of the house", () =>
  withHouses(async (_from, to, file) => {
    await to.fill();
    const before = await everything(to.folder);
    const newer = await forge(`${file}-newer`, { ...head, format: 2, parts: [] });
    await assert.rejects(restoreBackup(newer, to.places), /format 2.*newer Gamelan/);
    const outside = { name: "users", file: "../../etc/passwd", bytes: 1, sha256: "0".repeat(64) };
    const path = await forge(`${file}-path`, { ...head, parts: [outside] });
    await assert.rejects(restoreBackup(path, to.places), /is none/);
    const link = await forge(`${file}-link`, head, async (tree) => {
      await Deno.symlink("/etc/shadow", join(tree, "house.db"));
    });
    await assert.rejects(restoreBackup(link, to.places), /outside of the game's folder|link/);
    const nonsense = await forge(`${file}-nonsense`, head, async (tree) => {
      await Deno.writeTextFile(join(tree, "house.db"), "this is no database, ".repeat(500));
    });
    await assert.rejects(restoreBackup(nonsense, to.places), /cannot open the house's database/);
    assert.equal(await everything(to.folder), before);
  }));

Deno.test("where a part cannot be put into its place, those before it are taken back", () =>
  withHouses(async (from, to, file) => {
    await from.backup(file, ["users", "saves"]);
    await to.fill();
    await to.write("data/saves/u-anna/supertux/current/home/progress", "world 9");
    await to.write("data/replaced", "a file where a folder is expected");
    await assert.rejects(restoreBackup(file, to.places));
    assert.deepEqual(await to.names(), ["Anna"]);
    const progress = join(to.dataDir, "saves/u-anna/supertux/current/home/progress");
    assert.equal(await text(progress), "world 9");
  }));

Deno.test("the commands say what they did, and restore refuses while the house runs", () =>
  withHouses(async (from, to, file) => {
    const gamelan = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "main.ts", ...args],
        env: { GAMELAN_CONFIG: from.configFile },
      }).output();
      const decoder = new TextDecoder();
      return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
    };
    const made = await gamelan("backup", file, "--data-dir", from.dataDir);
    assert.equal(made.code, 0, made.err);
    assert.match(made.out, /config .* MB, users .* MB, identity .* MB, saves/);
    const listed = await gamelan("restore", file, "--list", "--json");
    assert.equal(JSON.parse(listed.out).parts.length, 4);
    assert.equal((await gamelan("restore", file, "--only", "everything")).code, 2);
    assert.equal((await gamelan("backup")).code, 2);

    const held = Deno.openSync(join(from.dataDir, "house.lock"), { create: true, write: true });
    held.lockSync(true);
    const refused = await gamelan("restore", file, "--data-dir", from.dataDir);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /another Gamelan.*uses the data directory/);
    held.close();
    const done = await gamelan("restore", file, "--data-dir", to.dataDir, "--only", "users,saves");
    assert.equal(done.code, 0, done.err);
    assert.deepEqual(await to.names(), ["Anna"]);
  }));
