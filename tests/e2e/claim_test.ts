import assert from "node:assert/strict";
import { screenshot, startBrowser } from "./browser.ts";
import { startHouse } from "./house.ts";
import { claim, owner } from "./player.ts";

Deno.test("a newcomer claims the house with the printed code and finds a library that is not empty", async () => {
  await using house = await startHouse();
  await using chromium = await startBrowser();
  const page = await chromium.page();
  assert.match(house.claimCode, /^[A-Z0-9]{4}-[A-Z0-9]{4}$/);
  await claim(page, house);
  await page.getByTestId("game-tile-testcard").waitFor();
  await screenshot(page, "library-after-claim");

  const stranger = await chromium.page();
  await stranger.goto(house.url);
  await stranger.getByTestId("login-name").fill(owner.name);
  await stranger.getByTestId("login-password").fill("wrong password");
  await stranger.getByTestId("login-submit").click();
  await stranger.getByRole("alert").waitFor();
  await stranger.getByTestId("login-password").fill(owner.password);
  await stranger.getByTestId("login-submit").click();
  await stranger.getByTestId("game-tile-testcard").waitFor();
});
