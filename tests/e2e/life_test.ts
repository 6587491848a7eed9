/** How sessions live and end: crashes, restarts of the house, grace times; and that nothing is left. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { GameLibrary } from "../../src/games/library.ts";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { makeTinyRoot } from "../games/tiny_root.ts";
import { screenshot, startBrowser, until } from "./browser.ts";
import { freePort } from "../tools/free_ports.ts";
import { type House, startHouse } from "./house.ts";
import { gameProcesses, nothingLeft, sessionProcess, sessionProcesses } from "./leftovers.ts";
import { claim, logIn, moves, picture, play, sessionOf, stats } from "./player.ts";

const bob = { name: "Bob", password: "another long password" };
const SMALL = { viewport: { width: 1024, height: 600 } };

function sessions(page: Page): Promise<SessionInfo[]> {
  return page.evaluate(() => fetch("/api/sessions").then((answer) => answer.json()));
}

async function sessionInfo(page: Page, id: string): Promise<SessionInfo | undefined> {
  return (await sessions(page)).find((session) => session.id === id);
}

async function addUser(page: Page, user: typeof bob): Promise<void> {
  const status = await page.evaluate(async (user) => {
    const body = JSON.stringify({ ...user, role: "player" });
    const headers = { "content-type": "application/json" };
    return (await fetch("/api/users", { method: "POST", headers, body })).status;
  }, user);
  assert.ok(status < 300, `a new user was refused: ${status}`);
}

/** Waits for the player page's last word and returns its text. */
async function lastWord(page: Page, state: "failed" | "ended" | "closed", timeoutMs = 30_000) {
  const status = page.locator(`[data-testid=player-status][data-state=${state}]`);
  await status.waitFor({ timeout: timeoutMs });
  return await status.innerText();
}

/**
 * A launcher that detaches its game and is gone at once, as Steam does. The game ignores SIGTERM, and
 * opens its window again when it is asked to close.
 */
