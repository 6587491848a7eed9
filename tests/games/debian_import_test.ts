/**
 * A real game from Debian: needs the network, downloads about 115 MB and a runtime layer is built.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { launchGame } from "../../src/games/launch.ts";
import { GameLibrary } from "../../src/games/library.ts";
import { logSettings } from "../../src/system/log.ts";

logSettings.level = "warn";

function downloads(dataDir: string): string[] {
  return [...Deno.readDirSync(join(dataDir, "cache/apt"))].flatMap((
    { name },
  ) => [...Deno.readDirSync(join(dataDir, "cache/apt", name, "archives"))]).map((entry) =>
    entry.name
  ).filter((name) => name.endsWith(".deb"));
}

/** An X server of the test's own; the display it chose is read from its output. */
async function startXvfb() {
  const child = new Deno.Command("Xvfb", {
    args: ["-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("Xvfb ended at once");
    text += new TextDecoder().decode(value);
  }
  await reader.cancel();
  return {
    display: `:${text.trim()}`,
    close: async () => {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

Deno.test("chromium-bsu is imported from Debian, goes on after an interruption, and plays", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-debian-" });
  const dataDir = join(folder, "data");
  const library = new GameLibrary({ dataDir });
  try {
    const stop = new AbortController();
    await assert.rejects(
      library.import("deb:chromium-bsu", {
        signal: stop.signal,
        onProgress: (step) => {
          if (/Downloading (\d+) of/.test(step) && downloads(dataDir).length > 20) {
            stop.abort(new Error("interrupted"));
          }
        },
      }),
      /interrupted/,
    );
    assert.deepEqual(await library.list(), []);
    const kept = downloads(dataDir);
    assert.ok(kept.length > 20, `${kept.length} kept`);
    const [one] = kept;
    const archives = join(
      dataDir,
      "cache/apt",
      [...Deno.readDirSync(join(dataDir, "cache/apt"))][0].name,
    );
    const { mtime } = await Deno.stat(join(archives, "archives", one));
    // A download that was damaged since is not used.
    await Deno.writeTextFile(join(archives, "archives", kept[1]), "damaged");

    const steps: string[] = [];
    let reused = false;
    const info = await library.import("deb:chromium-bsu", {
      onProgress: (step) => {
        steps.push(step);
        if (step.includes("Unpacking 1 of") && step.startsWith("Runtime")) {
          const stat = Deno.statSync(join(archives, "archives", one));
          reused = stat.mtime!.getTime() === mtime!.getTime();
        }
      },
    });
    assert.ok(reused, "what was downloaded before the interruption is used");
    assert.equal(info.id, "chromium-bsu");
    assert.equal(info.title, "Chromium B.S.U.");
    assert.equal(info.source, "deb:chromium-bsu");
    assert.match(info.version, /^\d/);
    assert.ok(info.license !== "", "its licence is known");
    assert.ok(info.bytes > 1e6 && info.bytes < 100e6, `${info.bytes} bytes`);
    assert.match((await library.artwork("chromium-bsu"))!.type, /^image\//);
    assert.ok(steps.some((step) => /Downloading \d+ of \d+ packages/.test(step)));
    assert.deepEqual(downloadsOrNone(dataDir), []);
    await library.verify("chromium-bsu");

    await assert.rejects(
      library.import("deb:no-such-game-anywhere"),
      /has no package no-such-game/,
    );
    await assert.rejects(library.import("deb:libc6"), /part of the runtime layer/);

    const xvfb = await startXvfb();
    try {
      const process = await launchGame("chromium-bsu", {
        sessionId: "debian-test",
        user: "anna",
        x11Display: xvfb.display,
        sound: { env: {}, sockets: [] },
        mode: { width: 800, height: 600, fps: 60 },
        runDir: join(folder, "run"),
        dataDir,
      });
      const config = join(dataDir, "saves/anna/chromium-bsu/current/home/.chromium-bsu");
      let ended = false;
      process.exited.then(() => ended = true);
      await new Promise((resolve) => setTimeout(resolve, 3000));
      assert.ok(!ended, `it runs: ${process.tail().join("\n")}`);
      process.terminate();
      const exit = await process.exited;
      assert.equal(exit.code, 0, process.tail().join("\n"));
      assert.ok((await Deno.stat(config)).isFile, "its settings are saved");
    } finally {
      await xvfb.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function downloadsOrNone(dataDir: string): string[] {
  try {
    return downloads(dataDir);
  } catch {
    return [];
  }
}
