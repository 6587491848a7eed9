/**
 * Imports of folders, archives, AppImages and packages, and what happens to hostile ones.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { GameLibrary } from "../../src/games/library.ts";
import { launchGame } from "../../src/games/launch.ts";
import { logSettings } from "../../src/system/log.ts";
import { makeTinyRoot as makeRoot, TinyLibrary } from "./tiny_root.ts";

logSettings.level = "warn";

/** Few programs: what is packed many times should be small. */
const makeTinyRoot = (folder: string, script: string) =>
  makeRoot(folder, script, ["sh", "cat", "stat"]);

async function shell(script: string, cwd: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", { args: ["-ec", script], cwd }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** Runs a test with an empty library and checks that it leaves nothing half-made. */
function test(name: string, body: (house: TinyLibrary) => Promise<void>): void {
  Deno.test(name, async () => {
    const house = await TinyLibrary.create();
    try {
      await body(house);
      const work = join(house.dataDir, "games/.work");
      assert.deepEqual([...Deno.readDirSync(work)].map((entry) => entry.name), []);
    } finally {
      await house.remove();
    }
  });
}

function games(house: TinyLibrary): string[] {
  const names = [...Deno.readDirSync(join(house.dataDir, "games"))].map((entry) => entry.name);
  return names.filter((name) => !name.startsWith(".")).sort();
}

/** The import must fail with `message` and leave the library empty. */
async function refused(
  house: TinyLibrary,
  source: string,
  message: RegExp,
  options: Parameters<GameLibrary["import"]>[1] = { command: ["./start"], runtime: "none" },
): Promise<void> {
  await assert.rejects(house.library.import(source, options), message);
  assert.deepEqual(games(house), []);
  assert.deepEqual(await house.library.list(), []);
}

async function playOutput(house: TinyLibrary, id: string): Promise<string> {
  const process = await launchGame(id, house.session("s1"));
  await process.exited;
  return process.tail().join("\n");
}

test("a link to a folder imports what it leads to and leaves that as it was", async (house) => {
  const folder = join(house.folder, "real");
  await Deno.mkdir(folder);
  await makeTinyRoot(folder, "cat /private");
  await Deno.writeTextFile(join(folder, "private"), "of the game", { mode: 0o600 });
  await Deno.symlink(folder, join(house.folder, "link"));
  const options = { command: ["/bin/sh", "/play"], runtime: "none" as const };
  const { id } = await house.library.import(join(house.folder, "link"), options);
  assert.equal((await Deno.stat(join(folder, "private"))).mode! & 0o777, 0o600);
  assert.equal(await playOutput(house, id), "of the game");
});

test("a folder with a manifest describes itself", async (house) => {
  const source = join(house.folder, "my-game");
  await makeTinyRoot(source, "echo $GREETING from $(cat /level)");
  await Deno.writeTextFile(join(source, "level"), "level one");
  await Deno.writeFile(join(source, "cover.png"), new Uint8Array([137, 80, 78, 71]));
  await Deno.writeTextFile(
    join(source, "gamelan.json"),
    JSON.stringify({
      format: 1,
      id: "greeter",
      title: "The Greeter",
      description: "Says hello.",
      command: ["/bin/sh", "/play"],
      directory: "/",
      environment: { GREETING: "Hello" },
      runtime: "none",
      saves: [{ name: "progress", path: ".greeter" }],
      players: 2,
      license: "MIT",
      version: "1.2",
      artwork: "cover.png",
      architecture: "all",
    }),
  );
  const steps: string[] = [];
  const info = await house.library.import(source, { onProgress: (step) => steps.push(step) });
  assert.equal(info.id, "greeter");
  assert.equal(info.title, "The Greeter");
  assert.equal(info.license, "MIT");
  assert.equal(info.players, 2);
  assert.equal(info.signature, "unsigned");
  assert.equal(info.artwork, "/api/games/greeter/artwork");
  assert.deepEqual(steps, ["Copying", "Packing", "Checking", "Done"]);
  const artwork = await house.library.artwork("greeter");
  assert.equal(artwork!.type, "image/png");
  assert.deepEqual([...artwork!.bytes], [137, 80, 78, 71]);
  assert.equal(await playOutput(house, "greeter"), "Hello from level one");
  assert.deepEqual((await house.library.list()).map((game) => game.id), ["greeter"]);

  await house.library.remove("greeter");
  assert.deepEqual(games(house), []);
  await assert.rejects(house.library.remove("greeter"), /no game greeter/);
});

test("archives of each kind are unpacked and played", async (house) => {
  const source = join(house.folder, "tiny");
  await makeTinyRoot(source, "echo played");
  const kinds: Record<string, string> = {
    "tiny.tar": "tar -cf tiny.tar tiny",
    "tiny.tar.gz": "tar -czf tiny.tar.gz tiny",
    "tiny.tar.xz": "tar -cJf tiny.tar.xz tiny",
    "tiny.tar.zst": "tar --zstd -cf tiny.tar.zst tiny",
    "tiny.zip": "zip -qry tiny.zip tiny",
  };
  for (const [name, script] of Object.entries(kinds)) {
    await shell(script, house.folder);
    const id = name.replaceAll(".", "-");
    await house.library.import(join(house.folder, name), {
      id,
      runtime: "none",
      command: ["/bin/sh", "/play"],
    });
    assert.equal(await playOutput(house, id), "played", name);
  }
});

test("a folder without a manifest needs a command", async (house) => {
  const source = join(house.folder, "silent");
  await Deno.mkdir(source);
  await refused(house, source, /no gamelan.json that says how to start it; give --command/, {
    runtime: "none",
  });
});

test("what is no game is refused with what was expected", async (house) => {
  await Deno.writeTextFile(join(house.folder, "game.exe"), "MZ");
  await refused(
    house,
    join(house.folder, "game.exe"),
    /no known kind: expected a folder, \.tar\.gz/,
  );
  await refused(house, join(house.folder, "missing"), /There is no file or folder/);
  await refused(house, "deb:../../etc", /not the name of a Debian package/);
  await refused(house, "deb:", /not the name of a Debian package/);
});

test("hostile manifests are refused", async (house) => {
  const good = {
    format: 1,
    id: "bad",
    title: "Bad",
    command: ["/bin/sh"],
    runtime: "none",
    architecture: "all",
  };
  const wrong: [string, Record<string, unknown> | string, RegExp][] = [
    ["id", { ...good, id: "../../etc/cron.d/x" }, /id: expected a-z/],
    ["save above the home", { ...good, saves: [{ name: "a", path: "../.." }] }, /saves/],
    ["absolute save", { ...good, saves: [{ name: "a", path: "/etc" }] }, /saves/],
    ["save's name", { ...good, saves: [{ name: "../a", path: "a" }] }, /saves/],
    [
      "saves in each other",
      { ...good, saves: [{ name: "a", path: "." }, { name: "b", path: "b" }] },
      /do not overlap/,
    ],
    ["artwork", { ...good, artwork: "../../../etc/shadow.png" }, /artwork/],
    ["environment", { ...good, environment: { "A=B;": "c" } }, /environment/],
    ["NUL in the command", { ...good, command: ["/bin/sh\0-c"] }, /command/],
    ["no command", { ...good, command: [] }, /command/],
    ["unknown key", { ...good, setuid: true }, /setuid/],
    ["unknown wish", { ...good, wants: ["root"] }, /wants/],
    ["newer format", { ...good, format: 2 }, /format/],
    ["no JSON", "{", /not JSON/],
    ["list", "[]", /not a valid game manifest/],
    ["huge", JSON.stringify({ ...good, description: "x".repeat(300_000) }), /at most 262144 bytes/],
  ];
  for (const [name, manifest, message] of wrong) {
    const source = join(house.folder, name.replaceAll(" ", "-"));
    await Deno.mkdir(source);
    const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
    await Deno.writeTextFile(join(source, "gamelan.json"), text);
    await refused(house, source, message, {});
  }
});

test("archives that reach outside of themselves are refused or stay inside", async (house) => {
  const target = join(house.folder, "escaped");
  const at = house.folder;
  await shell("mkdir plain && echo start > plain/start", at);
  // A link in the archive, then a file through that link.
  await shell(
    `mkdir a && ln -s ${house.folder} a/link && tar -cf through.tar a && rm a/link && mkdir a/link &&
     echo out > a/link/escaped && tar -rf through.tar a/link/escaped`,
    at,
  );
  await shell(`echo out > escaped-file && tar -P -cf absolute.tar ${at}/escaped-file plain`, at);
  await shell("mkdir b && cd b && tar -P -cf ../dots.tar ../escaped-file ../plain", at);
  await shell(
    "mkdir c && ln -s ../../../../../../../etc/shadow c/artwork.png && tar -cf up.tar c",
    at,
  );
  await shell("mkdir d && ln -s /etc/shadow d/gamelan.json && tar -cf link.tar d", at);
  await shell("mkdir e && mkfifo e/pipe && tar -cf pipe.tar e", at);
  await shell("rm escaped-file", at);

  await assert.rejects(
    house.library.import(join(at, "through.tar"), { command: ["./start"], id: "through" }),
    /link/,
  );
  await assert.rejects(house.library.import(join(at, "up.tar"), { command: ["./x"] }), /outside/);
  await assert.rejects(
    house.library.import(join(at, "link.tar"), { command: ["./x"] }),
    /must be a file|outside/,
  );
  await assert.rejects(
    house.library.import(join(at, "pipe.tar"), { command: ["./x"] }),
    /neither a file, a folder nor a link/,
  );
  for (const name of ["absolute.tar", "dots.tar"]) {
    await house.library.import(join(at, name), {
      id: name.replace(".", "-"),
      runtime: "none",
      command: ["/start"],
    }).catch(() => {});
  }
  const outside = [...Deno.readDirSync(at)].map((entry) => entry.name);
  assert.ok(!outside.includes("escaped") && !outside.includes("escaped-file"), `${outside}`);
  assert.ok(!await Deno.stat(target).then(() => true, () => false));
});

test("a zip with paths out of itself writes nothing there", async (house) => {
  const at = house.folder;
  await shell(
    "mkdir in && mkdir in/x && echo out > escaped && cd in/x && zip -q ../../dots.zip ../../escaped",
    at,
  );
  await shell("rm escaped", at);
  await house.library.import(join(at, "dots.zip"), { command: ["./x"], runtime: "none" })
    .catch(() => {});
  assert.ok(!await Deno.stat(join(at, "escaped")).then(() => true, () => false));
});

test("damaged archives leave nothing behind", async (house) => {
  const at = house.folder;
  await shell(
    "mkdir g && dd if=/dev/urandom of=g/data bs=1k count=200 status=none && tar -czf g.tar.gz g && " +
      "head -c 100000 g.tar.gz > cut.tar.gz && zip -qr g.zip g && head -c 100000 g.zip > cut.zip && " +
      "head -c 5000 /dev/urandom > noise.tar.xz && : > empty.tar.zst",
    at,
  );
  for (const name of ["cut.tar.gz", "cut.zip", "noise.tar.xz", "empty.tar.zst"]) {
    await refused(house, join(at, name), /ended with code/);
  }
});

test("set-user-id bits do not enter a package", async (house) => {
  const source = join(house.folder, "suid");
  await makeTinyRoot(source, "stat -c %a /bin/tool");
  await shell("cp usr/bin/cat usr/bin/tool && chmod 6755 usr/bin/tool", source);
  await house.library.import(source, { runtime: "none", command: ["/bin/sh", "/play"] });
  assert.match(await playOutput(house, "suid"), /^[0-7]{3}$/);
});

test("an AppImage is unpacked without running it", async (house) => {
  const at = house.folder;
  await makeTinyRoot(join(at, "app"), "true");
  await Deno.writeTextFile(
    join(at, "app/AppRun"),
    "#!/bin/sh\necho $APPDIR played\n",
    { mode: 0o755 },
  );
  await Deno.writeTextFile(
    join(at, "app/nice.desktop"),
    "[Desktop Entry]\nType=Application\nName=Nice Game\nExec=AppRun %U\nIcon=nice\n",
  );
  await Deno.writeFile(join(at, "app/nice.png"), new Uint8Array([137, 80]));
  await shell("mksquashfs app app.squashfs -quiet -no-progress >/dev/null", at);
  const loader = new Uint8Array(4096);
  const view = new DataView(loader.buffer);
  loader.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0x41, 0x49, 2]);
  view.setUint16(18, Deno.build.arch === "aarch64" ? 183 : 62, true);
  view.setBigUint64(40, 4096n, true);
  const image = await Deno.readFile(join(at, "app.squashfs"));
  const write = (name: string, head: Uint8Array, body: Uint8Array) =>
    Deno.writeFile(join(at, name), new Uint8Array([...head, ...body]));
  await write("Nice-x86_64.AppImage", loader, image);
  const info = await house.library.import(join(at, "Nice-x86_64.AppImage"), { runtime: "none" });
  assert.equal(info.id, "nice-game");
  assert.equal(info.title, "Nice Game");
  assert.ok(info.artwork !== undefined);
  await house.library.remove("nice-game");

  await write("cut.AppImage", loader, image.subarray(0, 5000));
  await refused(house, join(at, "cut.AppImage"), /unsquashfs|ended with code/);
  await write("nothing.AppImage", loader, new Uint8Array(10));
  await refused(house, join(at, "nothing.AppImage"), /no squashfs image at byte 4096/);
  await write("old.AppImage", loader.with(10, 1), image);
  await refused(house, join(at, "old.AppImage"), /not an AppImage of type 2/);
  await write("other.AppImage", loader.with(18, 8), image);
  await refused(house, join(at, "other.AppImage"), /another processor/);
});

