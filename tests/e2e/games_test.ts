/**
 * Real games from Debian, imported and played as a newcomer does: through the page, in Chromium.
 * SuperTux and chromium-bsu share one house, because both need the same runtime layer.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { screenshot, startBrowser, until } from "./browser.ts";
import { startHouse } from "./house.ts";
import { claim, difference, pixels, play, stats } from "./player.ts";

const IMPORT_MS = 600_000;

/** Imports a Debian package by the library's form and waits until its tile is there. */
async function importGame(page: Page, name: string): Promise<void> {
  await page.getByTestId("import-source").fill(name);
  await page.getByTestId("import-submit").click();
  await page.getByRole("progressbar").first().waitFor();
  await screenshot(page, `import-${name}`);
  await page.getByTestId(`game-tile-${name}`).waitFor({ timeout: IMPORT_MS });
}

const look = (page: Page) => pixels(page, { width: 640, height: 400 });

/** Sound that is not silence arrives. */
const heard = (page: Page) =>
  until("sound that is not silent", async () => {
    const { audio } = await stats(page) as unknown as { audio: { level: number; energy: number } };
    return audio.energy > 0 && audio.level > 0.001;
  });

/** Ends the session by the player's menu and returns to the library. */
async function endGame(page: Page): Promise<void> {
  await page.keyboard.press("Control+Alt+Shift+KeyM");
  await page.getByTestId("end-button").click();
  await page.getByTestId("to-library").click({ timeout: 30_000 });
  await page.getByTestId("library").waitFor();
}

Deno.test("a newcomer imports and plays real games from Debian", async (t) => {
  await using house = await startHouse();
  await using chromium = await startBrowser();
  const page = await chromium.page();
  await claim(page, house);

  await t.step(
    "chromium-bsu: imported with progress, picture, sound, and keys have effect",
    async () => {
      await importGame(page, "chromium-bsu");
      await play(page, "chromium-bsu");
      await heard(page);
      await page.waitForTimeout(3000);
      const menu = await look(page);
      await screenshot(page, "chromium-bsu-menu");
      // The logo above moves by itself; the menu's lines do not.
      const lines = { left: 0.3, top: 0.6, right: 0.6, bottom: 0.9 };
      const idle = difference(menu, await look(page), lines);
      assert.ok(idle < 4, `the menu moves by itself: ${idle}`);
      await page.keyboard.press("Enter");
      await until(
        "the menu to give way to the game after Enter",
        async () => difference(menu, await look(page), lines) > 10,
      );
      await page.waitForTimeout(2000);
      await screenshot(page, "chromium-bsu-playing");
      assert.ok((await stats(page)).fps > 5);
      await endGame(page);
    },
  );

  await t.step("SuperTux: imported, picture, and its menu answers keys", async () => {
    await importGame(page, "supertux");
    await play(page, "supertux");
    const menuBox = { left: 0.43, top: 0.43, right: 0.57, bottom: 0.66 };
    // The game loads for a while, longer on a busy machine: its menu is there when it stays there.
    let seconds = 0;
    await until("the menu to be there for some seconds", async () => {
      await page.waitForTimeout(1000);
      const now = await look(page);
      const black = { ...now, data: new Uint8ClampedArray(now.data.length) };
      seconds = difference(black, now, menuBox) > 40 ? seconds + 1 : 0;
      return seconds >= 6;
    }, 60_000);
    const menu = await look(page);
    await screenshot(page, "supertux-menu");
    // Again where it has none: on a busy machine the picture before the menu stays as long as a menu.
    await until("another menu after Enter", async () => {
      await page.keyboard.press("Enter", { delay: 100 });
      await page.waitForTimeout(4000);
      // Behind the box Tux walks along, which changes less than another menu's lines do.
      return difference(menu, await look(page), menuBox) > 20;
    }, 60_000);
    await page.waitForTimeout(1500);
    await screenshot(page, "supertux-playing");
    await endGame(page);
  });

  await t.step("nothing of the games runs on after they were ended", async () => {
    const sessions = await page.evaluate(() => fetch("/api/sessions").then((r) => r.json()));
    const live = (sessions as { state: string }[]).filter(({ state }) =>
      state !== "ended" && state !== "failed"
    );
    assert.deepEqual(live, []);
  });
});
