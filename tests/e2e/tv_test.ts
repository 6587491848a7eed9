/** A television: a big screen, a gamepad and nothing else; and the app that a browser can install. */
import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { chromium as browsers, type Page } from "playwright-core";
import { PadButton } from "../../ui/gamepad/mapping.ts";
import { CHROMIUM, CHROMIUM_FLAGS } from "../tools/chromium.ts";
import { installFakePad, setPad } from "../ui/fake_pad.ts";
import { screenshot, startBrowser, until } from "./browser.ts";
import { type House, startHouse } from "./house.ts";
import { moves, owner, picture, play, stats } from "./player.ts";

/** Presses a button of the pad and lets go of it. */
async function press(page: Page, button: number): Promise<void> {
  await setPad(page, { buttons: [button] });
  await setPad(page, {});
}

/** Where the focus and what is looked for are: their middles, and half of what is looked for. */
function places(page: Page, selector: string) {
  return page.evaluate((selector) => {
    const wanted = document.querySelector(selector);
    const active = document.activeElement;
    if (!wanted || !active || active === document.body) return null;
    if (wanted === active) return { reached: true, dx: 0, dy: 0 };
    const [to, from] = [wanted.getBoundingClientRect(), active.getBoundingClientRect()];
    // Within the row or column of the focus there is nothing left to do in that direction.
    const middle = (box: DOMRect) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
    const dx = middle(to).x - middle(from).x;
    const dy = middle(to).y - middle(from).y;
    const sameRow = Math.abs(dy) < Math.max(to.height, from.height) / 2;
    return { reached: false, dx, dy: sameRow ? 0 : dy };
  }, selector);
}

/** Moves the focus to an element by the D-pad, as a person who sees the screen does. */
async function moveTo(page: Page, selector: string): Promise<void> {
  await page.locator(selector).first().waitFor({ state: "attached" });
  const seen = new Set<string>();
  for (let i = 0; i < 30; i++) {
    const at = await places(page, selector);
    if (at?.reached) return;
    const { dx, dy } = at ?? { dx: 0, dy: 1 };
    // Up and down first; who comes back to where they were tries the other way.
    const place = `${Math.round(dx)} ${Math.round(dy)}`;
    const sideways = dy === 0 || (seen.has(place) && Math.abs(dx) > 1);
    seen.add(place);
    if (sideways) await press(page, dx > 0 ? PadButton.Right : PadButton.Left);
    else await press(page, dy > 0 ? PadButton.Down : PadButton.Up);
  }
  const at = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200));
  throw new Error(`expected the focus to reach ${selector} in 30 steps; it is at ${at}`);
}

const byId = (id: string) => `[data-testid="${id}"]`;

async function choose(page: Page, selector: string): Promise<void> {
  await moveTo(page, selector);
  await press(page, PadButton.A);
}

/** Writes into a field by the keyboard on the screen. */
async function write(page: Page, field: string, text: string): Promise<void> {
  await choose(page, byId(field));
  await page.locator(".text-entry").waitFor();
  for (const character of text) await choose(page, byId(`key-${character}`));
  await choose(page, byId("key-done"));
  await page.locator(".text-entry").waitFor({ state: "detached" });
}

/** Holds the button that opens the player's menu. */
async function holdGuide(page: Page): Promise<void> {
  await setPad(page, { buttons: [PadButton.Guide] });
  await page.getByTestId("player-menu").waitFor();
  await setPad(page, {});
}

const status = (page: Page, state: string) =>
  page.locator(`[data-testid=player-status][data-state=${state}]`).waitFor({ state: "attached" });