test("a changed or cut package is found, and a new import mends it", async (house) => {
  await house.add("tamper", "echo fine");
  await house.library.verify("tamper");
  const file = join(house.dataDir, "games/tamper.erofs");
  const bytes = await Deno.readFile(file);
  bytes[bytes.length - 100] ^= 1;
  await Deno.writeFile(file, bytes);
  await assert.rejects(house.library.verify("tamper"), /was changed: SHA-256/);
  await Deno.truncate(file, bytes.length - 4096);
  await assert.rejects(house.library.verify("tamper"), /damaged: .* expected/);
  assert.deepEqual(await house.library.list(), []);
  await Deno.writeTextFile(join(house.dataDir, "games/tamper.json"), "{}");
  await assert.rejects(house.library.info("tamper"), /index entry of tamper is damaged/);
  await house.add("tamper", "echo fine again");
  await house.library.verify("tamper");
  assert.equal(await playOutput(house, "tamper"), "fine again");
});

test("an import that is stopped leaves the library as it was", async (house) => {
  await house.add("stays", "echo old");
  const before = await Deno.readTextFile(join(house.dataDir, "games/stays.json"));
  const source = join(house.folder, "new");
  await makeTinyRoot(source, "echo new");
  for (const at of ["Copying", "Packing", "Checking"]) {
    const stop = new AbortController();
    await assert.rejects(
      house.library.import(source, {
        id: "stays",
        runtime: "none",
        command: ["/bin/sh", "/play"],
        signal: stop.signal,
        onProgress: (step) => step === at && stop.abort(new Error("stopped by the test")),
      }),
      /stopped by the test/,
      at,
    );
    assert.equal(await Deno.readTextFile(join(house.dataDir, "games/stays.json")), before);
    assert.equal(await playOutput(house, "stays"), "old");
  }
  await house.library.import(source, {
    id: "stays",
    runtime: "none",
    command: ["/bin/sh", "/play"],
  });
  assert.equal(await playOutput(house, "stays"), "new");
});

