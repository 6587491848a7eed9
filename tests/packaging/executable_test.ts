/**
 * The one-file executable, as a person downloads it: built once, run from an empty folder with a cache
 * of its own that no other user can enter.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startBrowser, until } from "../e2e/browser.ts";
import { startHouse } from "../e2e/house.ts";
import { claim, play, stats } from "../e2e/player.ts";
import project from "../../deno.json" with { type: "json" };

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Executable extends AsyncDisposable {
  path: string;
  folder: string;
  env: Record<string, string>;
  run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
}

async function buildExecutable(): Promise<Executable> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-packaging-" });
  const path = join(folder, "gamelan");
  const script = "src/cli/compile/build.ts";
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, "--self-extracting", "--output", path],
    cwd: root,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.ok(success, text(stderr) + text(stdout));
  const env = {
    XDG_CACHE_HOME: join(folder, "cache"),
    XDG_DATA_HOME: join(folder, "data"),
    GAMELAN_DATA_DIR: join(folder, "data/gamelan"),
    HOME: folder,
  };
  await Deno.mkdir(env.XDG_CACHE_HOME, { mode: 0o700 });
  // Files of the folder it is run in must not matter to it.
  await Deno.mkdir(join(folder, "work"));
  for (const name of ["deno.json", "package.json"]) {
    await Deno.writeTextFile(join(folder, "work", name), "{ broken");
    await Deno.writeTextFile(join(folder, name), "{ broken");
  }
  return {
    path,
    folder,
    env,
    async run(...args) {
      const output = await new Deno.Command(path, { args, env, cwd: join(folder, "work") })
        .output();
      return { code: output.code, stdout: text(output.stdout), stderr: text(output.stderr) };
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
    },
  };
}

Deno.test("the one-file executable", async (t) => {
  await using gamelan = await buildExecutable();

  await t.step("unpacks once, also when it is started twice at the same time", async () => {
    const both = await Promise.all([gamelan.run("version"), gamelan.run("version")]);
    for (const { code, stdout } of both) {
      assert.equal(code, 0);
      assert.ok(stdout.startsWith(`gamelan ${project.version} `), stdout);
    }
    const again = await gamelan.run("version", "--json");
    assert.equal(JSON.parse(again.stdout).version, project.version);
    assert.equal(again.stderr, "");
    const left = [...Deno.readDirSync(join(gamelan.env.XDG_CACHE_HOME, "gamelan"))]
      .map(({ name }) => name).filter((name) => name !== "deno");
    assert.equal(left.length, 1, left.join());
    assert.match(left[0], /^build-/);
  });

  await t.step("a new build removes what an older one had unpacked", async () => {
    const [build] = [...Deno.readDirSync(join(gamelan.env.XDG_CACHE_HOME, "gamelan"))]
      .filter(({ name }) => name.startsWith("build-"));
    const folder = join(gamelan.env.XDG_CACHE_HOME, "gamelan");
    await Deno.rename(join(folder, build.name), join(folder, "build-older"));
    assert.equal((await gamelan.run("version")).code, 0);
    assert.deepEqual(
      [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name !== "deno"),
      [build.name],
    );
  });

  await t.step("runs nothing that another user unpacked", async () => {
    // Only root can give a folder away.
    if (Deno.uid() !== 0) return;
    const cache = join(gamelan.env.XDG_CACHE_HOME, "gamelan");
    await Deno.chown(cache, 65534, 65534);
    const { code, stdout, stderr } = await gamelan.run("version");
    await Deno.chown(cache, 0, 0);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /expected \S+ to belong to this user; set XDG_CACHE_HOME/);
    assert.equal((await gamelan.run("version")).code, 0);
  });

  await t.step("doctor lists capabilities as JSON", async () => {
    const { stdout, stderr } = await gamelan.run("doctor", "--json");
    const capabilities: { id: string; status: string }[] = JSON.parse(stdout);
    const statuses = Object.fromEntries(capabilities.map(({ id, status }) => [id, status]));
    assert.equal(statuses["sandbox"], "ok", stderr);
    assert.equal(statuses["sound-server"], "ok", stderr);
  });

  await t.step("games lists an empty library", async () => {
    const { code, stdout, stderr } = await gamelan.run("games", "list", "--json");
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), []);
  });

  await t.step("every command answers --help", async () => {
    const { stdout } = await gamelan.run("--help");
    const list = stdout.slice(stdout.indexOf("Commands:"), stdout.indexOf("Examples:"));
    const commands = [...list.matchAll(/^ {2}(\w+) {2,}/gm)].map(([, name]) => name);
    assert.ok(commands.includes("serve") && commands.includes("bench"), stdout);
    for (const command of commands) {
      const { code, stdout, stderr } = await gamelan.run(command, "--help");
      assert.equal(code, 0, `${command}: ${stderr}`);
      assert.match(stdout, /^Usage: gamelan /m, command);
    }
  });

  await t.step("an unknown command is exit code 2", async () => {
    const { code, stderr } = await gamelan.run("sevre");
    assert.equal(code, 2);
    assert.match(stderr, /got "sevre"/);
  });

  await t.step("a wrong configuration is exit code 4, each problem with its line", async () => {
    const file = join(gamelan.folder, "wrong.toml");
    await Deno.writeTextFile(file, '[http]\nport = 99999\n\n[session]\ngrase_seconds = "x"\n');
    const { code, stderr } = await gamelan.run("serve", "--config", file);
    assert.equal(code, 4, stderr);
    assert.match(stderr, /wrong\.toml:2: http\.port: expected a port number/);
    assert.match(stderr, /wrong\.toml:5: there is no setting session\.grase_seconds/);
  });

  await t.step("it plays the Test card in Chromium", async () => {
    Deno.env.set("GAMELAN_TEST_EXECUTABLE", gamelan.path);
    try {
      await using house = await startHouse({ env: gamelan.env });
      assert.match(await Deno.readLink(`/proc/${house.pid}/exe`), /\/cache\/gamelan\/build-/);
      await using chromium = await startBrowser();
      const page = await chromium.page();
      await claim(page, house);
      await play(page, "testcard");
      await until("moving pictures", async () => (await stats(page)).fps > 5);
    } finally {
      Deno.env.delete("GAMELAN_TEST_EXECUTABLE");
    }
  });
});