Deno.test("with nothing but a gamepad, from the claim code to playing and back", async (t) => {
  await using house = await startHouse();
  await using chromium = await startBrowser();
  const page = await chromium.page({ viewport: { width: 1920, height: 1080 } });
  await page.addInitScript(installFakePad);
  await page.goto(house.url);
  await page.getByTestId("claim-code").waitFor();
  await setPad(page, {});

  await t.step("the house is claimed", async () => {
    await write(page, "claim-code", house.claimCode.toLowerCase());
    await write(page, "claim-name", "ada");
    await screenshot(page, "tv-claim");
    await write(page, "claim-password", "12345678");
    await choose(page, byId("claim-submit"));
    await page.getByTestId("library").waitFor();
    await screenshot(page, "tv-library");
  });

  await t.step("a game is chosen and plays", async () => {
    await choose(page, byId("game-tile-testcard"));
    await page.getByTestId("play-button").waitFor();
    await screenshot(page, "tv-game");
    await choose(page, byId("play-button"));
    await picture(page);
    await moves(page);
    await status(page, "playing");
    assert.equal((await stats(page)).browserPads, 1);
    await screenshot(page, "tv-playing");
  });

  await t.step("the menu opens, its switches work, and it gives the game back", async () => {
    await holdGuide(page);
    await choose(page, byId("stats-toggle"));
    await page.getByTestId("stats-overlay").waitFor();
    await screenshot(page, "tv-menu");
    await press(page, PadButton.B);
    await page.getByTestId("player-menu").waitFor({ state: "detached" });
    await moves(page);
    await screenshot(page, "tv-statistics");
  });

  await t.step("the game is left, resumed and ended", async () => {
    await holdGuide(page);
    await choose(page, byId("leave-button"));
    await page.getByTestId("library").waitFor();
    await choose(page, "[data-testid^=session-]");
    await picture(page);
    await moves(page);
    await holdGuide(page);
    await choose(page, byId("player-menu") + " " + byId("end-button"));
    await status(page, "ended");
    await choose(page, byId("to-library"));
    await page.getByTestId("library").waitFor();
    await until(
      "no session to go on with",
      async () => await page.locator("[data-testid^=session-]").count() === 0,
    );
  });

  await t.step("every page is reached, and B leads back", async () => {
    await choose(page, byId("nav-settings"));
    for (const section of ["controller", "touch", "keyboard", "people", "machine", "trust"]) {
      await choose(page, byId(`settings-${section}`));
      await page.waitForFunction((path) => location.pathname.endsWith(path), section);
      assert.notEqual(await page.evaluate(() => document.activeElement?.tagName), "BODY");
    }
    await screenshot(page, "tv-settings");
    for (let i = 0; i < 4 && new URL(page.url()).pathname !== "/"; i++) {
      await press(page, PadButton.B);
    }
    await page.getByTestId("library").waitFor();
  });
});

/** base64 SHA-256 of the public key that the house's HTTPS shows, as Chromium's flag takes it. */
function keyHash(house: House): string {
  const pem = Deno.readTextFileSync(join(house.dataDir, "tls", "server.crt"));
  const spki = new X509Certificate(pem).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(spki).digest("base64");
}

Deno.test("the page can be installed, from localhost and over HTTPS, and works there", async () => {
  await using house = await startHouse();
  const trust = await (await fetch(`${house.url}/api/trust`)).json();
  const port = new URL(trust.httpsUrl).port;
  // Pages in private contexts cannot be installed: this one has a profile.
  const profile = await Deno.makeTempDir({ prefix: "gamelan-profile-" });
  const context = await browsers.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: [
      ...CHROMIUM_FLAGS,
      `--ignore-certificate-errors-spki-list=${keyHash(house)}`,
    ],
  });
  try {
    for (const url of [house.url, `https://localhost:${port}`]) {
      const page = await context.newPage();
      await page.goto(url);
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      const devtools = await context.newCDPSession(page);
      const { installabilityErrors } = await devtools.send("Page.getInstallabilityErrors");
      assert.deepEqual(installabilityErrors.map(({ errorId }) => errorId), [], url);
      const manifest = await devtools.send("Page.getAppManifest");
      assert.deepEqual(manifest.errors, []);
      const { icons, name, display } = JSON.parse(manifest.data!);
      assert.deepEqual([name, display], ["Gamelan", "fullscreen"]);
      for (const { src, sizes, type } of icons) {
        const size = await page.evaluate(async (src) => {
          const image = new Image();
          image.src = src;
          await image.decode();
          return { width: image.naturalWidth, height: image.naturalHeight };
        }, src);
        if (type === "image/png") assert.equal(`${size.width}x${size.height}`, sizes);
      }
      assert.ok(await page.evaluate(() => isSecureContext));
    }
    const page = context.pages().at(-1)!;
    await page.getByTestId("claim-code").fill(house.claimCode);
    await page.getByTestId("claim-name").fill(owner.name);
    await page.getByTestId("claim-password").fill(owner.password);
    await page.getByTestId("claim-submit").click();
    await play(page, "testcard");
    await moves(page);
    const address = page.url();
    await house.stop();
    // The service worker answers for a house that is off.
    await page.goto(address);
    await page.getByText("The house is not answering").waitFor();
  } finally {
    await context.close();
    await Deno.remove(profile, { recursive: true });
  }
});
