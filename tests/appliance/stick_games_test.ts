/** What a stick's games become: the script of the image, on folders in place of a stick and a box. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(
  new URL("../../image/mkosi.extra/usr/lib/box/take-games", import.meta.url),
);

interface Box {
  stick: string;
  inbox: string;
  /** Runs the script; what it said. `freeMb`: what df says of the box's disk. */
  take(freeMb?: number): Promise<{ out: string; said: string }>;
}

async function withBox(test: (box: Box) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const [stick, inbox, bin] = ["stick", "inbox", "bin"].map((name) => join(folder, name));
  for (const one of [stick, bin]) await Deno.mkdir(one);
  await Deno.mkdir(join(stick, "games"));
  const take = async (freeMb = 10_000) => {
    const df = `#!/bin/sh\nprintf 'Avail\\n${freeMb}000000\\n'\n`;
    await Deno.writeTextFile(join(bin, "df"), df, { mode: 0o755 });
    const { success, stdout, stderr } = await new Deno.Command(script, {
      env: { STICK_DIR: stick, INBOX_DIR: inbox, PATH: `${bin}:${Deno.env.get("PATH")}` },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.ok(success, text(stderr));
    return { out: text(stdout), said: text(stderr) };
  };
  try {
    await test({ stick, inbox, take });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const names = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

Deno.test("packages and their signatures are copied, whatever else lies there is not", () =>
  withBox(async ({ stick, inbox, take }) => {
    const games = join(stick, "games");
    await Deno.writeTextFile(join(games, "chess.erofs"), "chess");
    await Deno.writeTextFile(join(games, "chess.erofs.sig"), "signed");
    await Deno.writeTextFile(join(games, "A game with spaces.erofs"), "spaces");
    await Deno.writeTextFile(join(games, "readme.txt"), "read me");
    await Deno.writeTextFile(join(stick, "outside.erofs"), "outside");
    await Deno.symlink("/etc/passwd", join(games, "link.erofs"));
    await Deno.mkdir(join(games, "folder.erofs"));
    await take();
    assert.deepEqual(await names(inbox), [
      "A game with spaces.erofs",
      "chess.erofs",
      "chess.erofs.sig",
    ]);
    assert.equal(await Deno.readTextFile(join(inbox, "chess.erofs")), "chess");
    assert.equal(await Deno.readTextFile(join(inbox, "chess.erofs.sig")), "signed");
    assert.equal((await Deno.stat(inbox)).mode! & 0o777, 0o700);
  }));

Deno.test("a package that was taken before is left, a changed one is taken", () =>
  withBox(async ({ stick, inbox, take }) => {
    const path = join(stick, "games/chess.erofs");
    await Deno.writeTextFile(path, "chess");
    await Deno.utime(path, 1_700_000_000, 1_700_000_000);
    await take();
    // What the house does (src/node/inbox.ts).
    const copy = join(inbox, "chess.erofs");
    assert.equal((await Deno.stat(copy)).mtime!.getTime(), 1_700_000_000_000);
    await Deno.remove(copy);
    await Deno.writeTextFile(join(inbox, "taken"), "5 1700000000 chess.erofs\n");
    assert.equal((await take()).out, "");
    assert.deepEqual(await names(inbox), ["taken"]);
    await Deno.writeTextFile(path, "chess 2");
    await take();
    assert.deepEqual(await names(inbox), ["chess.erofs", "taken"]);
  }));

Deno.test("one that does not fit says how much room it needs, and the others are taken", () =>
  withBox(async ({ stick, inbox, take }) => {
    await Deno.writeTextFile(join(stick, "games/a-huge.erofs"), "");
    // Takes no room here.
    await Deno.truncate(join(stick, "games/a-huge.erofs"), 100e6);
    await Deno.writeTextFile(join(stick, "games/small.erofs"), "small");
    const { said } = await take(300);
    assert.match(said, /a-huge\.erofs was left out: It needs 656 MB .* 300 MB are free/);
    assert.deepEqual(await names(inbox), ["a-huge.erofs.error", "small.erofs"]);
    const reason = await Deno.readTextFile(join(inbox, "a-huge.erofs.error"));
    assert.equal(
      reason,
      "It needs 656 MB of the box's disk; 300 MB are free. Remove games first.\n",
    );
  }));

Deno.test("a stick without games brings nothing", () =>
  withBox(async ({ stick, inbox, take }) => {
    await Deno.remove(join(stick, "games"));
    assert.deepEqual(await take(), { out: "", said: "" });
    assert.deepEqual(await names(inbox), []);
  }));