test("what a killed import left is swept away by the next", async (house) => {
  await house.add("first", "true");
  const left = join(house.dataDir, "games/.work/half-made");
  await Deno.mkdir(left);
  await Deno.writeTextFile(join(left, "package.erofs"), "half");
  await house.add("second", "true");
  assert.ok(!await Deno.stat(left).then(() => true, () => false));
});

test("imports wait for each other", async (house) => {
  const steps: string[] = [];
  const source = join(house.folder, "both");
  await makeTinyRoot(source, "true");
  const options = { runtime: "none" as const, command: ["/bin/sh", "/play"] };
  const second = new GameLibrary({ dataDir: house.dataDir });
  await Promise.all([
    house.library.import(source, { ...options, id: "one" }),
    second.import(source, { ...options, id: "two", onProgress: (step) => steps.push(step) }),
  ]);
  assert.deepEqual((await house.library.list()).map((game) => game.id).sort(), ["one", "two"]);
});

test("a package goes to another machine, and its signature with it", async (house) => {
  const other = await TinyLibrary.create();
  try {
    await house.add("travel", "echo arrived");
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const stranger = generateKeyPairSync("ed25519");
    const pem = (key: typeof privateKey) => key.export({ type: "pkcs8", format: "pem" }) as string;
    const file = join(house.dataDir, "games/travel.erofs");

    // Unsigned: unpacked and packed again, so that the kernel mounts nothing foreign.
    await other.library.import(file);
    assert.equal((await other.library.info("travel")).signature, "unsigned");
    assert.equal(await playOutput(other, "travel"), "arrived");

    // By a key that nobody trusts.
    await house.library.sign("travel", pem(stranger.privateKey));
    assert.equal((await house.library.info("travel")).signature, "untrusted");

    // By a trusted key: byte for byte the package that was signed.
    await Deno.mkdir(join(other.dataDir, "keys"), { recursive: true });
    const spki = publicKey.export({ type: "spki", format: "pem" }) as string;
    await Deno.writeTextFile(join(other.dataDir, "keys/friend.pub"), spki);
    await house.library.sign("travel", pem(privateKey));
    const info = await other.library.import(file);
    assert.equal(info.signature, "trusted");
    assert.deepEqual(
      await Deno.readFile(join(other.dataDir, "games/travel.erofs")),
      await Deno.readFile(file),
    );
    assert.equal(await playOutput(other, "travel"), "arrived");

    // The same key, from the configuration.
    const raw = publicKey.export({ type: "spki", format: "der" }).subarray(12);
    const configured = new GameLibrary({
      dataDir: house.dataDir,
      trustedKeys: [raw.toString("base64")],
    });
    assert.equal((await configured.info("travel")).signature, "trusted");

    // Changed on the way.
    await other.library.remove("travel");
    const changed = join(other.folder, "travel.erofs");
    const bytes = await Deno.readFile(file);
    await Deno.writeFile(changed, new Uint8Array([...bytes, ...new Uint8Array(4096)]));
    await Deno.copyFile(`${file}.sig`, `${changed}.sig`);
    await refused(other, changed, /does not fit the package: it was changed/, {});
    await Deno.writeFile(changed, bytes.subarray(0, bytes.length - 8192));
    await refused(other, changed, /cut short/, {});
    await Deno.writeFile(changed, crypto.getRandomValues(new Uint8Array(8192)));
    await refused(other, changed, /holds no erofs file system/, {});
    await Deno.writeTextFile(`${changed}.sig`, "{}");
    await Deno.copyFile(file, changed);
    await refused(other, changed, /is not a package signature/, {});
  } finally {
    await other.remove();
  }
});

