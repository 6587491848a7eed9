/** X11 in Chromium: a running desktop, and a game that knows no Wayland. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { GameLibrary } from "../../src/games/library.ts";
import { makeRunRoot } from "../../src/node/run_root.ts";
import { makeTinyRoot } from "../games/tiny_root.ts";
import { startXvfb } from "../x11/xvfb.ts";
import { screenshot, startBrowser, until } from "./browser.ts";
import { startHouse } from "./house.ts";
import { gameProcesses, nothingLeft, sessionProcess } from "./leftovers.ts";
import { claim, difference, type Picture, pixels, play, sessionOf, stats } from "./player.ts";

const SIZE = { width: 640, height: 360 };
const look = (page: Page) => pixels(page, SIZE);
/** Mean brightness of a small square around a point given as shares of the picture, 0–255. */
function brightness({ width, height, data }: Picture, left: number, top: number): number {
  let sum = 0;
  for (let y = -2; y <= 2; y++) {
    for (let x = -2; x <= 2; x++) {
      sum += data[((Math.round(top * height) + y) * width + Math.round(left * width) + x) * 4 + 1];
    }
  }
  return sum / 25;
}

const bright = (picture: Picture, left: number, top: number) =>
  brightness(picture, left, top) > 200;

Deno.test("a running desktop is seen and typed on, changes size, and its end is told", async (t) => {
  const server = await startXvfb(1280, 720);
  let serverRuns = true;
  // The whole desktop is one terminal in which whatever is typed appears.
  const terminal = new Deno.Command("xterm", {
    args: ["-geometry", "300x80+0+0", "-bg", "white", "-fg", "black", "-e", "cat"],
    env: { DISPLAY: server.display },
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await using house = await startHouse({
      command: "session",
      args: ["--source", `x11:${server.display}`],
    });
    await using chromium = await startBrowser();
    const page = await chromium.page({ viewport: { width: 1280, height: 720 } });
    await claim(page, house);
    const id = `desktop-${server.display.slice(1)}`;

    await t.step("its picture shows", async () => {
      await play(page, id);
      await until("the terminal", async () => bright(await look(page), 0.5, 0.5));
      await screenshot(page, "desktop");
    });

    await t.step("what is typed appears", async () => {
      const before = await look(page);
      const lines = { left: 0, top: 0, right: 0.5, bottom: 0.25 };
      for (let i = 0; i < 4; i++) {
        await page.keyboard.type("gamelan gamelan gamelan");
        await page.keyboard.press("Enter");
      }
      await until("the typed text", async () => difference(before, await look(page), lines) > 5);
      await screenshot(page, "desktop-typed");
    });

    await t.step("another size is taken", async () => {
      await page.keyboard.press("Control+Alt+Shift+KeyM");
      await page.getByTestId("quality-size-480").click();
      await page.keyboard.press("Escape");
      await until("a picture 480 high", async () => (await stats(page)).height === 480);
      assert.ok(bright(await look(page), 0.5, 0.9));
    });

    await t.step("the X server ends: the page says so", async () => {
      await server.kill();
      serverRuns = false;
      const status = page.locator("[data-testid=player-status][data-state=failed]");
      await status.waitFor();
      assert.match(await status.innerText(), /X server/);
      const before = sessionOf(page);
      await page.getByTestId("play-again").click();
      await until("another session", () => sessionOf(page) !== before);
      await status.waitFor();
      await screenshot(page, "desktop-gone");
      assert.match(await status.innerText(), /Expected an X server at :\d+/);
    });
  } finally {
    if (serverRuns) await server.kill();
    await terminal.status;
  }
});

Deno.test("an X11 game starts with its window, fills the picture, has the keys, and ends clean", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-house-" });
  try {
    await importTerminalGame(dataDir);
    await using house = await startHouse({ dataDir });
    await using chromium = await startBrowser();
    const page = await chromium.page({ viewport: { width: 1280, height: 720 } });
    await claim(page, house);
    await page.getByTestId("game-tile-terminal").click();
    await page.getByTestId("play-button").click();
    const status = page.getByTestId("player-status");
    await until(
      "the game to play",
      async () => await status.getAttribute("data-state") === "playing",
    );
    const id = sessionOf(page);
    // The X server's empty screen, which comes seconds before, was not taken for the game.
    assert.ok(
      gameProcesses(id).some(({ command }) => command.startsWith("xterm")),
      "the game played before its window was shown",
    );
    for (
      const [left, top] of [[0.5, 0.5], [0.02, 0.02], [0.97, 0.02], [0.02, 0.95], [0.97, 0.95]]
    ) {
      await until(
        `the window at ${left}, ${top}`,
        async () => bright(await look(page), left, top),
      );
    }
    await page.keyboard.press("KeyX");
    await page.keyboard.press("Enter");
    await until(
      "the game's answer to the key",
      async () => brightness(await look(page), 0.5, 0.5) < 60,
    );
    await screenshot(page, "x11-game");

    const note = join(makeRunRoot(dataDir), id, "x11-display");
    const [number] = (await Deno.readTextFile(note)).split(" ");
    Deno.kill(sessionProcess(id), "SIGKILL");
    await page.locator("[data-testid=player-status][data-state=failed]").waitFor();
    await nothingLeft(id);
    for (const path of [`/tmp/.X${number}-lock`, `/tmp/.X11-unix/X${number}`]) {
      await until(`${path} to be gone`, () => !existsSync(path));
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

/** A game of one X11 window, which is white until a key, and then dark. It takes a while to start. */
async function importTerminalGame(dataDir: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-x11-game-" });
  try {
    const play = "read key; printf '\\033[48;5;16m\\033[2J'; exec sleep 1000";
    const script = `sleep 2\nexec xterm -bg white -fg black -e sh -c "${play}"\n`;
    await makeTinyRoot(folder, script, ["sh", "sleep", "xterm"]);
    await new GameLibrary({ dataDir }).import(folder, {
      id: "terminal",
      title: "Terminal",
      runtime: "none",
      wants: ["x11"],
      command: ["/bin/sh", "/play"],
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