async function importStubbornGame(dataDir: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-stubborn-" });
  try {
    const game = "trap '' TERM HUP; while :; do weston-simple-shm; sleep 0.1; done";
    const script = `setsid sh -c "${game}" </dev/null >/dev/null 2>&1 &\nexit 0\n`;
    await makeTinyRoot(folder, script, ["sh", "setsid", "sleep", "weston-simple-shm"]);
    await new GameLibrary({ dataDir }).import(folder, {
      id: "stubborn",
      title: "Stubborn",
      runtime: "none",
      command: ["/bin/sh", "/play"],
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A program that was killed by a handler-less signal; runtimes may catch the first SIGSEGV. */
async function crash(pid: number): Promise<void> {
  await until("the game to die of SIGSEGV", () => {
    try {
      Deno.kill(pid, "SIGSEGV");
      return false;
    } catch {
      return true;
    }
  });
}

Deno.test("what happens to one session leaves the other players alone, and nothing behind", async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-house-" });
  try {
    await importStubbornGame(dataDir);
    await using house = await startHouse({ dataDir });
    await using chromium = await startBrowser();
    const ada = await chromium.page(SMALL);
    await claim(ada, house);
    await addUser(ada, bob);
    const friend = await chromium.page(SMALL);
    await logIn(friend, house.url, bob);
    await play(friend, "testcard");
    const begun = await moves(friend);
    await play(ada, "testcard");
    await moves(ada);
    const bobGoesOn = async () => {
      const frame = await moves(friend);
      assert.ok(frame > begun, "Bob's game started anew");
      assert.equal((await stats(friend)).connection, "connected");
    };

    await t.step(
      "the game crashes: the page says why, the log is kept, and again works",
      async () => {
        const id = sessionOf(ada);
        const game = gameProcesses(id).find(({ command }) => command.includes("testcard"));
        assert.ok(game, "the Test card does not run in its control group");
        await crash(game.pid);
        assert.match(await lastWord(ada, "failed"), /The game crashed \(SIGSEGV\)/);
        await screenshot(ada, "life-game-crashed");
        const log = await Deno.readTextFile(join(dataDir, "logs", `${id}.log`));
        assert.match(log, /SIGSEGV/);
        await nothingLeft(id);
        await bobGoesOn();
        await ada.getByTestId("play-again").click();
        await until("another session", () => sessionOf(ada) !== id);
        await picture(ada);
        await moves(ada);
      },
    );

    await t.step("the session's process is killed: the page is told, nothing is left", async () => {
      const id = sessionOf(ada);
      Deno.kill(sessionProcess(id), "SIGKILL");
      assert.match(await lastWord(ada, "failed"), /The session crashed/);
      await nothingLeft(id);
      assert.equal((await sessionInfo(ada, id))?.state, "failed");
      await Deno.stat(join(dataDir, "logs", `${id}.log`));
      await bobGoesOn();
    });

    await t.step("a game that detached and will not go is ended all the same", async () => {
      await ada.getByTestId("to-library").click();
      await play(ada, "stubborn");
      const id = sessionOf(ada);
      await until(
        "the launcher to be gone",
        () => !gameProcesses(id).some(({ command }) => command === "/bin/sh /play"),
      );
      assert.equal((await sessionInfo(ada, id))?.state, "playing");
      await ada.keyboard.press("Control+Alt+Shift+KeyM");
      await ada.getByTestId("end-button").click();
      await until("the end to begin", async () => (await sessionInfo(ada, id))?.state === "ending");
      assert.match(await lastWord(ada, "ended"), /The player ended it/);
      await nothingLeft(id);
      await bobGoesOn();
    });

    await t.step("a prepared process that dies is replaced", async () => {
      const played = sessionProcess(sessionOf(friend));
      const prepared = () => sessionProcesses(dataDir).filter((pid) => pid !== played);
      const [first] = await until(
        "a prepared process",
        () => prepared().length === 1 && prepared(),
      );
      Deno.kill(first, "SIGKILL");
      await until("another prepared process", () => {
        const now = prepared();
        return now.length === 1 && now[0] !== first;
      });
      await bobGoesOn();
    });

    await t.step("Ctrl-C ends the games, and nothing of the house is left", async () => {
      await ada.getByTestId("to-library").click();
      await play(ada, "stubborn");
      const ids = [sessionOf(ada), sessionOf(friend)];
      const { code } = await house.stop("SIGINT");
      assert.equal(code, 0, house.log());
      for (const mark of [...ids, dataDir]) await nothingLeft(mark);
      assert.match(await lastWord(friend, "ended"), /Gamelan was stopped/);
      const logs = [...Deno.readDirSync(join(dataDir, "logs"))].map(({ name }) => name);
      assert.deepEqual(logs.filter((name) => name.startsWith("idle-")), []);
    });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("sessions outlive their house, and end by themselves when nobody comes back", async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-house-" });
  const port = freePort();
  let house: House = await startHouse({ dataDir, port });
  try {
    await using chromium = await startBrowser();
    const page = await chromium.page(SMALL);
    await claim(page, house);
    await play(page, "testcard");
    let frame = await moves(page);
    const id = sessionOf(page);
    const process = sessionProcess(id);

    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      await t.step(`${signal} to the house: the game runs on and is adopted`, async () => {
        await house.stop(signal);
        await until(
          "only the session to be left",
          () => sessionProcesses(dataDir).join() === String(process),
        );
        const without = await moves(page);
        assert.ok(without > frame, "the picture did not go on without the house");
        house = await startHouse({ dataDir, port });
        assert.equal((await sessionInfo(page, id))?.state, "playing");
        await until("the page to come back by itself", async () => {
          const now = await stats(page);
          return now.connection === "connected" && Number(now.reconnects) > 0;
        });
        await page.reload();
        await picture(page);
        frame = await moves(page);
        assert.ok(frame > without, "the game started anew");
        assert.equal(sessionProcess(id), process);
      });
    }

    await t.step(
      "with nobody watching it waits for the grace time, and then says why",
      async () => {
        await page.keyboard.press("Control+Alt+Shift+KeyM");
        await page.getByTestId("end-button").click();
        await lastWord(page, "ended");
        await nothingLeft(id);
        await house.stop("SIGTERM");
        house = await startHouse({
          dataDir,
          port,
          args: ["--session-grace-seconds", "2", "--session-orphan-seconds", "2"],
        });
        await page.goto(house.url);
        await play(page, "testcard");
        const next = sessionOf(page);
        await page.goto(house.url);
        await until(
          "nobody to watch",
          async () => (await sessionInfo(page, next))?.state === "unwatched",
        );
        await until("the end", async () => (await sessionInfo(page, next))?.state === "ended");
        assert.match((await sessionInfo(page, next))!.reason!, /Nobody watched/);
        await nothingLeft(next);
        await page.goto(new URL(`/play/${next}`, house.url).href);
        assert.match(await lastWord(page, "ended"), /Nobody watched/);
      },
    );

    await t.step("without house and viewers it ends after the orphan time", async () => {
      await page.goto(house.url);
      await play(page, "testcard");
      const next = sessionOf(page);
      await page.goto("about:blank");
      await house.stop("SIGKILL");
      await nothingLeft(next);
      await nothingLeft(dataDir);
      house = await startHouse({ dataDir, port });
      await page.goto(house.url);
      assert.equal(await sessionInfo(page, next), undefined);
    });

    await t.step(
      "house and session both die: the page hears of it from the next house",
      async () => {
        await play(page, "testcard");
        const next = sessionOf(page);
        const process = sessionProcess(next);
        await house.stop("SIGKILL");
        Deno.kill(process, "SIGKILL");
        await page.getByText("Connection lost, reconnecting").waitFor();
        house = await startHouse({ dataDir, port });
        await nothingLeft(next);
        assert.match(await lastWord(page, "closed"), /It may have ended/);
        await page.getByTestId("to-library").click();
        await play(page, "testcard");
      },
    );
  } finally {
    await house.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
