/** What players see of a backup that is brought back while they play. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { freePort } from "../tools/free_ports.ts";
import { screenshot, startBrowser } from "./browser.ts";
import { startHouse } from "./house.ts";
import { claim, logIn, moves, owner as ada, play } from "./player.ts";

const SMALL = { viewport: { width: 1024, height: 600 } };

/** A backup of this house, as a file. */
async function backup(page: Page, path: string): Promise<void> {
  await page.getByTestId("backup-start").click();
  await page.getByTestId("confirm-password").fill(ada.password);
  await page.getByTestId("confirm-submit").click();
  const link = page.getByTestId("backup-download");
  await link.waitFor({ timeout: 60_000 });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  await download.saveAs(path);
}

Deno.test("who plays is told in how long a backup ends the game, and it goes on until then", async () => {
  // It comes back at the same address.
  await using house = await startHouse({ port: freePort() });
  await using chromium = await startBrowser();
  const player = await chromium.page(SMALL);
  await claim(player, house);
  const owner = await chromium.page(SMALL);
  await logIn(owner, house.url);
  await owner.goto(`${house.url}/settings/backup`);
  const file = await Deno.makeTempFile({ prefix: "gamelan-", suffix: ".gamelan" });
  try {
    await backup(owner, file);
    await play(player, "testcard");
    await owner.getByTestId("restore-file").setInputFiles(file);
    await owner.getByTestId("confirm-password").fill(ada.password);
    await owner.getByTestId("confirm-submit").click();
    await owner.getByTestId("restore-start").click();
    await owner.getByTestId("restore-confirm").click();
    const text = "The owner brings a backup back: this game ends in 30 seconds. Save now.";
    await player.getByTestId("player-notice").getByText(text).waitFor();
    const told = performance.now();
    await screenshot(player, "restore-warning");
    const restarting = owner.getByTestId("restore-restarting");
    await restarting.getByText("in 30 s; who plays is warned").waitFor();
    while (performance.now() - told < 20_000) {
      await moves(player);
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
    const ended = player.locator("[data-testid=player-status][data-state=ended]");
    await ended.waitFor({ timeout: 60_000 });
    assert.match(await ended.innerText(), /Gamelan was stopped/);
    // The house is back, with the accounts of the backup: everybody signs in again.
    await owner.getByTestId("login-name").waitFor({ timeout: 60_000 });
    await logIn(owner, house.url);
  } finally {
    await Deno.remove(file);
  }
});