test("packages that lay this machine's folders under a game are refused", async (house) => {
  const manifest = JSON.stringify({
    format: 1,
    id: "hostile",
    title: "Hostile",
    command: ["/bin/sh"],
    runtime: "none",
    architecture: "all",
  });
  const make = async (name: string, script: string) => {
    const content = join(house.folder, name);
    await Deno.mkdir(content);
    await Deno.writeTextFile(join(content, "gamelan.json"), manifest);
    await shell(script, content);
    await shell(`mkfs.erofs --quiet ${name}.erofs ${name}`, house.folder);
    return join(house.folder, `${name}.erofs`);
  };
  const linked = await make("linked", "ln -s / root");
  await refused(house, linked, /has no folder root/, {});
  await refused(house, await make("empty", "true"), /has no folder root/, {});
  await refused(
    house,
    await make("device", "mkdir root && mknod root/disk b 254 0"),
    /special file|neither a file/,
    {},
  );
  await refused(
    house,
    await make("manifest", "rm gamelan.json && ln -s /etc/os-release gamelan.json && mkdir root"),
    /has no gamelan\.json/,
    {},
  );

  // Also where the library's own file was exchanged for one of the same size.
  await house.add("exchanged", "true");
  const path = join(house.dataDir, "games/exchanged.erofs");
  const { size } = await Deno.stat(path);
  await Deno.copyFile(linked, path);
  await Deno.truncate(path, size);
  await assert.rejects(
    launchGame("exchanged", house.session("s1")),
    /could not be built: .*no folder root/,
  );
  await house.library.remove("exchanged");
});
