/**
 * Takes the README's pictures of a real house: `deno run -A tests/e2e/tour.ts DATA_DIR`, with a data
 * directory whose library has chromium-bsu and supertux (else they are imported first).
 */
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { startBrowser } from "./browser.ts";
import { startHouse } from "./house.ts";
import { claim, owner, picture } from "./player.ts";

const folder = fileURLToPath(new URL("../../ui/screenshots/", import.meta.url));

async function shot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${folder}${name}.jpg`, type: "jpeg", quality: 82 });
}

async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByTestId("login-name").fill(owner.name);
  await page.getByTestId("login-password").fill(owner.password);
  await page.getByTestId("login-submit").click();
  await page.getByTestId("library").waitFor();
}

async function playAndShoot(page: Page, game: string, name: string, waitMs: number) {
  await page.getByTestId(`game-tile-${game}`).click();
  await page.getByTestId("play-button").click();
  await picture(page);
  await page.waitForTimeout(waitMs);
  await shot(page, name);
}

async function endGame(page: Page): Promise<void> {
  await page.keyboard.press("Control+Alt+Shift+KeyM");
  await page.getByTestId("end-button").click();
  await page.getByTestId("to-library").click();
  await page.getByTestId("library").waitFor();
}

await using house = await startHouse({ dataDir: Deno.args[0] });
await using chromium = await startBrowser();
const desktop = await chromium.page({ viewport: { width: 1280, height: 720 } });
if (house.claimCode) {
  await desktop.goto(`${house.url}/#claim=${house.claimCode}`);
  await desktop.getByTestId("claim-submit").waitFor();
  await shot(desktop, "claim");
  await claim(desktop, house);
} else await open(desktop, house.url);
for (const name of ["chromium-bsu", "supertux"]) {
  if (await desktop.getByTestId(`game-tile-${name}`).count() > 0) continue;
  await desktop.getByTestId("import-source").fill(name);
  await desktop.getByTestId("import-submit").click();
  await desktop.getByTestId(`game-tile-${name}`).waitFor({ timeout: 600_000 });
}
await shot(desktop, "library");
await playAndShoot(desktop, "supertux", "supertux", 9000);
await endGame(desktop);
await playAndShoot(desktop, "testcard", "testcard", 3000);
await desktop.keyboard.press("Control+Alt+Shift+KeyM");
await desktop.getByTestId("stats-toggle").click();
await desktop.keyboard.press("Escape");
await desktop.waitForTimeout(8000);
await shot(desktop, "statistics");

const phone = await chromium.page({
  viewport: { width: 844, height: 390 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
});
await open(phone, house.url);
await phone.locator("[data-testid^=session-]").first().tap();
await picture(phone);
await phone.waitForTimeout(2000);
await shot(phone, "phone");
await phone.context().close();
const tv = await chromium.page({ viewport: { width: 1920, height: 1080 } });
await open(tv, house.url);
await tv.waitForTimeout(1000);
await shot(tv, "tv");
